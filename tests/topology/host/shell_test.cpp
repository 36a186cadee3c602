// The two orders of the shell, and what a crash at any point leaves to the next owner.
#include "topology/host/shell.hpp"

#include <gmock/gmock.h>

#include "tests/topology/host/small_stage.hpp"
#include "tests/topology/host/stepped_executor.hpp"
#include "topology/adapters/memory/memory_log.hpp"
#include "topology/adapters/memory/memory_store.hpp"

namespace virtscale {
namespace {

using test::event_of;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Remembers what it was asked, and answers when the test says so.
class HeldEffects final : public Effects {
 public:
  void perform(std::shared_ptr<const EffectRequest> request, Answer answer) override {
    asked.push_back({std::move(request), std::move(answer)});
  }
  void answer_all() {
    for (auto& [request, answer] : std::exchange(asked, {})) answer(encode(schema::MailSentT{}, ""));
  }
  bool changes_something(const EffectRequest&) const override { return !only_look; }
  std::vector<std::pair<std::shared_ptr<const EffectRequest>, Answer>> asked;
  bool only_look = false;
};

class CountingMetrics final : public StageMetrics {
 public:
  void batch_folded(std::size_t records, Duration) override { folded += records; }
  void lag(std::uint64_t) override {}
  void effect_started() override { ++started; }
  void effect_ended(EffectEnd) override {}
  void effects_retried(std::uint32_t) override {}
  void dead_lettered(std::size_t) override {}
  void duplicates_dropped(std::size_t) override {}
  std::size_t folded = 0;
  std::size_t started = 0;
};

using TestShell = Shell<test::SmallFold>;

class ShellTest : public testing::Test {
 protected:
  std::shared_ptr<TestShell> open() {
    auto shell =
        std::make_shared<TestShell>(0,
                                    ShellPorts{log, store, executor, executor, clock, &effects, metrics, arena, ids,
                                               [this](const std::string& why) { incidents.push_back(why); }},
                                    Pace{});
    shell->start();
    executor.run();
    return shell;
  }
  void append(const std::vector<std::byte>& event, Topic to = Topic::signals) {
    const LogAppend record{{to, 0}, "acme", event};
    log.append({&record, 1});
    executor.run();
  }
  void append_contract() { append(event_of(test::contract(), {.id = ids.next()})); }
  std::vector<std::string> emitted() {
    std::vector<std::string> values;
    log.read({Topic::outcomes, 0}, 0, 1'000, [&](const LogRecord& record) {
      values.emplace_back(reinterpret_cast<const char*>(record.value.data()), record.value.size());
      return true;
    });
    return values;
  }

  ManualClock clock{{1'000'000'000}};
  MemoryLog log{LogLayout{}, clock};
  MemoryStore store;
  test::SteppedExecutor executor{clock};
  HeldEffects effects;
  CountingMetrics metrics;
  Arena arena;
  EdgeIds ids{7};
  std::vector<std::string> incidents;
};

TEST_F(ShellTest, StartsNoEffectBeforeWhatLedToItIsDurable) {
  const auto shell = open();
  log.hold_durable();
  append_contract();
  EXPECT_THAT(emitted(), SizeIs(1)) << "folding goes on meanwhile";
  EXPECT_THAT(effects.asked, IsEmpty());
  log.release_durable();
  executor.run();
  EXPECT_THAT(effects.asked, SizeIs(1));
}

TEST_F(ShellTest, StartsAnEffectThatChangesNothingAtOnce) {
  const auto shell = open();
  effects.only_look = true;
  log.hold_durable();
  append_contract();
  EXPECT_THAT(effects.asked, SizeIs(1));
  log.release_durable();
  executor.run();
  EXPECT_THAT(effects.asked, SizeIs(1)) << "once";
}

TEST_F(ShellTest, WritesNoStateAheadOfTheDurableLog) {
  const auto shell = open();
  log.hold_durable();
  append_contract();
  executor.pass(seconds(5));
  EXPECT_THAT(store.entries(), IsEmpty());
  log.release_durable();
  executor.run();
  EXPECT_THAT(store.entries(), testing::Not(IsEmpty()));
  EXPECT_EQ(log.committed({Topic::signals, 0}), 0u);
}

TEST_F(ShellTest, AnswersReachTheInboxAndAreFoldedOnce) {
  const auto shell = open();
  append_contract();
  effects.answer_all();
  executor.run();
  EXPECT_EQ(shell->state().mails.find("acme")->attempts, 1u);
  EXPECT_EQ(shell->partition().books().pending_count(), 0u);
}

TEST_F(ShellTest, TimersRingThroughTheLog) {
  const auto shell = open();
  append_contract();
  executor.pass(milliseconds(900));
  EXPECT_THAT(emitted(), SizeIs(1));
  executor.pass(milliseconds(200));
  EXPECT_THAT(emitted(), SizeIs(2));
  executor.pass(seconds(10));
  EXPECT_THAT(emitted(), SizeIs(2)) << "once";
}

TEST_F(ShellTest, ASuccessorWithoutTheLastCommitEmitsTheSameBytesAgain) {
  auto crashed = open();
  append_contract();
  append_contract();
  crashed.reset();  // nothing was committed
  const auto before = emitted();
  ASSERT_THAT(before, SizeIs(2));
  const auto successor = open();
  EXPECT_THAT(emitted(), ElementsAre(before[0], before[1], before[0], before[1]));
}

TEST_F(ShellTest, ASuccessorAppendsNothingBelowTheCommittedOffset) {
  auto first = open();
  append_contract();
  executor.pass(seconds(2));
  executor.pass(seconds(2));  // its timer, too, is folded and committed
  effects.asked.clear();
  const auto before = emitted();
  first.reset();
  store = MemoryStore();  // the disk is lost
  const auto successor = open();
  EXPECT_EQ(emitted(), before);
  EXPECT_EQ(successor->partition().next_offset(), log.end({Topic::signals, 0}));
}

TEST_F(ShellTest, ASuccessorRunsUnansweredEffectsAgainAndOnlyThose) {
  auto crashed = open();
  append_contract();
  effects.answer_all();
  executor.run();
  append_contract();
  ASSERT_THAT(effects.asked, SizeIs(1));
  const auto unanswered = effects.asked[0].first->id;
  crashed.reset();
  effects.asked.clear();
  const auto successor = open();
  ASSERT_THAT(effects.asked, SizeIs(1));
  EXPECT_EQ(effects.asked[0].first->id, unanswered);
}

TEST_F(ShellTest, AStateThatWasCommittedIsNotFoldedAgain) {
  auto first = open();
  for (int i = 0; i < 10; ++i) append_contract();
  executor.pass(seconds(2));
  first.reset();
  metrics.folded = 0;
  const auto second = open();
  EXPECT_LE(metrics.folded, 1u) << "at most the timer that rang after the commit";
  EXPECT_TRUE(second->ready());
}

TEST_F(ShellTest, DrainWritesTheStateAndStartsNothingMore) {
  const auto shell = open();
  append_contract();
  bool drained = false;
  shell->drain(seconds(1), [&] { drained = true; });
  executor.run();
  EXPECT_TRUE(drained);
  EXPECT_THAT(store.entries(), testing::Not(IsEmpty()));
  const auto folded = metrics.folded;
  append_contract();
  EXPECT_EQ(metrics.folded, folded);
}

TEST_F(ShellTest, ADrainGivesUpWhatTheLogDoesNotMakeDurable) {
  const auto shell = open();
  log.hold_durable();
  append_contract();
  bool drained = false;
  shell->drain(seconds(1), [&] { drained = true; });
  executor.run();
  EXPECT_FALSE(drained) << "it waits for the log";
  executor.pass(seconds(1));
  EXPECT_TRUE(drained);
  EXPECT_THAT(store.entries(), IsEmpty()) << "state must not be ahead of the log";
}

TEST_F(ShellTest, AStateWhoseEventsCouldNotBeAppendedIsNotWritten) {
  const auto shell = open();
  append_contract();
  executor.pass(seconds(2));
  const auto before = store.entries();
  const auto event = event_of(test::contract(), {.id = ids.next()});
  const LogAppend record{{Topic::signals, 0}, "acme", event};
  log.append({&record, 1});
  log.fail("the producer is gone");
  executor.run();
  bool drained = false;
  shell->drain(seconds(1), [&] { drained = true; });
  executor.run();
  EXPECT_TRUE(drained);
  EXPECT_EQ(store.entries(), before);
}

TEST_F(ShellTest, AFailedLogStopsThePartitionAndTellsWhy) {
  const auto shell = open();
  append_contract();
  log.fail("no space left");
  effects.answer_all();
  executor.run();
  EXPECT_TRUE(shell->stopped());
  ASSERT_THAT(incidents, SizeIs(1));
  EXPECT_THAT(incidents[0], testing::HasSubstr("no space left"));
}

TEST_F(ShellTest, ADivergenceStopsThePartitionAndWritesNothing) {
  const auto shell = open();
  append(event_of(test::cleared("a"), {.id = {1, 0, 0, Source::signal}, .lane = 1}));
  append(event_of(test::cleared("b"), {.id = {1, 0, 0, Source::signal}, .lane = 1}));
  EXPECT_TRUE(shell->stopped());
  EXPECT_THAT(incidents, ElementsAre(testing::HasSubstr("offset 1")));
  EXPECT_THAT(emitted(), SizeIs(1));
}

}  // namespace
}  // namespace virtscale
