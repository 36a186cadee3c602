#include "topology/adapters/kafka/outlet.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <tuple>

namespace virtscale::kafka {
namespace {

// RD_KAFKA_IDEMP_MAX_INFLIGHT, which librdkafka compares to the number of records, not of requests.
constexpr std::size_t under_way_max = 5;
// librdkafka fills a request to 1,000,000 bytes, and what is left would wait in its queue. A partition has one such
// request under way at a time, so a small one would waste the way there and back.
constexpr std::size_t lot_bytes_max = 950'000;
// What a record takes in a request beside its key and value, at most: lengths, offset and time as varints (KIP-98).
constexpr std::size_t record_fields_max = 24;
// librdkafka's own for a request is 10,000.
constexpr std::size_t lot_records_max = 8'000;

void* opaque_of(Ticket ticket) {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(ticket));
}

// Copied by librdkafka: its type serves both ways, and is not const.
rd_kafka_message_t message_of(const void* key, std::size_t key_bytes, const void* value, std::size_t value_bytes,
                              Ticket ticket) {
  rd_kafka_message_t message{};
  message.payload = const_cast<void*>(value);
  message.len = value_bytes;
  message.key = const_cast<void*>(key);
  message.key_len = key_bytes;
  message._private = opaque_of(ticket);
  return message;
}

std::size_t wire_bytes_of(const LogAppend& record) {
  return record.key.size() + record.value.size() + record_fields_max;
}

// At least one, and no more than fit into a request.
std::size_t count_for_one_request(std::span<const Numbered> records) {
  std::size_t count = 1;
  auto bytes = wire_bytes_of(*records.front().record);
  while (count < std::min(records.size(), lot_records_max) &&
         (bytes += wire_bytes_of(*records[count].record)) <= lot_bytes_max)
    ++count;
  return count;
}

}  // namespace

Ticket ticket_of(const rd_kafka_message_s& message) {
  return static_cast<Ticket>(reinterpret_cast<std::uintptr_t>(message._private));
}

void Outlet::append(rd_kafka_topic_s& topic, std::uint32_t partition, std::span<const Numbered> records) {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty() && can_send()) {
    const auto count = count_for_one_request(records);
    give(topic, partition, messages_of(records.first(count)));
    records = records.subspan(count);
  }
  for (const auto& one : records) keep(one);
}

void Outlet::acknowledged(rd_kafka_topic_s& topic, std::uint32_t partition, std::size_t count) {
  const std::lock_guard lock(mutex_);
  while (count > 0) {
    auto& first = given_.front();
    const auto its = std::min(count, first.left);
    first.left -= its;
    count -= its;
    if (first.left == 0) given_.pop_front();
  }
  if (waiting_.empty() || !can_send()) return;
  auto lot = std::move(waiting_.front());
  waiting_.pop_front();
  auto messages = messages_of(lot);
  give(topic, partition, std::move(messages), std::move(lot.bytes));
}

bool Outlet::can_send() const {
  std::size_t under_way = 0;
  for (const auto& parcel : given_) under_way += parcel.left;
  return under_way < under_way_max;
}

bool Outlet::Lot::has_room_for(const LogAppend& record) const {
  return pieces.size() < lot_records_max &&
         bytes.size() + pieces.size() * record_fields_max + wire_bytes_of(record) <= lot_bytes_max;
}

void Outlet::keep(const Numbered& one) {
  const auto& [key, value] = std::tie(one.record->key, one.record->value);
  if (waiting_.empty() || !waiting_.back().has_room_for(*one.record))
    waiting_.emplace_back().bytes.reserve(lot_bytes_max);
  auto& lot = waiting_.back();
  const auto key_bytes = std::as_bytes(std::span(key));
  lot.bytes.insert(lot.bytes.end(), key_bytes.begin(), key_bytes.end());
  lot.bytes.insert(lot.bytes.end(), value.begin(), value.end());
  lot.pieces.push_back({key.size(), value.size(), one.ticket});
}

std::vector<rd_kafka_message_s> Outlet::messages_of(std::span<const Numbered> records) {
  std::vector<rd_kafka_message_t> messages;
  messages.reserve(records.size());
  for (const auto& [record, ticket] : records)
    messages.push_back(
        message_of(record->key.data(), record->key.size(), record->value.data(), record->value.size(), ticket));
  return messages;
}

std::vector<rd_kafka_message_s> Outlet::messages_of(Lot& lot) {
  std::vector<rd_kafka_message_t> messages;
  messages.reserve(lot.pieces.size());
  const auto* at = lot.bytes.data();
  for (const auto& [key_bytes, value_bytes, ticket] : lot.pieces) {
    messages.push_back(message_of(at, key_bytes, at + key_bytes, value_bytes, ticket));
    at += key_bytes + value_bytes;
  }
  return messages;
}

void Outlet::give(rd_kafka_topic_s& topic, std::uint32_t partition, std::vector<rd_kafka_message_s> messages,
                  std::vector<std::byte> lie_in) {
  const int flags = lie_in.empty() ? RD_KAFKA_MSG_F_COPY : 0;
  const auto taken = rd_kafka_produce_batch(&topic, static_cast<std::int32_t>(partition), flags, messages.data(),
                                            static_cast<int>(messages.size()));
  given_.push_back({static_cast<std::size_t>(taken), std::move(lie_in)});
  const auto refused = std::ranges::find_if(messages, [](const auto& one) { return one.err != 0; });
  if (refused != messages.end()) throw LogError(words_for(refused->err));
}

}  // namespace virtscale::kafka
