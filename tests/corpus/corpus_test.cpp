// Today's code over yesterday's histories: a fold that has changed is found before it meets a log that others wrote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "replay/capsule_file.hpp"
#include "replay/verify/verify.hpp"
#include "stages/audit/fold.hpp"
#include "stages/dataplane/fold.hpp"
#include "stages/orchestration/fold.hpp"
#include "stages/policy/fold.hpp"
#include "stages/signal/fold.hpp"

namespace virtscale::replay {
namespace {

namespace fs = std::filesystem;

const fs::path corpus = "tests/corpus";
constexpr std::uintmax_t corpus_bytes_max = 1'000'000;  // it is committed, and is to stay small

std::vector<fs::path> histories() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(corpus)) {
    if (entry.path().extension() == ".capsule") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::uint32_t epoch_of(Source stage) {
  switch (stage) {
    case Source::signal:
      return signal::Fold::epoch;
    case Source::policy:
      return policy::Fold::epoch;
    case Source::orchestration:
      return orchestration::Fold::epoch;
    case Source::dataplane:
      return dataplane::Fold::epoch;
    default:
      return audit::Fold::epoch;
  }
}

// The stage that folds differently, and the epoch that it recorded.
std::string advice(const Divergence& divergence) {
  const auto& side = divergence.recorded ? divergence.recorded : divergence.folded;
  const auto* event = side ? schema::verify_event(side->event) : nullptr;
  const auto stage = event == nullptr ? Source::edge : static_cast<Source>(event->header()->id().stage());
  if (stage == Source::edge) return "the file is damaged: take it from the history of this tree again";
  const std::string name(graph::node_of(stage).name);
  const auto header = "stages/" + name + "/fold.hpp";
  if (event->header()->epoch() == epoch_of(stage))
    return "the fold of " + name +
           " has changed, and its epoch has not. If that was not meant, undo it. If it was: raise `epoch` in " +
           header + ", keep what the old epoch did callable for as long as logs need it, append FoldActivated{stage " +
           std::to_string(static_cast<int>(stage)) +
           ", epoch} to its inbox where the new version is installed, and record the corpus again "
           "(tests/corpus/record)";
  return "the fold of " + name + " has epoch " + std::to_string(epoch_of(stage)) + ", and this history has " +
         std::to_string(event->header()->epoch()) + ": record the corpus again (tests/corpus/record)";
}

// Empty if the code folds the history as it was recorded.
std::string fault_in(const fs::path& file, std::vector<std::unique_ptr<Refold>> refolds) {
  auto source = open_log_source(file.string());
  const auto report = verify(source, std::move(refolds), {});
  if (!report.divergence) return report.events > 0 ? "" : "nothing in it was folded";
  return advice(*report.divergence) + "\n" + to_text(*report.divergence);
}

std::vector<std::unique_ptr<Refold>> todays_code(const fs::path& file) {
  return make_refolds(open_log_source(file.string()).log->layout());
}

TEST(Corpus, IsFoldedByTodaysCodeAsItWasRecorded) {
  ASSERT_GE(histories().size(), 10U);
  for (const auto& file : histories()) {
    const auto fault = fault_in(file, todays_code(file));
    EXPECT_EQ(fault, "") << file;
  }
}

TEST(Corpus, StaysSmall) {
  std::uintmax_t bytes = 0;
  for (const auto& file : histories()) bytes += fs::file_size(file);
  EXPECT_LT(bytes, corpus_bytes_max);
}

// A fold that has changed: its events bear other keys.
class Altered final : public Refold {
 public:
  explicit Altered(std::unique_ptr<Refold> real) : real_(std::move(real)) {}
  Source stage() const override { return real_->stage(); }
  TopicPartition inbox() const override { return real_->inbox(); }
  Step fold(const LogRecord& record) override {
    auto step = real_->fold(record);
    for (auto& emitted : step.emitted) emitted.key += "s";
    return step;
  }
  std::vector<AnyTable*> tables() override { return real_->tables(); }
  void rebuild() override { real_->rebuild(); }
  const Books& books() const override { return real_->books(); }
  std::uint64_t next_offset() const override { return real_->next_offset(); }
  Instant stream_time() const override { return real_->stream_time(); }
  std::string violated_invariant() const override { return real_->violated_invariant(); }

 private:
  std::unique_ptr<Refold> real_;
};

TEST(Corpus, TellsWhichFoldHasChangedAndWhatToDo) {
  const auto file = corpus / "the_worked_example.capsule";
  auto refolds = todays_code(file);
  for (auto& refold : refolds) {
    if (refold->stage() == Source::policy) refold = std::make_unique<Altered>(std::move(refold));
  }
  const auto fault = fault_in(file, std::move(refolds));
  EXPECT_THAT(fault, testing::HasSubstr("the fold of policy has changed, and its epoch has not"));
  EXPECT_THAT(fault, testing::HasSubstr("stages/policy/fold.hpp"));
  EXPECT_THAT(fault, testing::HasSubstr("FoldActivated"));
}

}  // namespace
}  // namespace virtscale::replay
