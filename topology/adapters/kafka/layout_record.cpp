#include "topology/adapters/kafka/layout_record.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <charconv>
#include <random>
#include <thread>

#include "topology/adapters/kafka/feed.hpp"

namespace virtscale::kafka {
namespace {

constexpr std::size_t record_text_max = 4'096;
constexpr std::size_t name_max = 64;
constexpr std::uint32_t partitions_max = 10'000;
using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds patience{5'000};
constexpr std::chrono::milliseconds retry_every{100};

[[noreturn]] void unreadable(std::string_view line) {
  throw LogError("the record of the log's layout is not understood at `" + std::string(line.substr(0, name_max)) +
                 "`: it was written by another version, or by something else");
}

std::uint32_t number_of(std::string_view line, std::string_view text, std::uint32_t max) {
  std::uint32_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size() || number == 0 || number > max)
    unreadable(line);
  return number;
}

void take_line(std::string_view line, LayoutRecord& record) {
  const auto space = line.find(' ');
  if (space == std::string_view::npos || line.size() > 2 * name_max) unreadable(line);
  const auto name = line.substr(0, space);
  const auto value = line.substr(space + 1);
  if (name == "identity") {
    record.identity = value;
  } else if (name == "key_hash") {
    record.layout.key_hash = value;
  } else if (name == "format") {
    record.layout.format = number_of(line, value, UINT32_MAX);
  } else {
    const auto topic = std::find(topic_names.begin(), topic_names.end(), name);
    if (topic == topic_names.end()) unreadable(line);
    record.layout.partitions[static_cast<std::size_t>(topic - topic_names.begin())] =
        number_of(line, value, partitions_max);
  }
}

}  // namespace

std::string text_of(const LayoutRecord& record) {
  auto text = "format " + std::to_string(record.layout.format) + "\nkey_hash " + record.layout.key_hash +
              "\nidentity " + record.identity + "\n";
  for (std::size_t n = 0; n < topics_count; ++n)
    text += std::string(topic_names[n]) + " " + std::to_string(record.layout.partitions[n]) + "\n";
  return text;
}

LayoutRecord parse_layout(std::string_view text) {
  if (text.size() > record_text_max) unreadable("more than 4,096 bytes");
  LayoutRecord record;
  for (auto rest = text; !rest.empty();) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) unreadable(rest);
    take_line(rest.substr(0, end), record);
    rest.remove_prefix(end + 1);
  }
  if (record.identity.empty() || text_of(record) != text) unreadable("its end");  // a line twice, or none
  return record;
}

LogIdentity draw_identity() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::random_device random;
  LogIdentity identity;
  for (int n = 0; n < 4; ++n) {
    auto word = random();
    for (int digit = 0; digit < 8; ++digit, word >>= 4U) identity += digits[word & 15U];
  }
  return identity;
}

std::optional<LayoutRecord> read_layout(Connection& connection, const Asker& asker) {
  const auto end = end_of(asker, connection.layout_topic(), answer_max);
  if (end == 0) return std::nullopt;
  Carrier carrier(connection);
  std::optional<LayoutRecord> found;
  // A topic that was just made may be between leaders.
  for (const auto until = Clock::now() + patience;; std::this_thread::sleep_for(retry_every)) {
    Feed feed(carrier, connection.layout_topic(), 0, 0, nullptr, nullptr);
    feed.read({}, 0, 1, end, patience, [&found](const LogRecord& record) {
      found = parse_layout({reinterpret_cast<const char*>(record.value.data()), record.value.size()});
      return false;
    });
    if (!feed.trouble()) return found;
    if (feed.trouble()->kind != Trouble::passing || Clock::now() > until)
      throw LogError("cannot read " + connection.layout_topic() + ": " + feed.trouble()->why);
  }
}

void write_layout(Connection& connection, const LayoutRecord& record) {
  int outcome = RD_KAFKA_RESP_ERR__TIMED_OUT;
  Ears ears;
  ears.delivered = [&outcome](const rd_kafka_message_s& message) { outcome = message.err; };
  const auto client = connection.open(Role::producer, {}, ears);
  auto text = text_of(record);
  const auto code =
      rd_kafka_producev(client.get(), RD_KAFKA_V_TOPIC(connection.layout_topic().c_str()), RD_KAFKA_V_PARTITION(0),
                        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(text.data(), text.size()),
                        RD_KAFKA_V_KEY(record.identity.data(), record.identity.size()), RD_KAFKA_V_END);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_flush(client.get(), static_cast<int>(patience.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR || outcome != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw LogError("cannot write the log's layout to " + connection.layout_topic() + ": " +
                   words_for(code != RD_KAFKA_RESP_ERR_NO_ERROR ? code : outcome) + connection.last_complaint());
}

std::vector<std::string> differences(const LogLayout& there, const LogLayout& wanted) {
  std::vector<std::string> result;
  const auto compare = [&result](std::string_view what, const std::string& is, const std::string& should) {
    if (is != should) result.push_back(std::string(what) + " is " + is + ", and should be " + should);
  };
  compare("format", std::to_string(there.format), std::to_string(wanted.format));
  compare("key hash", there.key_hash, wanted.key_hash);
  for (std::size_t n = 0; n < topics_count; ++n)
    compare("partitions of " + std::string(topic_names[n]), std::to_string(there.partitions[n]),
            std::to_string(wanted.partitions[n]));
  return result;
}

}  // namespace virtscale::kafka
