// What every log must do.
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "tests/topology/log/records.hpp"
#include "tests/topology/log/world.hpp"

namespace virtscale {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr TopicPartition alerts_0{Topic::alerts, 0};
constexpr TopicPartition alerts_2{Topic::alerts, 2};
constexpr TopicPartition signals_1{Topic::signals, 1};

/// Waits for what a thread of the log's own brings about.
bool soon(const std::function<bool()>& happens) {
  for (int n = 0; n < 10'000; ++n) {
    if (happens()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

std::string text_of(std::uint64_t number) {
  return "record " + std::to_string(number);
}

TEST_P(LogConformance, IsEmptyAtFirst) {
  EXPECT_EQ(log_->layout(), layout_);
  EXPECT_EQ(log_->end(alerts_0), 0U);
  EXPECT_THAT(read_records(*log_, alerts_0), IsEmpty());
  EXPECT_EQ(log_->committed(alerts_0), std::nullopt);
}

TEST_P(LogConformance, ReadsBackInOrderWhatWasAppended) {
  append(*log_, alerts_0, {"a", "b"});
  append(*log_, alerts_0, {"c"});
  const auto records = read_records(*log_, alerts_0);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_THAT(read_values(*log_, alerts_0), ElementsAre("a", "b", "c"));
  EXPECT_LT(records[0].offset, records[1].offset);
  EXPECT_LT(records[1].offset, records[2].offset);
  EXPECT_EQ(records[0].key, "key");
  EXPECT_EQ(log_->end(alerts_0), records[2].offset + 1);
}

TEST_P(LogConformance, ReadsFromAnOffsetOn) {
  append(*log_, alerts_0, {"a", "b", "c"});
  const auto all = read_records(*log_, alerts_0);
  EXPECT_THAT(read_values(*log_, alerts_0, all[1].offset), ElementsAre("b", "c"));
  EXPECT_THAT(read_values(*log_, alerts_0, log_->end(alerts_0)), IsEmpty());
  EXPECT_THAT(read_values(*log_, alerts_0, log_->end(alerts_0) + 100), IsEmpty());
}

TEST_P(LogConformance, KeepsPartitionsApartEvenInOneBatch) {
  const std::vector<LogAppend> batch = {{alerts_0, "k0", bytes_of("a")},
                                        {signals_1, "k1", bytes_of("b")},
                                        {alerts_0, "k2", bytes_of("c")},
                                        {alerts_2, "", bytes_of("d")},
                                        {signals_1, "k3", bytes_of("")}};
  log_->append(batch);
  EXPECT_THAT(read_values(*log_, alerts_0), ElementsAre("a", "c"));
  EXPECT_THAT(read_values(*log_, alerts_2), ElementsAre("d"));
  EXPECT_THAT(read_values(*log_, signals_1), ElementsAre("b", ""));
  EXPECT_THAT(read_values(*log_, {Topic::alerts, 1}), IsEmpty());
  EXPECT_EQ(read_records(*log_, alerts_0)[1].key, "k2");
}

TEST_P(LogConformance, GivesTheRecordItsPartition) {
  append(*log_, signals_1, {"a"});
  log_->read(signals_1, 0, 1, [](const LogRecord& record) {
    EXPECT_EQ(record.from, signals_1);
    return true;
  });
}

TEST_P(LogConformance, StopsAtTheLimitOrWhenTheVisitorHasEnough) {
  append(*log_, alerts_0, {"a", "b", "c", "d"});
  EXPECT_EQ(read_records(*log_, alerts_0, 0, 3).size(), 3U);
  EXPECT_EQ(read_records(*log_, alerts_0, 0, 0).size(), 0U);
  std::size_t seen = 0;
  EXPECT_EQ(log_->read(alerts_0, 0, 10, [&](const LogRecord&) { return ++seen < 2; }), 2U);
  EXPECT_EQ(seen, 2U);
}

TEST_P(LogConformance, TakesRecordsOfTheLargestSize) {
  const std::string key(key_bytes_max, 'k');
  const std::string value(record_bytes_max, 'v');
  const std::vector<LogAppend> batch(3, {alerts_0, key, bytes_of(value)});
  log_->append(batch);
  append(*log_, alerts_0, {"small"});
  const auto records = read_records(*log_, alerts_0);
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[2].key, key);
  EXPECT_EQ(records[2].value, value);
  EXPECT_EQ(records[3].value, "small");
}

TEST_P(LogConformance, ReadsMegabytesInOneCall) {
  std::vector<std::string> wanted;
  for (std::uint64_t n = 0; n < 20'000; n += 100) {
    std::vector<std::string> values;
    for (std::uint64_t m = n; m < n + 100; ++m) values.push_back(text_of(m) + std::string(200, '.'));
    append(*log_, alerts_0, values);
    wanted.insert(wanted.end(), values.begin(), values.end());
  }
  EXPECT_EQ(read_values(*log_, alerts_0), wanted);
}

TEST_P(LogConformance, RefusesWhatIsTooLargeOrHasNoPartitionAndGoesOn) {
  const std::string value(record_bytes_max + 1, 'v');
  EXPECT_THROW(append(*log_, alerts_0, {value}), std::length_error);
  EXPECT_THROW(append(*log_, {Topic::alerts, 3}, {"a"}), std::out_of_range);
  EXPECT_THROW(read_records(*log_, {Topic::alerts, 3}), std::out_of_range);
  append(*log_, alerts_0, {"a"});
  EXPECT_THAT(read_values(*log_, alerts_0), ElementsAre("a"));
}

TEST_P(LogConformance, AnEmptyBatchChangesNothing) {
  const Ticket before = append(*log_, alerts_0, {"a"});
  EXPECT_EQ(log_->append({}), before);
  EXPECT_EQ(read_records(*log_, alerts_0).size(), 1U);
}

TEST_P(EmbeddedLogConformance, GivesTheTimeOfTheClockAndNeverGoesBack) {
  clock_.set({5'000'000});
  append(*log_, alerts_0, {"a"});
  clock_.set({5'000'000 - hours(1).us});
  append(*log_, alerts_2, {"b"});
  append(*log_, alerts_0, {"c"});
  clock_.set({6'000'000});
  append(*log_, alerts_0, {"d"});
  const auto records = read_records(*log_, alerts_0);
  EXPECT_EQ(records[0].timestamp_us, 5'000'000);
  EXPECT_EQ(records[1].timestamp_us, 5'000'000);
  EXPECT_EQ(records[2].timestamp_us, 6'000'000);
  EXPECT_EQ(read_records(*log_, alerts_2)[0].timestamp_us, 5'000'000);
}

TEST_P(LogConformance, GivesTimestampsThatGrowWithTimeAndNeverGoBack) {
  append(*log_, alerts_0, {"a", "b"});
  log_->sync();
  world_->pass_time(clock_);
  append(*log_, alerts_0, {"c"});
  const auto records = read_records(*log_, alerts_0);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_GT(records[0].timestamp_us, 0);
  EXPECT_LE(records[0].timestamp_us, records[1].timestamp_us);
  EXPECT_LT(records[1].timestamp_us, records[2].timestamp_us);
}

// What `offset_at` must find, by looking at each record.
std::uint64_t first_at(const std::vector<ReadRecord>& records, std::int64_t us, std::uint64_t end) {
  const auto found = std::find_if(records.begin(), records.end(),
                                  [us](const ReadRecord& record) { return record.timestamp_us >= us; });
  return found == records.end() ? end : found->offset;
}

TEST_P(LogConformance, FindsTheFirstRecordAtOrAfterATime) {
  for (std::uint64_t n = 0; n < 20; ++n) {
    world_->pass_time(clock_);
    append(*log_, alerts_0, {text_of(n), "same batch"});
    append(*log_, signals_1, {"another"});
    log_->sync();
  }
  const auto records = read_records(*log_, alerts_0);
  ASSERT_EQ(records.size(), 40U);
  ASSERT_LT(records.front().timestamp_us, records.back().timestamp_us);
  const auto end = log_->end(alerts_0);
  for (const ReadRecord& record : records) {
    for (const std::int64_t us : {record.timestamp_us - 1, record.timestamp_us, record.timestamp_us + 1})
      EXPECT_EQ(log_->offset_at(alerts_0, Instant{us}), first_at(records, us, end)) << us;
  }
  EXPECT_EQ(log_->offset_at(alerts_0, Instant{0}), records.front().offset);
  EXPECT_EQ(log_->offset_at(alerts_0, Instant{records.back().timestamp_us + 1}), end);
  EXPECT_EQ(log_->offset_at(alerts_2, Instant{0}), log_->end(alerts_2));
}

// How often a listener was called. Shared: a call that is under way when a test's body ends still counts, and the log
// lives on until then.
using Calls = std::shared_ptr<std::atomic<int>>;

Calls no_calls() {
  return std::make_shared<std::atomic<int>>(0);
}

std::function<void()> counter_of(const Calls& calls) {
  return [calls] { ++*calls; };
}

TEST_P(LogConformance, ReachesEachTicketAndSaysSo) {
  EXPECT_EQ(log_->durable(), 0U);
  const auto wakes = no_calls();
  const auto listening = log_->on_durable(counter_of(wakes));
  const Ticket first = append(*log_, alerts_0, {"a", "b"});
  const Ticket second = append(*log_, signals_1, {"c"});
  EXPECT_GT(first, 0U);
  EXPECT_GT(second, first);
  EXPECT_TRUE(soon([&] { return log_->durable() >= second && *wakes > 0; }));
  EXPECT_LE(read_records(*log_, alerts_0)[1].ticket, first);
  EXPECT_LE(read_records(*log_, signals_1)[0].ticket, second);
}

TEST_P(EmbeddedLogConformance, GivesARecordTheTicketOfItsOwnAppend) {
  const Ticket first = append(*log_, alerts_0, {"a", "b"});
  append(*log_, signals_1, {"c"});
  EXPECT_GT(read_records(*log_, signals_1)[0].ticket, first);
}

TEST_P(LogConformance, IsDurableAfterASync) {
  Ticket last = 0;
  for (int n = 0; n < 100; ++n) last = append(*log_, alerts_0, {"a"});
  log_->sync();
  EXPECT_GE(log_->durable(), last);
}

TEST_P(LogConformance, WakesEachListenerOfAPartitionThatGrew) {
  const auto first = no_calls(), second = no_calls(), other = no_calls();
  const auto listens_first = log_->on_append(alerts_0, counter_of(first));
  const auto listens_second = log_->on_append(alerts_0, counter_of(second));
  const auto listens_elsewhere = log_->on_append(alerts_2, counter_of(other));
  append(*log_, alerts_0, {"a", "b", "c"});
  EXPECT_TRUE(soon([&] { return *first > 0 && *second > 0; }));
  EXPECT_EQ(*other, 0);
  EXPECT_TRUE(soon([&] { return read_records(*log_, alerts_0).size() == 3; }));
}

TEST_P(LogConformance, LetsAListenerReadAndAppend) {
  const auto answers = no_calls();
  const auto listening = log_->on_append(alerts_0, [this, answers] {
    if (read_records(*log_, alerts_0).empty() || *answers > 0) return;
    append(*log_, signals_1, {"answer"});
    ++*answers;
  });
  append(*log_, alerts_0, {"question"});
  EXPECT_TRUE(soon([&] { return *answers > 0; }));
  EXPECT_THAT(read_values(*log_, signals_1), ElementsAre("answer"));
}

// Counts the destructions of what a listener holds.
struct Mortal {
  std::shared_ptr<std::atomic<int>> deaths;  // shared: the log, and the listener with it, outlives the test's body
  explicit Mortal(std::shared_ptr<std::atomic<int>> counted) : deaths(std::move(counted)) {}
  Mortal(const Mortal&) = default;
  ~Mortal() { ++*deaths; }
};

TEST_P(LogConformance, KeepsAListenerAliveWhileItIsCalledAndOthersAreAdded) {
  const auto deaths = std::make_shared<std::atomic<int>>(0);
  const auto deaths_in_call = std::make_shared<std::atomic<int>>(-1);
  const auto listening = log_->on_durable([this, mortal = Mortal(deaths), deaths_in_call] {
    const int before = *mortal.deaths;
    const auto another = log_->on_durable([] {});
    if (*deaths_in_call < 0) *deaths_in_call = *mortal.deaths - before;
  });
  append(*log_, alerts_0, {"a"});
  EXPECT_TRUE(soon([&] { return *deaths_in_call >= 0; }));
  EXPECT_EQ(*deaths_in_call, 0);
}

TEST_P(LogConformance, CallsNoListenerWhoseSubscriptionWasDropped) {
  const auto dropped = no_calls(), kept = no_calls();
  auto listening = log_->on_append(alerts_0, counter_of(dropped));
  const auto stays = log_->on_append(alerts_0, counter_of(kept));
  append(*log_, alerts_0, {"a"});
  EXPECT_TRUE(soon([&] { return *dropped > 0 && *kept > 0; }));
  log_->sync();
  const int before = *dropped;
  listening.reset();
  *kept = 0;
  append(*log_, alerts_0, {"b"});
  EXPECT_TRUE(soon([&] { return *kept > 0; }));
  EXPECT_EQ(*dropped, before);
}

TEST_P(LogConformance, RemembersWhatWasCommitted) {
  append(*log_, alerts_0, {"a", "b", "c"});
  log_->commit(alerts_0, 0);
  EXPECT_EQ(log_->committed(alerts_0), 0U);
  log_->commit(alerts_0, 2);
  EXPECT_EQ(log_->committed(alerts_0), 2U);
  EXPECT_EQ(log_->committed(alerts_2), std::nullopt);
  EXPECT_EQ(read_records(*log_, alerts_0).size(), 3U);
}

TEST_P(PersistentLogConformance, FindsEverythingAgainWhenOpenedAgain) {
  std::vector<std::string> wanted;
  for (std::uint64_t n = 0; n < 300; ++n) {
    wanted.push_back(text_of(n));
    append(*log_, alerts_0, {wanted.back()});
    if (n % 100 == 50) reopen();
  }
  log_->commit(alerts_0, 17);
  reopen();
  EXPECT_EQ(read_values(*log_, alerts_0), wanted);
  EXPECT_EQ(log_->committed(alerts_0), 17U);
  const Ticket durable = log_->durable();
  for (const ReadRecord& record : read_records(*log_, alerts_0)) EXPECT_LE(record.ticket, durable);
  clock_.set({1});
  EXPECT_GT(append(*log_, alerts_0, {"later"}), durable);
  const auto records = read_records(*log_, alerts_0, 299);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_GE(records[1].timestamp_us, records[0].timestamp_us);
}

/// Appends batches of 1 to 7 records to three partitions; each value carries its place in its partition.
void append_numbered(Log& log, std::mutex& order, std::array<std::uint64_t, 3>& numbers, int batches) {
  for (int n = 0; n < batches; ++n) {
    const std::lock_guard lock(order);
    std::vector<std::string> values;
    std::vector<TopicPartition> to;
    for (int m = 0; m <= n % 7; ++m) {
      const auto partition = static_cast<std::uint32_t>((n + m) % 3);
      values.push_back(text_of(numbers[partition]++));
      to.push_back({Topic::alerts, partition});
    }
    std::vector<LogAppend> batch;
    for (std::size_t m = 0; m < values.size(); ++m) batch.push_back({to[m], "key", bytes_of(values[m])});
    log.append(batch);
  }
}

/// Follows a partition until `done` and its end; returns the number of records, or nothing if one was out of place.
std::optional<std::uint64_t> follow(Log& log, TopicPartition from, const std::atomic<bool>& done) {
  std::uint64_t next = 0;
  std::uint64_t count = 0;
  bool right = true;
  while (right) {
    const bool was_done = done;
    const std::size_t seen = log.read(from, next, 50, [&](const LogRecord& record) {
      const std::string text = text_of(count++);
      right = std::ranges::equal(record.value, bytes_of(text)) && record.offset >= next;
      next = record.offset + 1;
      return right;
    });
    if (seen == 0 && was_done) return count;
    if (seen == 0) std::this_thread::yield();
  }
  return std::nullopt;
}

TEST_P(LogConformance, ServesReadersAtTheTailWhileOthersAppend) {
  std::mutex order;
  std::array<std::uint64_t, 3> numbers{};
  std::atomic<bool> done = false;
  std::array<std::optional<std::uint64_t>, 6> counts;
  std::vector<std::thread> readers;
  for (std::uint32_t n = 0; n < counts.size(); ++n)
    readers.emplace_back([&, n] { counts[n] = follow(*log_, {Topic::alerts, n % 3}, done); });
  std::vector<std::thread> appenders;
  for (int n = 0; n < 2; ++n) appenders.emplace_back([&] { append_numbered(*log_, order, numbers, 1'500); });
  for (std::thread& appender : appenders) appender.join();
  done = true;
  for (std::thread& reader : readers) reader.join();
  for (std::size_t n = 0; n < counts.size(); ++n) EXPECT_EQ(counts[n], numbers[n % 3]) << "reader " << n;
  log_->sync();
}

TEST_P(LogConformance, TakesAppendsOfManyThreadsEachWholeAndInOrder) {
  std::vector<std::thread> appenders;
  for (char name = 'a'; name < 'e'; ++name)
    appenders.emplace_back([this, name] {
      for (int n = 0; n < 200; ++n) append(*log_, alerts_0, {std::string(1, name), std::to_string(n)});
    });
  for (std::thread& appender : appenders) appender.join();
  const auto values = read_values(*log_, alerts_0);
  ASSERT_EQ(values.size(), 1'600U);
  std::map<std::string, int> next;
  for (std::size_t n = 0; n < values.size(); n += 2) EXPECT_EQ(values[n + 1], std::to_string(next[values[n]]++));
}

}  // namespace
}  // namespace virtscale
