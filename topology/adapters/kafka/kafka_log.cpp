#include "topology/adapters/kafka/kafka_log.hpp"

#include <algorithm>
#include <atomic>

#include "topology/adapters/kafka/bell.hpp"
#include "topology/adapters/kafka/committer.hpp"
#include "topology/adapters/kafka/feeds.hpp"
#include "topology/adapters/kafka/layout_record.hpp"
#include "topology/adapters/kafka/member.hpp"
#include "topology/adapters/kafka/producer.hpp"

namespace virtscale {
namespace kafka {
namespace {

constexpr Within brokers_max{10'000};
constexpr std::chrono::seconds own_appends_max{10};

/// Everything that a log on Kafka is made of, and the port.
class KafkaLog final : public Log {
 public:
  KafkaLog(const KafkaOptions& options, LogLayout layout);
  ~KafkaLog() override;

  Membership& membership() { return member_; }

  const LogLayout& layout() const override { return layout_; }
  Ticket append(std::span<const LogAppend> batch) override;
  std::size_t read(TopicPartition from, std::uint64_t offset, std::size_t records_max,
                   const std::function<bool(const LogRecord&)>& visit) override;
  std::uint64_t end(TopicPartition of) const override;
  std::uint64_t offset_at(TopicPartition of, Instant at) override;
  Ticket durable() const override { return producer_.durable(); }
  Subscription on_append(TopicPartition of, std::function<void()> wake) override;
  Subscription on_durable(std::function<void()> wake) override { return durable_wakes_.add(std::move(wake)); }
  Subscription on_failure(std::function<void(const std::string&)> fail) override;
  void commit(TopicPartition of, std::uint64_t offset) override;
  std::optional<std::uint64_t> committed(TopicPartition of) const override;
  void sync() override;

 private:
  void check(TopicPartition of) const;
  ProducerCalls calls();

  Connection connection_;
  const LogLayout layout_;
  Listeners<> durable_wakes_;
  Listeners<const std::string&> failure_wakes_;
  Bell bell_;
  Producer producer_;
  mutable Feeds feeds_;
  GroupAsker group_asker_;
  mutable Committer committer_;
  Member member_;
};

KafkaLog::KafkaLog(const KafkaOptions& options, LogLayout layout)
    : connection_(options),
      layout_(std::move(layout)),
      producer_(connection_, layout_, calls()),
      feeds_({connection_, producer_.client()}, layout_, bell_),
      group_asker_(connection_),
      committer_(group_asker_, layout_),
      member_(connection_, group_asker_, layout_, committer_, [this](const std::string& why) { producer_.fail(why); }) {
  topics_seen({connection_, producer_.client()}, brokers_max);  // or the first append to a topic waits for up to 1 s
}

KafkaLog::~KafkaLog() {
  member_.leave();
  bell_.stop();  // before what it calls goes
}

ProducerCalls KafkaLog::calls() {
  return {.durable = [this] { bell_.ring(durable_wakes_); },
          .failed = [this](const std::string& why) { bell_.fail(failure_wakes_, why); }};
}

void KafkaLog::check(TopicPartition of) const {
  if (static_cast<std::size_t>(of.topic) >= topics_count ||
      of.partition >= layout_.partitions[static_cast<std::size_t>(of.topic)])
    throw std::out_of_range("the log has no such partition");
}

Ticket KafkaLog::append(std::span<const LogAppend> batch) {
  for (const auto& record : batch) {
    if (record.key.size() > key_bytes_max || record.value.size() > record_bytes_max)
      throw std::length_error("a record's key or value is larger than the log's bound");
    check(record.to);
  }
  return producer_.append(batch);
}

std::size_t KafkaLog::read(TopicPartition from, std::uint64_t offset, std::size_t records_max,
                           const std::function<bool(const LogRecord&)>& visit) {
  check(from);
  const auto own_end = [&] {
    if (!producer_.wait_for(from, std::chrono::steady_clock::now() + own_appends_max))
      throw LogError("what was appended to " + place_of(from) + " is not acknowledged after 10 s" +
                     connection_.last_complaint());
    return producer_.acknowledged(from);
  };
  try {
    return feeds_.read(from, offset, records_max, own_end, visit);
  } catch (const LogError& error) {
    // Who follows a partition goes on from its own state on a new log, as after a failed append.
    if (feeds_.follows(from)) producer_.fail(error.what());
    throw;
  }
}

std::uint64_t KafkaLog::end(TopicPartition of) const {
  check(of);
  return std::max(feeds_.end(of), producer_.acknowledged(of));
}

std::uint64_t KafkaLog::offset_at(TopicPartition of, Instant at) {
  check(of);
  const auto found = kafka::offset_at({connection_, producer_.client()}, of, at, answer_max);
  return found ? *found : end(of);
}

Subscription KafkaLog::on_append(TopicPartition of, std::function<void()> wake) {
  check(of);
  return feeds_.listen(of, std::move(wake));
}

Subscription KafkaLog::on_failure(std::function<void(const std::string&)> fail) {
  // It may fail while this runs.
  auto once = [fail = std::move(fail), called = std::make_shared<std::atomic<bool>>(false)](const std::string& why) {
    if (!called->exchange(true)) fail(why);
  };
  auto kept = failure_wakes_.add(once);
  const auto why = producer_.failure();
  if (!why.empty()) once(why);
  return kept;
}

void KafkaLog::commit(TopicPartition of, std::uint64_t offset) {
  check(of);
  committer_.commit(of, offset);
}

std::optional<std::uint64_t> KafkaLog::committed(TopicPartition of) const {
  check(of);
  return committer_.committed(of);
}

void KafkaLog::sync() {
  producer_.wait(forever);
}

std::string listed(const std::vector<std::string>& texts, const char* between) {
  std::string result;
  for (const auto& text : texts) result += (result.empty() ? "" : between) + text;
  return result;
}

void require_topics(const Connection& connection, const std::map<std::string, TopicSeen>& seen) {
  std::vector<std::string> missing;
  for (std::size_t n = 0; n < topics_count; ++n) {
    const auto name = connection.topic(static_cast<Topic>(n));
    if (!seen.contains(name)) missing.push_back(name);
  }
  if (!seen.contains(connection.layout_topic())) missing.push_back(connection.layout_topic());
  if (!missing.empty())
    throw LogError("kafka at " + connection.options().bootstrap + " has no topics " + listed(missing, ", ") +
                   ": `virtscale topics create` makes them");
}

void require_layout(const Connection& connection, const std::map<std::string, TopicSeen>& seen,
                    const LayoutRecord& record, const std::optional<LogLayout>& expected) {
  LogLayout real = record.layout;
  for (std::size_t n = 0; n < topics_count; ++n)
    real.partitions[n] = seen.at(connection.topic(static_cast<Topic>(n))).partitions;
  if (const auto found = differences(real, record.layout); !found.empty())
    throw KafkaSettingsError("the topics on kafka are not as the log was made: " + listed(found, "; ") +
                             ". Keys stand in the wrong partitions: begin a log under another prefix");
  if (!expected) return;
  if (const auto found = differences(record.layout, *expected); !found.empty())
    throw KafkaSettingsError("the log on kafka and the settings differ: " + listed(found, "; ") +
                             ". The log stays as it was made: correct the settings");
}

LayoutRecord require(Connection& connection, const std::optional<LogLayout>& expected) {
  Ears ears{.delivered = [](const rd_kafka_message_s&) {}};
  const auto client = connection.open(Role::producer, {}, ears);
  const Asker asker{connection, *client};
  const auto seen = topics_seen(asker, brokers_max);
  require_topics(connection, seen);
  auto record = read_layout(connection, asker);
  if (!record)
    throw LogError("topic " + connection.layout_topic() +
                   " does not hold the log's layout: `virtscale topics create` "
                   "writes it");
  require_layout(connection, seen, *record, expected);
  return std::move(*record);
}

}  // namespace
}  // namespace kafka

OpenedKafkaLog open_kafka_log(const KafkaOptions& options, const std::optional<LogLayout>& expected) {
  kafka::Connection connection(options);
  auto record = kafka::require(connection, expected);
  auto log = std::make_unique<kafka::KafkaLog>(options, record.layout);
  auto& membership = log->membership();
  return {std::move(log), &membership, std::move(record.identity)};
}

}  // namespace virtscale
