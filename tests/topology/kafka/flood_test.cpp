// More than librdkafka is given at once: what waits for its turn arrives whole and in order.
#include "tests/topology/kafka/fixture.hpp"

namespace virtscale {
namespace {

using KafkaFlood = KafkaTest;

constexpr std::size_t records = 20'000;
constexpr std::size_t batch_max = 300;
// Beyond what may wait unacknowledged, 64 MiB, so that appends wait, too.
constexpr std::size_t large_every = 128;
constexpr std::size_t large_bytes = 500'000;

std::string value_of(std::size_t n) {
  return std::to_string(n) + std::string(n % large_every == 0 ? large_bytes : n % 701, '.');
}

TEST_F(KafkaFlood, IsAppendedWholeAndEachPartitionInOrder) {
  const auto opened = open();
  const std::array<TopicPartition, 3> goals{{{Topic::alerts, 0}, {Topic::alerts, 3}, {Topic::outcomes, 0}}};
  std::array<std::vector<std::string>, 3> sent;
  Ticket last = 0;
  for (std::size_t n = 0; n < records;) {
    std::vector<std::string> values;
    for (; values.size() < batch_max && n < records; ++n) values.push_back(value_of(n));
    std::vector<LogAppend> batch;
    for (std::size_t v = 0; v < values.size(); ++v) {
      batch.push_back({goals[v % 3], std::string_view(values[v]).substr(0, 3), bytes_of(values[v])});
      sent[v % 3].push_back(values[v]);
    }
    last = opened.log->append(batch);
  }
  opened.log->sync();
  EXPECT_EQ(opened.log->durable(), last);
  EXPECT_EQ(last, records);
  const auto reader = open();
  for (std::size_t g = 0; g < goals.size(); ++g) {
    const auto found = read_records(*reader.log, goals[g]);
    ASSERT_EQ(found.size(), sent[g].size());
    for (std::size_t n = 0; n < found.size(); ++n) {
      ASSERT_TRUE(found[n].value == sent[g][n]) << "record " << n << " of " << g << ": " << found[n].value.substr(0, 9);
      ASSERT_EQ(found[n].key, sent[g][n].substr(0, 3));
    }
  }
}

TEST_F(KafkaFlood, ThatIsCutOffByTheLogsEndLeavesABeginning) {
  std::vector<std::string> sent;
  {
    const auto opened = open();
    for (std::size_t n = 1; n < records; ++n) sent.push_back(value_of(n % large_every == 0 ? n + 1 : n));
    append(*opened.log, alerts_, sent);
  }
  const auto found = read_values(*open().log, alerts_);
  ASSERT_LE(found.size(), sent.size());
  for (std::size_t n = 0; n < found.size(); ++n) ASSERT_EQ(found[n], sent[n]);
}

// The client holds 16 MiB of a partition and then stops to fetch; it must not sleep until long after they are read.
TEST_F(KafkaFlood, OfMoreThanTheClientHoldsIsReadWithoutPauses) {
  constexpr std::size_t many = 4'000;
  constexpr std::chrono::milliseconds pause{300};  // a client that sleeps makes four of 500 and more
  const auto writer = open();
  const std::string value(25'000, '.');
  for (std::size_t n = 0; n < many; n += 100) append(*writer.log, alerts_, std::vector<std::string>(100, value));
  writer.log->sync();
  const auto reader = open();
  const auto listening = reader.log->on_append(alerts_, [] {});
  std::uint64_t next = 0;
  int pauses = 0;
  ASSERT_TRUE(soon([&] { return reader.log->read(alerts_, 0, 1, [](const LogRecord&) { return false; }) == 1; }));
  auto last = std::chrono::steady_clock::now();
  while (next < many) {
    const auto now = std::chrono::steady_clock::now();
    const auto read = reader.log->read(alerts_, next, 64, [&](const LogRecord& record) {
      next = record.offset + 1;
      return true;
    });
    ASSERT_LT(now - last, std::chrono::seconds(20)) << "at " << next;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));  // folds take longer than fetching
    if (read > 0 && now - last > pause) ++pauses;
    if (read > 0) last = std::chrono::steady_clock::now();
  }
  EXPECT_LE(pauses, 1);
}

}  // namespace
}  // namespace virtscale
