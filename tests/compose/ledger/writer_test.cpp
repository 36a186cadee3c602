// The files of a ledger as they grow: complete at every size, resumed after every stop, nothing left over.
#include <gmock/gmock.h>

#include "compose/ledger/proof.hpp"
#include "written_ledger.hpp"

namespace virtscale::ledger {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

std::size_t files_in(const fs::path& directory) {
  std::size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) count += entry.is_regular_file() ? 1 : 0;
  return count;
}

TEST(LedgerWriter, IsSoundAtEverySizeAroundATile) {
  WrittenLedger ledger;
  for (const std::uint64_t step : {1, 1, 253, 1, 1, 255, 1, 400}) {
    ledger.grow(step);
    ASSERT_EQ(ledger.write(), "");
    const auto report = verify_ledger(ledger.directory(), ledger.keys());
    ASSERT_EQ(faults_of(report), "");
    ASSERT_EQ(report.lines, ledger.audit.written.lines.size());
    ASSERT_EQ(report.signers, std::vector<std::string>{"policy-gate-2026-q1"});
  }
  EXPECT_EQ(second_verifier(ledger.directory()), 0);
}

TEST(LedgerWriter, LeavesNoOldPartialTiles) {
  WrittenLedger ledger;
  for (int i = 0; i < 300; ++i) {
    ledger.grow(1);
    ASSERT_EQ(ledger.write(), "");
  }
  // Tiles: level 0 full and partial, level 1 partial; bundles: full and partial; checkpoint, lines.jsonl, keys.
  EXPECT_EQ(files_in(ledger.directory()), 8U);
  EXPECT_FALSE(fs::exists(ledger.directory() / "tile/0/000.p"));
}

TEST(LedgerWriter, WritesOnlyWhatACheckpointCovers) {
  WrittenLedger ledger;
  ledger.grow(3);
  ledger.audit.fold({99}, audit::refused());
  ASSERT_EQ(ledger.write(), "");
  EXPECT_EQ(ledger.writer->pending(), 1U);
  EXPECT_EQ(verify_ledger(ledger.directory(), ledger.keys()).lines, 3U);
  ledger.sign_all();
  ASSERT_EQ(ledger.write(), "");
  EXPECT_EQ(ledger.writer->pending(), 0U);
  EXPECT_EQ(verify_ledger(ledger.directory(), ledger.keys()).lines, 4U);
}

TEST(LedgerWriter, GoesOnAfterARestartAtAnySize) {
  WrittenLedger ledger;
  for (int i = 0; i < 9; ++i) {
    ledger.grow(97);
    ledger.audit.fold({10'000U + static_cast<unsigned>(i)}, audit::refused());
    ASSERT_EQ(ledger.write(), "");
    ledger.restart();
  }
  ledger.sign_all();
  ASSERT_EQ(ledger.write(), "");
  const auto report = verify_ledger(ledger.directory(), ledger.keys());
  EXPECT_EQ(faults_of(report), "");
  EXPECT_EQ(report.lines, ledger.audit.written.lines.size());
}

TEST(LedgerWriter, MendsWhatACrashLeftBehindTheCheckpoint) {
  WrittenLedger ledger;
  ledger.grow(300);
  ASSERT_EQ(ledger.write(), "");
  std::ofstream(ledger.directory() / "lines.jsonl", std::ios::app) << "a torn li";
  put_content(ledger.directory() / "tile/0/001.p/200.new", "torn");
  ledger.restart();
  ledger.grow(300);
  ASSERT_EQ(ledger.write(), "");
  EXPECT_EQ(faults_of(verify_ledger(ledger.directory(), ledger.keys())), "");
}

TEST(LedgerWriter, IsGivenTheWholeTopicAgainAndChangesNothing) {
  WrittenLedger ledger;
  ledger.grow(300);
  ASSERT_EQ(ledger.write(), "");
  fs::remove(ledger.ledgers() / ".positions");
  ledger.restart();
  EXPECT_EQ(ledger.writer->resume_from(0), 0U);
  ASSERT_EQ(ledger.write(), "");
  EXPECT_EQ(faults_of(verify_ledger(ledger.directory(), ledger.keys())), "");
}

TEST(LedgerWriter, RefusesToGoOnOverFilesThatWereDamaged) {
  WrittenLedger ledger;
  ledger.grow(300);
  ASSERT_EQ(ledger.write(), "");
  auto tile = content_of(ledger.directory() / "tile/0/001.p/44");
  tile[5] ^= 1;
  put_content(ledger.directory() / "tile/0/001.p/44", tile);
  ledger.restart();
  ledger.grow(1);
  EXPECT_THAT(ledger.write(), HasSubstr("remove the directory of ledgers"));
}

TEST(LedgerWriter, SeesALineThatIsMissing) {
  WrittenLedger ledger;
  ledger.grow(3);
  ledger.audit.emitted.erase(ledger.audit.emitted.begin());
  EXPECT_THAT(ledger.write(), HasSubstr("line 1 came where line 0 was expected"));
}

TEST(LedgerWriter, KeepsOrgsInDirectoriesOfTheirOwnAndRefusesNamesThatLeaveThem) {
  WrittenLedger ledger("..");
  ledger.grow(1);
  EXPECT_THAT(ledger.write(), HasSubstr("cannot be the name of a directory"));
  EXPECT_FALSE(fs::exists(ledger.key.directory / "checkpoint"));
}

TEST(LedgerWriter, KeepsTheKeysOfEveryCheckpointAcrossARotation) {
  WrittenLedger ledger;
  ledger.grow(3);
  ASSERT_EQ(ledger.write(), "");
  const auto older = content_of(ledger.directory() / "checkpoint");
  generate_key(ledger.key.directory / "keys", "policy-gate-2026-q2");
  ledger.key.signer = make_keyfile_signer(ledger.key.directory / "keys", "policy-gate-2026-q2");
  ledger.grow(3);
  ASSERT_EQ(ledger.write(), "");
  const auto keys = parse_keys(content_of(ledger.directory() / "keys"));
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->size(), 2U);
  EXPECT_EQ(faults_of(verify_ledger(ledger.directory(), *keys)), "");
  EXPECT_TRUE(extends_older(ledger.directory(), older, *keys).empty());
  EXPECT_EQ(second_verifier(ledger.directory()), 0);
}

}  // namespace
}  // namespace virtscale::ledger
