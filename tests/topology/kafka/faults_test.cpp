// What foreigners, retention and failures do to a log on Kafka.
#include <atomic>
#include <chrono>

#include "tests/topology/kafka/fixture.hpp"
#include "tests/topology/kafka/stranger.hpp"

namespace virtscale {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Follows a partition as a stage does: reads when it is woken.
class Follower {
 public:
  Follower(Log& log, TopicPartition from)
      : log_(log), from_(from), listening_(log.on_append(from, [wakes = wakes_] { ++*wakes; })) {}
  const std::vector<std::string>& read() {
    log_.read(from_, next_, 1'000, [this](const LogRecord& record) {
      const char* const value = reinterpret_cast<const char*>(record.value.data());
      values_.emplace_back(value, record.value.size());
      next_ = record.offset + 1;
      return true;
    });
    return values_;
  }
  std::uint64_t next() const { return next_; }
  int wakes() const { return *wakes_; }

 private:
  Log& log_;
  const TopicPartition from_;
  std::uint64_t next_ = 0;
  std::vector<std::string> values_;
  // Shared: a call that is under way when the follower ends still counts.
  std::shared_ptr<std::atomic<int>> wakes_ = std::make_shared<std::atomic<int>>(0);
  Subscription listening_;
};

using KafkaFaults = KafkaTest;

TEST_F(KafkaFaults, ForeignTransactionsLeaveGapsAndStallNobody) {
  const auto opened = open();
  Follower follower(*opened.log, alerts_);
  append(*opened.log, alerts_, {"a"});
  append_in_transaction(options_.bootstrap, topic(Topic::alerts), {"b", "c"}, Outcome::committed);
  append_in_transaction(options_.bootstrap, topic(Topic::alerts), {"never"}, Outcome::aborted);
  EXPECT_TRUE(soon([&] { return follower.read().size() == 3; }));
  // a b c and a mark, then what was aborted and its mark: the follower is at its end before the last of them.
  EXPECT_EQ(follower.next(), 3U);
  EXPECT_TRUE(soon([&] { return follower.read().size() == 3 && opened.log->end(alerts_) == follower.next(); }));
  EXPECT_THAT(read_values(*open().log, alerts_), ElementsAre("a", "b", "c"));
  append(*opened.log, alerts_, {"d"});
  EXPECT_TRUE(soon([&] { return follower.read().size() == 4; }));
  EXPECT_EQ(follower.next(), opened.log->end(alerts_));
  EXPECT_GT(follower.next(), 5U);
}

TEST_F(KafkaFaults, AnOffsetThatIsGoneIsToldWithTheFirstThatIsKept) {
  const auto opened = open();
  append(*opened.log, alerts_, {"a", "b", "c"});
  opened.log->sync();
  delete_records(options_.bootstrap, topic(Topic::alerts), 2);
  const auto gone = AllOf(HasSubstr(topic(Topic::alerts) + " partition 0"), HasSubstr("offset 1 is gone"),
                          HasSubstr("kept is 2"), HasSubstr("snapshot"));
  EXPECT_THAT(complaint([&] { read_values(*opened.log, alerts_, 1); }), gone);
  EXPECT_THAT(read_values(*opened.log, alerts_, 2), ElementsAre("c"));
  const auto listening = opened.log->on_append(alerts_, [] {});
  std::string told;
  EXPECT_TRUE(soon([&] { return !(told = complaint([&] { read_values(*opened.log, alerts_, 1); })).empty(); }));
  EXPECT_THAT(told, gone);
}

TEST_F(KafkaFaults, AnAppendThatIsNotTakenFailsTheLogForGood) {
  alter_topic(options_.bootstrap, topic(Topic::alerts), "max.message.bytes", "1000");
  const auto opened = open();
  std::atomic<int> failures = 0;
  const auto listening = opened.log->on_failure([&](const std::string&) { ++failures; });
  append(*opened.log, {Topic::signals, 0}, {"fine"});
  opened.log->sync();
  const Ticket fine = opened.log->durable();
  append(*opened.log, alerts_, {std::string(2'000, '.')});
  EXPECT_THAT(complaint([&] { opened.log->sync(); }), AllOf(HasSubstr("alerts"), HasSubstr("too large")));
  EXPECT_THAT(complaint([&] { append(*opened.log, {Topic::signals, 0}, {"late"}); }), HasSubstr("start again"));
  EXPECT_TRUE(soon([&] { return failures == 1; }));
  EXPECT_EQ(opened.log->durable(), fine);
  std::string why;
  const auto late = opened.log->on_failure([&](const std::string& text) { why = text; });
  EXPECT_THAT(why, HasSubstr("has failed"));
  EXPECT_EQ(failures, 1);
}

TEST_F(KafkaFaults, WhoStoppedAtARecordFindsItAgain) {
  const auto opened = open();
  append(*opened.log, alerts_, {"a", "b", "c"});
  opened.log->sync();
  const auto listening = opened.log->on_append(alerts_, [] {});
  EXPECT_TRUE(soon([&] { return opened.log->read(alerts_, 0, 10, [](const LogRecord&) { return false; }) == 1; }));
  EXPECT_TRUE(soon([&] { return read_values(*opened.log, alerts_).size() == 3; }));
  EXPECT_THAT(read_values(*opened.log, alerts_, 3), IsEmpty());
}

TEST_F(KafkaFaults, WhatAnotherProcessAppendsWakesAndIsSeenByEachReader) {
  const auto here = open();
  const auto there = open();
  Follower first(*here.log, alerts_);
  Follower second(*here.log, alerts_);
  append(*there.log, alerts_, {"a", "b"});
  EXPECT_TRUE(soon([&] { return first.wakes() > 0 && second.wakes() > 0; }));
  EXPECT_TRUE(soon([&] { return first.read().size() == 2 && second.read().size() == 2; }));
  const int before = second.wakes();
  append(*there.log, alerts_, {"c"});
  EXPECT_TRUE(soon([&] { return second.wakes() > before; }));
  EXPECT_TRUE(soon([&] { return second.read().size() == 3 && first.read().size() == 3; }));
}

}  // namespace
}  // namespace virtscale
