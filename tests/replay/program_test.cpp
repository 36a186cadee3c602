// The program itself, on a log in files.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "replay/capsule_file.hpp"
#include "tests/replay/corpus.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct Ran {
  int status = 0;
  std::string said;
};

Ran run(const std::string& words) {
  Ran ran;
  auto* out = popen((std::string(REPLAY_PROGRAM) + " " + words + " 2>&1").c_str(), "r");
  std::array<char, 4096> chunk{};
  for (std::size_t got = 1; got > 0;) {
    got = std::fread(chunk.data(), 1, chunk.size(), out);
    ran.said.append(chunk.data(), got);
  }
  ran.status = WEXITSTATUS(pclose(out));
  return ran;
}

class Program : public testing::Test {
 protected:
  std::string data() const { return folder_.string(); }

  const TemporaryDirectory directory_;
  const fs::path folder_ = directory_.path() / "data";
};

TEST_F(Program, VerifiesADataDirectory) {
  Corpus corpus;
  corpus.write(folder_);
  const auto ran = run("verify --json --log " + data());
  EXPECT_EQ(ran.status, 0) << ran.said;
  EXPECT_THAT(ran.said, HasSubstr("\"records\": " + std::to_string(corpus.log().size())));
  EXPECT_THAT(ran.said, HasSubstr("\"divergence\": null"));
  EXPECT_THAT(run("verify --log " + data() + "/log --keys " + data() + "/keys").said, HasSubstr("no divergence"));
}

TEST_F(Program, ExitsWithFiveOnADivergence) {
  Corpus corpus;
  auto& record = corpus.log().records({Topic::decisions, 0}).back();
  record.value[record.value.size() / 2] ^= std::byte{1};
  corpus.write(folder_);
  const auto place = "decisions/0@" + std::to_string(record.offset);
  const auto ran = run("--log " + data() + " verify");
  EXPECT_EQ(ran.status, 5) << ran.said;
  EXPECT_THAT(ran.said, HasSubstr(place));
  const auto json = run("verify --json --log " + data());
  EXPECT_EQ(json.status, 5);
  EXPECT_THAT(json.said, HasSubstr("\"offset\":" + std::to_string(record.offset)));
}

TEST_F(Program, SaysThatSignaturesWereNotChecked) {
  Corpus({.orgs = 1, .requests = 3}).write(folder_);
  EXPECT_THAT(run("verify --json --log " + data()).said, HasSubstr("\"signatures_checked\": true"));
  fs::remove_all(folder_ / "keys");
  const auto ran = run("verify --log " + data());
  EXPECT_EQ(ran.status, 0) << ran.said;
  EXPECT_THAT(ran.said, HasSubstr("signatures not checked: give --keys DIR"));
  EXPECT_THAT(run("verify --json --log " + data()).said, HasSubstr("\"signatures_checked\": false"));
}

TEST_F(Program, StoresStatesAndUsesThemUnlessToldNotTo) {
  Corpus({.orgs = 3, .requests = 300}).write(folder_);
  const auto indexed = run("index --every 1000 --log " + data());
  EXPECT_EQ(indexed.status, 0) << indexed.said;
  EXPECT_THAT(indexed.said, HasSubstr("replay-index: "));
  const auto at = "at 2100-01-01T00:00:00Z --json --log " + data();
  const auto with = run(at);
  const auto without = run(at + " --no-index");
  EXPECT_EQ(with.status, 0) << with.said;
  EXPECT_THAT(without.said, HasSubstr("\"records\":"));
  EXPECT_NE(with.said, without.said) << "as many records were folded: the index was not used";
  EXPECT_EQ(with.said.substr(with.said.find("\"contracts\"")), without.said.substr(without.said.find("\"contracts\"")));

  // Of another log; and one that verify writes.
  Corpus({.orgs = 4, .requests = 300}).write(folder_ / "other");
  const auto refused = run("at 2100-01-01T00:00:00Z --log " + data() + "/other --index " + data() + "/replay-index");
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.said, HasSubstr("another history"));
  EXPECT_EQ(run("verify --log " + data() + "/other --index " + data() + "/written").status, 0);
  EXPECT_TRUE(fs::exists(folder_ / "written" / "policy-0.states"));
  EXPECT_EQ(run("verify --log " + data() + "/other --index " + data() + "/other").status, 1)
      << "no index, and replaced";
  EXPECT_EQ(run("trace evt-000000000001 --index " + data() + "/nowhere --log " + data()).status, 2);
}

TEST_F(Program, SaysWhatToDoWhereItsCodeFoldsAHistoryOtherwise) {
  EXPECT_EQ(run("verify --code " + data()).status, 2) << "no recording is there";
  Corpus corpus({.orgs = 1, .requests = 3});
  const auto pack = [&](const std::string& name) {
    corpus.write(folder_ / name);
    replay::pack_capsule(folder_ / name, "a test\n", folder_ / (name + ".capsule"));
  };
  pack("sound");
  const auto sound = run("verify --code " + data());
  EXPECT_EQ(sound.status, 0) << sound.said;
  EXPECT_THAT(sound.said, HasSubstr("no divergence"));
  for (std::uint32_t p = 0; p < 3; ++p) {
    for (auto& record : corpus.log().records({Topic::outcomes, p})) {
      const bool is_decision = schema::GetEvent(record.value.data())->body_as_ScaleDecided() != nullptr;
      if (is_decision) record.key += "s";
    }
  }
  pack("other");
  const auto other = run("verify --code " + data());
  EXPECT_EQ(other.status, 5) << other.said;
  EXPECT_THAT(other.said, HasSubstr("other.capsule: the fold of policy has changed, and its epoch has not"));
  EXPECT_THAT(other.said, HasSubstr("virtscale epochs activate --stage policy --epoch 2"));
  EXPECT_THAT(run("verify --json --code " + data()).said, HasSubstr("\"histories\": 2"));
}

TEST_F(Program, FindsAnEventThatWasDroppedThoughOffsetsCloseTheGap) {
  Corpus corpus;
  auto& records = corpus.log().records({Topic::alerts, 0});
  records.erase(records.begin() + 10);
  corpus.write(folder_);
  const auto ran = run("verify --log " + data());
  EXPECT_EQ(ran.status, 5) << ran.said;
  EXPECT_THAT(ran.said, HasSubstr("alerts/0@10"));
}

TEST_F(Program, WritesLedgersAndShowsMoments) {
  Corpus corpus;
  corpus.write(folder_);
  const auto ledger = run("ledger --log " + data() + " --out " + data() + "/out --json");
  EXPECT_EQ(ledger.status, 0) << ledger.said;
  EXPECT_TRUE(fs::exists(folder_ / "out" / "org-0" / "lines.jsonl"));
  EXPECT_EQ(run("ledger --log " + data() + " --out " + data() + "/out").status, 2);
  const auto at = run("at 2030-01-01T00:00:00Z --org org-1 --json --log " + data());
  EXPECT_EQ(at.status, 0) << at.said;
  EXPECT_THAT(at.said, HasSubstr("\"org\":\"org-1\""));
  EXPECT_EQ(run("at 2030-01-01 --org nobody --log " + data()).status, 4);
}

TEST_F(Program, TellsWhatIsWrongWithItsOptions) {
  EXPECT_EQ(run("--help").status, 0);
  EXPECT_EQ(run("verify --help").status, 0);
  EXPECT_EQ(run("").status, 2);
  EXPECT_EQ(run("verify --no-such-option").status, 2);
  const auto nowhere = run("verify --log " + data() + "/nowhere");
  EXPECT_EQ(nowhere.status, 1);
  EXPECT_THAT(nowhere.said, HasSubstr("nowhere"));
  Corpus({.orgs = 1, .requests = 1}).write(folder_);
  EXPECT_EQ(run("at yesterday --log " + data()).status, 2);
  EXPECT_EQ(run("verify --from yesterday --log " + data()).status, 2);
  fs::create_directories(folder_ / "empty");
  EXPECT_EQ(run("verify --keys " + data() + "/empty --log " + data()).status, 2);
}

}  // namespace
}  // namespace virtscale::test
