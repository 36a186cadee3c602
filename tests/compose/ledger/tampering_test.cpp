// The table of what may be done to a ledger: each is found by ours, which names it, and by the second verifier.
#include <gmock/gmock.h>

#include "compose/ledger/files.hpp"
#include "compose/ledger/proof.hpp"
#include "written_ledger.hpp"

namespace virtscale::ledger {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

class Tampering : public testing::Test {
 protected:
  void SetUp() override {
    ledger_.grow(300);
    ASSERT_EQ(ledger_.write(), "");
    ASSERT_EQ(faults_of(verify_ledger(directory(), ledger_.keys())), "");
    ASSERT_EQ(second_verifier(directory()), 0);
  }

  fs::path directory() const { return ledger_.directory(); }

  template <class Change>
  void change_lines(Change change) {
    auto lines = lines_of(content_of(directory() / "lines.jsonl"));
    change(lines);
    put_content(directory() / "lines.jsonl", joined(lines));
  }

  template <class Change>
  void change_entries(const std::string& file, Change change) {
    const auto bundle = content_of(directory() / file);
    const auto entries = *entries_of(bundle);
    std::vector<std::string> texts(entries.begin(), entries.end());
    change(texts);
    std::string changed;
    for (const auto& text : texts) append_entry(changed, text);
    put_content(directory() / file, changed);
  }

  void expect_found(const std::string& named) {
    EXPECT_THAT(faults_of(verify_ledger(directory(), ledger_.keys())), HasSubstr(named));
    EXPECT_EQ(second_verifier(directory(), ledger_.key.directory / "keys" / "policy-gate-2026-q1.public"), 5);
  }

  static std::string with_other_reason(const std::string& line) {
    auto changed = line;
    changed.replace(changed.find("109.1"), 5, "99.1 ");
    return changed;
  }

  WrittenLedger ledger_;
};

TEST_F(Tampering, WithALineIsFound) {
  change_lines([](auto& lines) { lines[17] = with_other_reason(lines[17]); });
  expect_found("lines.jsonl line 17: it was changed");
}

TEST_F(Tampering, WithTheSpacesOfALineIsFound) {
  change_lines([](auto& lines) { lines[17].insert(1, " "); });
  expect_found("lines.jsonl line 17: it was changed: it is not canonical JSON");
}

TEST_F(Tampering, ByRemovingALineIsFound) {
  change_lines([](auto& lines) { lines.erase(lines.begin() + 17); });
  expect_found("lines.jsonl line 17: lines were removed, added or reordered: line 18 stands here");
}

TEST_F(Tampering, ByRemovingTheLastLineIsFound) {
  change_lines([](auto& lines) { lines.pop_back(); });
  expect_found("lines.jsonl line 299: it and all behind it were removed");
}

TEST_F(Tampering, ByReorderingLinesIsFound) {
  change_lines([](auto& lines) { std::swap(lines[17], lines[100]); });
  expect_found("lines.jsonl line 17: lines were removed, added or reordered: line 100 stands here");
}

TEST_F(Tampering, ByAddingALineIsFound) {
  change_lines([](auto& lines) { lines.push_back(lines.back()); });
  expect_found("lines.jsonl line 300: it was added");
}

TEST_F(Tampering, ByAddingALineInTheMiddleIsFound) {
  change_lines([](auto& lines) { lines.insert(lines.begin() + 18, lines[17]); });
  expect_found("lines.jsonl line 18: lines were removed, added or reordered: line 17 stands here");
}

TEST_F(Tampering, WithAnEntryIsFound) {
  change_entries("tile/entries/000", [](auto& entries) { entries[17] = with_other_reason(entries[17]); });
  expect_found("entry 17 in tile/entries: it was changed");
}

TEST_F(Tampering, WithAnEntryAndItsLineAndItsHashIsFound) {
  change_entries("tile/entries/000", [](auto& entries) { entries[17] = with_other_reason(entries[17]); });
  change_lines([](auto& lines) { lines[17] = with_other_reason(lines[17]); });
  auto tile = content_of(directory() / "tile/0/000");
  const auto line = lines_of(content_of(directory() / "lines.jsonl"))[17];
  const auto hash = leaf_hash(std::as_bytes(std::span(line.data(), line.size())));
  tile.replace(17 * 32, 32, reinterpret_cast<const char*>(hash.data()), 32);
  put_content(directory() / "tile/0/000", tile);
  expect_found("tile/1/000.p/1: hash 0 was changed, or entries below it");
}

TEST_F(Tampering, ByCuttingATileIsFound) {
  const auto tile = content_of(directory() / "tile/0/001.p/44");
  put_content(directory() / "tile/0/001.p/44", tile.substr(0, 40));
  expect_found("tile/0/001.p/44: it has 40 bytes instead of 1408");
}

TEST_F(Tampering, ByCuttingABundleIsFound) {
  const auto bundle = content_of(directory() / "tile/entries/000");
  put_content(directory() / "tile/entries/000", bundle.substr(0, bundle.size() - 1));
  expect_found("tile/entries/000: it does not hold 256 whole entries");
}

TEST_F(Tampering, ByRemovingATileIsFound) {
  fs::remove(directory() / "tile/1/000.p/1");
  expect_found("tile/1/000.p/1: it is missing");
}

TEST_F(Tampering, WithTheSizeOrRootOfTheCheckpointIsFound) {
  auto note = content_of(directory() / "checkpoint");
  note.replace(note.find("\n300\n"), 5, "\n299\n");
  put_content(directory() / "checkpoint", note);
  expect_found("checkpoint: the signature of the key policy-gate-2026-q1 does not hold");
}

TEST_F(Tampering, ByACheckpointOfAnotherKeyIsFound) {
  const audit::SigningKey other("policy-gate-2026-q1");
  const auto text = check_note(content_of(directory() / "checkpoint"), ledger_.keys()).text;
  put_content(directory() / "checkpoint", other.signer->sign_note(text));
  expect_found("checkpoint: it is signed by policy-gate-2026-q1, which is no known key");
}

TEST_F(Tampering, ByTheCheckpointOfAnotherOrgIsFound) {
  WrittenLedger other("globex");
  other.grow(300);
  ASSERT_EQ(other.write(), "");
  const auto text = check_note(content_of(other.directory() / "checkpoint"), other.keys()).text;
  put_content(directory() / "checkpoint", ledger_.key.signer->sign_note(text));
  expect_found("it belongs to another org than the checkpoint");
}

// --- Proofs ---------------------------------------------------------------------------------------------------------

TEST_F(Tampering, ProofsHoldForTheirOwnLineOnly) {
  const auto event = to_string(ScaleId{18});
  const auto proved = prove_event(directory(), event);
  ASSERT_EQ(proved.proofs.size(), 1U);
  const auto& proof = proved.proofs[0];
  EXPECT_EQ(proof.index, 17U);
  EXPECT_TRUE(check_proof(proof.text, proof.line, ledger_.keys()).faults.empty());
  const auto other = prove_event(directory(), to_string(ScaleId{19})).proofs.at(0);
  EXPECT_THAT(check_proof(proof.text, other.line, ledger_.keys()).faults.at(0).what,
              HasSubstr("proof of another line: the line given is 18"));
  EXPECT_FALSE(check_proof(proof.text, with_other_reason(proof.line), ledger_.keys()).faults.empty());
  EXPECT_FALSE(check_proof(proof.text, proof.line, {}).faults.empty());
  EXPECT_FALSE(check_proof("c2sp.org/tlog-proof@v1\nindex 1\n", proof.line, ledger_.keys()).faults.empty());
}

TEST_F(Tampering, EveryLineHasAProof) {
  for (std::uint64_t i = 1; i <= 300; i += 13) {
    const auto proved = prove_event(directory(), to_string(ScaleId{i}));
    ASSERT_EQ(proved.proofs.size(), 1U);
    ASSERT_TRUE(check_proof(proved.proofs[0].text, proved.proofs[0].line, ledger_.keys()).faults.empty());
  }
  EXPECT_FALSE(prove_event(directory(), "evt-ffffffffffff").faults.empty());
}

TEST_F(Tampering, ARefusalThatEndedHasTwoProofs) {
  ledger_.audit.fold({5}, audit::refusal_ended("the alert no longer fires"));
  ledger_.sign_all();
  ASSERT_EQ(ledger_.write(), "");
  EXPECT_EQ(prove_event(directory(), to_string(ScaleId{5})).proofs.size(), 2U);
}

TEST_F(Tampering, AHistoryThatWasWrittenAnewDoesNotExtendTheOlderCheckpoint) {
  const auto older = content_of(directory() / "checkpoint");
  ledger_.grow(500);
  ASSERT_EQ(ledger_.write(), "");
  EXPECT_TRUE(extends_older(directory(), older, ledger_.keys()).empty());
  WrittenLedger rewritten;
  rewritten.audit.now = {1'776'737'641'000'000};
  rewritten.key.signer = make_keyfile_signer(ledger_.key.directory / "keys", "policy-gate-2026-q1");
  rewritten.grow(800);
  ASSERT_EQ(rewritten.write(), "");
  const auto faults = extends_older(rewritten.directory(), older, ledger_.keys());
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_THAT(faults[0].what, HasSubstr("the first 300 lines are not those"));
  EXPECT_FALSE(check_consistency(content_of(directory() / "checkpoint"), older, {}, ledger_.keys()).empty());
}

}  // namespace
}  // namespace virtscale::ledger
