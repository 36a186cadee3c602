#include "topology/adapters/kafka/client.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

namespace virtscale::kafka {
namespace {

constexpr std::size_t error_bytes_max = 512;  // as librdkafka's own examples have it
constexpr std::size_t complaint_bytes_max = 400;
constexpr std::size_t secret_bytes_min = 3;  // shorter ones are `1` and the like, and would blank every number
constexpr int log_level_error = 3;           // of syslog: librdkafka's connection failures

// Exactly-once, or the adapter's way of working, stands on these. Endings with a `.` are whole families.
constexpr std::array refused = {std::string_view("acks"),
                                std::string_view("allow.auto.create.topics"),
                                std::string_view("auto.commit."),
                                std::string_view("auto.offset.reset"),
                                std::string_view("bootstrap.servers"),
                                std::string_view("check.crcs"),
                                std::string_view("client.id"),
                                std::string_view("delivery."),
                                std::string_view("enable.auto."),
                                std::string_view("enable.gapless.guarantee"),
                                std::string_view("enable.idempotence"),
                                std::string_view("enable.partition.eof"),
                                std::string_view("group."),
                                std::string_view("heartbeat.interval.ms"),
                                std::string_view("isolation.level"),
                                std::string_view("log."),
                                std::string_view("max.in.flight"),
                                std::string_view("max.in.flight."),
                                std::string_view("max.poll.interval.ms"),
                                std::string_view("message."),
                                std::string_view("metadata.broker.list"),
                                std::string_view("offset.store."),
                                std::string_view("partition.assignment.strategy"),
                                std::string_view("partitioner"),
                                std::string_view("plugin."),
                                std::string_view("queuing.strategy"),
                                std::string_view("request.required.acks"),
                                std::string_view("retries"),
                                std::string_view("session.timeout.ms"),
                                std::string_view("test."),
                                std::string_view("transaction."),
                                std::string_view("transactional.id")};

bool is_refused(std::string_view property) {
  return std::any_of(refused.begin(), refused.end(), [property](std::string_view name) {
    return name.ends_with('.') ? property.starts_with(name) : property == name;
  });
}

void complain(const Ears& ears, const char* text) {
  const std::lock_guard lock(ears.mutex);
  if (ears.connection != nullptr) ears.connection->complain(text);
}

void log_line(const rd_kafka_t* client, int level, const char*, const char* text) {
  const auto* const ears = static_cast<const Ears*>(rd_kafka_opaque(client));
  if (level <= log_level_error && ears != nullptr) complain(*ears, text);
}

void report_error(rd_kafka_t* client, int code, const char* reason, void* opaque) {
  const auto& ears = *static_cast<const Ears*>(opaque);
  if (code != RD_KAFKA_RESP_ERR__FATAL) return complain(ears, reason);
  std::array<char, error_bytes_max> text{};
  const auto cause = rd_kafka_fatal_error(client, text.data(), text.size());
  if (ears.fatal) ears.fatal(std::string(rd_kafka_err2name(cause)) + ": " + text.data());
}

void report_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  static_cast<const Ears*>(opaque)->delivered(*message);
}

void report_rebalance(rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions,
                      void* opaque) {
  static_cast<const Ears*>(opaque)->rebalanced(code, *partitions);
}

struct FreeConf {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using Conf = std::unique_ptr<rd_kafka_conf_t, FreeConf>;

void set(rd_kafka_conf_t& conf, const char* name, const std::string& value) {
  std::array<char, error_bytes_max> text{};
  const auto result = rd_kafka_conf_set(&conf, name, value.c_str(), text.data(), text.size());
  if (result == RD_KAFKA_CONF_OK) return;
  throw KafkaSettingsError(std::string("kafka property ") + name +
                           (result == RD_KAFKA_CONF_UNKNOWN
                                ? " is not one that librdkafka has: correct its name or remove it"
                                : " has a value that librdkafka does not take: correct it"));
}

void set_all(rd_kafka_conf_t& conf, std::initializer_list<Setting> settings) {
  for (const auto& setting : settings) set(conf, setting.name, setting.value);
}

void set_common(rd_kafka_conf_t& conf, const KafkaOptions& options) {
  for (const auto& [name, value] : options.properties) set(conf, name.c_str(), value);
  set_all(conf, {{"bootstrap.servers", options.bootstrap},
                 {"client.id", options.url.empty() ? options.member : options.member + "|" + options.url},
                 {"allow.auto.create.topics", "false"},
                 {"socket.nagle.disable", "true"},  // 2.0.2 has it on, which costs up to 40 ms a request
                 {"socket.keepalive.enable", "true"},
                 {"socket.timeout.ms", "10000"},
                 {"reconnect.backoff.ms", "20"},
                 {"reconnect.backoff.max.ms", "500"}});
}

void set_producer(rd_kafka_conf_t& conf) {
  set_all(conf, {{"acks", "all"},
                 {"enable.idempotence", "true"},
                 {"enable.gapless.guarantee", "true"},
                 {"message.timeout.ms", "0"},  // the guarantee does not cover time-outs: there are none
                 {"request.timeout.ms", "10000"},
                 {"message.max.bytes", "1100000"},  // record_bytes_max, key_bytes_max and the batch's own bytes
                 // Never reached: what waits is bounded before it gets there.
                 {"queue.buffering.max.kbytes", "2097151"},
                 {"queue.buffering.max.messages", "2147483647"}});
}

void set_consumer(rd_kafka_conf_t& conf) {
  set_all(conf, {{"auto.offset.reset", "error"},
                 {"enable.auto.commit", "false"},
                 {"enable.auto.offset.store", "false"},
                 {"isolation.level", "read_committed"},
                 {"check.crcs", "true"},
                 {"fetch.error.backoff.ms", "20"}});
}

}  // namespace

void Freed::operator()(rd_kafka_s* client) const {
  rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}
void Freed::operator()(rd_kafka_message_s* message) const {
  rd_kafka_message_destroy(message);
}
void Freed::operator()(rd_kafka_queue_s* queue) const {
  rd_kafka_queue_destroy(queue);
}
void Freed::operator()(rd_kafka_topic_s* topic) const {
  rd_kafka_topic_destroy(topic);
}
void Freed::operator()(rd_kafka_topic_partition_list_s* list) const {
  rd_kafka_topic_partition_list_destroy(list);
}

std::string words_for(int code) {
  return rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(code));
}

Connection::Connection(KafkaOptions options) : options_(std::move(options)) {
  std::string names;
  for (const auto& [name, value] : options_.properties) {
    if (is_refused(name)) names += (names.empty() ? "" : ", ") + name;
  }
  if (!names.empty())
    throw KafkaSettingsError("these kafka properties are Virtscale's own to set, since exactly-once stands on them: " +
                             names + " (remove them)");
  const Conf conf(rd_kafka_conf_new());
  set_common(*conf, options_);
}

Client Connection::open(Role role, std::initializer_list<Setting> more, Ears& ears) {
  Conf conf(rd_kafka_conf_new());
  set_common(*conf, options_);
  role == Role::producer ? set_producer(*conf) : set_consumer(*conf);
  set_all(*conf, more);
  ears.connection = this;
  rd_kafka_conf_set_opaque(conf.get(), &ears);
  rd_kafka_conf_set_log_cb(conf.get(), log_line);
  rd_kafka_conf_set_error_cb(conf.get(), report_error);
  if (ears.delivered) rd_kafka_conf_set_dr_msg_cb(conf.get(), report_delivery);
  if (ears.rebalanced) rd_kafka_conf_set_rebalance_cb(conf.get(), report_rebalance);
  std::array<char, error_bytes_max> text{};
  const auto type = role == Role::producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER;
  Client client(rd_kafka_new(type, conf.get(), text.data(), text.size()));
  if (!client) throw KafkaSettingsError("cannot make a client of kafka: " + without_secrets(text.data()));
  static_cast<void>(conf.release());  // the client's own by now
  if (role == Role::consumer && ears.rebalanced) rd_kafka_poll_set_consumer(client.get());
  return client;
}

void Connection::complain(std::string_view what) {
  std::string text = without_secrets(std::string(what));
  if (text.size() > complaint_bytes_max) text.resize(complaint_bytes_max);
  const std::lock_guard lock(mutex_);
  complaint_ = std::move(text);
}

std::string Connection::last_complaint() const {
  const std::lock_guard lock(mutex_);
  return complaint_.empty() ? "" : " (the last thing heard: " + complaint_ + ")";
}

std::string Connection::without_secrets(std::string text) const {
  for (const auto& [name, value] : options_.properties) {
    if (value.size() < secret_bytes_min) continue;
    for (auto at = text.find(value); at != std::string::npos; at = text.find(value, at))
      text.replace(at, value.size(), "?");
  }
  return text;
}

void let_go(Client client, std::shared_ptr<Ears> ears) {
  {
    const std::lock_guard lock(ears->mutex);
    ears->connection = nullptr;
  }
  std::thread([client = std::move(client), ears = std::move(ears)]() mutable { client.reset(); }).detach();
}

std::string place_of(TopicPartition of) {
  return std::string(name_of(of.topic)) + " partition " + std::to_string(of.partition);
}

}  // namespace virtscale::kafka
