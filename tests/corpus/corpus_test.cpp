// Today's code over yesterday's histories: a fold that has changed is found before it meets a log that others wrote.
#include "replay/verify/corpus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "replay/command.hpp"
#include "tests/replay/refold_around.hpp"

namespace virtscale::replay {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path corpus = "tests/corpus";
constexpr std::uintmax_t corpus_bytes_max = 1'000'000;  // it is committed, and is to stay small

std::vector<std::unique_ptr<Refold>> todays_code(const LogLayout& layout) {
  return make_refolds(layout);
}

TEST(Corpus, IsFoldedByTodaysCodeAsItWasRecorded) {
  const auto report = verify_corpus(corpus, todays_code);
  EXPECT_GE(report.histories, 10U);
  EXPECT_GT(report.events, 1'000U);
  EXPECT_GT(report.signatures, 20U);
  for (const auto& fault : report.faults)
    ADD_FAILURE() << fault.file << ": " << fault.advice << "\n" << to_text(fault.divergence);
}

TEST(Corpus, HasTheDemoAndTheRunUnderKills) {
  for (const auto* name : {"the_demo.capsule", "a_storm_of_kills.capsule"}) EXPECT_TRUE(fs::exists(corpus / name));
}

TEST(Corpus, StaysSmall) {
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(corpus)) {
    if (entry.path().extension() == ".capsule") bytes += entry.file_size();
  }
  EXPECT_LT(bytes, corpus_bytes_max);
}

// A fold that has changed: its events bear other keys.
class Altered final : public test::RefoldAround {
 public:
  using RefoldAround::RefoldAround;
  Step fold(const LogRecord& record, Arena& arena) override {
    auto step = real().fold(record, arena);
    for (auto& emitted : step.emitted) emitted.key = arena.copy(std::string(emitted.key) + "s");
    return step;
  }
};

TEST(Corpus, TellsWhichFoldHasChangedAndWhatToDo) {
  const auto report = verify_corpus(corpus, [](const LogLayout& layout) {
    auto refolds = make_refolds(layout);
    for (auto& refold : refolds) {
      if (refold->stage() == Source::policy) refold = std::make_unique<Altered>(std::move(refold));
    }
    return refolds;
  });
  const auto fault = std::ranges::find(report.faults, corpus / "the_worked_example.capsule", &CorpusFault::file);
  ASSERT_NE(fault, report.faults.end());
  EXPECT_THAT(fault->advice, HasSubstr("the fold of policy has changed, and its epoch has not"));
  EXPECT_THAT(fault->advice, HasSubstr("stages/policy/fold.hpp"));
  EXPECT_THAT(fault->advice, HasSubstr("virtscale epochs activate --stage policy --epoch 2"));
  EXPECT_THAT(fault->advice, HasSubstr("FoldActivated"));
}

TEST(Corpus, SaysWhereThereIsNone) {
  EXPECT_THROW(verify_corpus("tests/corpus/recorder", todays_code), UsageError);
  EXPECT_THROW(verify_corpus("tests/nowhere", todays_code), UsageError);
}

}  // namespace
}  // namespace virtscale::replay
