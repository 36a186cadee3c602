// Ledgers rebuilt from nothing are those that were exported, to the byte.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <map>

#include "compose/ledger/verify.hpp"
#include "compose/ledger/writer.hpp"
#include "replay/command.hpp"
#include "replay/ledger/rebuild.hpp"
#include "tests/replay/corpus.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale::test {
namespace {

namespace fs = std::filesystem;

class Ledgers : public testing::Test {
 protected:
  // What the mirror of the topic `ledger` writes, from which `virtscale ledger export` copies.
  fs::path mirrored(Corpus& corpus) {
    const auto directory = folder_ / "mirrored";
    ledger::LedgerWriter writer(directory, [&] { return corpus.keys(); });
    for (const auto* record : corpus.log().in_order()) {
      if (record->of.topic != Topic::ledger) continue;
      EXPECT_EQ(writer.take({record->of, record->offset, record->timestamp, record->key, record->value, 0}), "");
    }
    EXPECT_EQ(writer.flush(), "");
    fs::remove(directory / ledger::positions_file);
    return directory;
  }

  static std::map<std::string, std::string> files_in(const fs::path& directory) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(directory)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      files[fs::relative(entry.path(), directory)] = std::string((std::istreambuf_iterator<char>(in)), {});
    }
    return files;
  }

  const TemporaryDirectory directory_;
  const fs::path& folder_ = directory_.path();
};

TEST_F(Ledgers, RebuiltFromNothingAreTheSameToTheByte) {
  Corpus corpus({.orgs = 3, .requests = 900});
  corpus.restart(Source::audit, 0, 0);
  const auto expected = files_in(mirrored(corpus));
  // Nothing of the recorded ledgers may be needed.
  for (std::uint32_t p = 0; p < 2; ++p) corpus.log().records({Topic::ledger, p}).clear();
  auto source = corpus.source();
  const auto rebuilt = rebuild_ledgers(source, {.directory = folder_ / "rebuilt", .keys = corpus.keys()});
  EXPECT_GT(expected.size(), 12U);
  EXPECT_EQ(files_in(folder_ / "rebuilt"), expected);
  ASSERT_EQ(rebuilt.size(), 3U);
  EXPECT_EQ(rebuilt[0].lines, 300U);
  EXPECT_EQ(rebuilt[0].lines_behind, 0U);
  const auto report = ledger::verify_ledger(folder_ / "rebuilt" / "org-0", corpus.keys());
  EXPECT_TRUE(report.is_sound());
  EXPECT_EQ(report.lines, 300U);
}

TEST_F(Ledgers, OfOneOrgAreRebuiltAlone) {
  Corpus corpus;
  const auto expected = files_in(mirrored(corpus) / "org-2");
  auto source = corpus.source();
  rebuild_ledgers(source, {.directory = folder_ / "rebuilt", .org = "org-2", .keys = corpus.keys()});
  EXPECT_EQ(files_in(folder_ / "rebuilt" / "org-2"), expected);
  EXPECT_FALSE(fs::exists(folder_ / "rebuilt" / "org-1"));
}

TEST_F(Ledgers, AreNotWrittenOverOthers) {
  Corpus corpus({.orgs = 1, .requests = 1});
  fs::create_directories(folder_ / "rebuilt" / "org-0");
  auto source = corpus.source();
  EXPECT_THROW(rebuild_ledgers(source, {.directory = folder_ / "rebuilt"}), replay::UsageError);
}

}  // namespace
}  // namespace virtscale::test
