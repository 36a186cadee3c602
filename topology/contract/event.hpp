// Who an event is: the ids that are derived, never drawn, and the topics that events travel on.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "topology/contract/key_text.hpp"

namespace virtscale {

using Bytes = std::span<const std::byte>;

/// Where an event comes from. `edge` is everything outside the folds: producers, operators, timers, effects' answers.
/// The values are part of the recorded bytes: append only.
enum class Source : std::uint8_t { edge = 0, signal = 1, policy = 2, orchestration = 3, dataplane = 4, audit = 5 };

/// The topics of the log. The values are part of the recorded bytes: append only.
enum class Topic : std::uint8_t {
  alerts = 0,
  signals = 1,
  decisions = 2,
  placements = 3,
  outcomes = 4,
  ledger = 5,
  deadletters = 6,
};
inline constexpr std::size_t topics_count = 7;
inline constexpr std::array<std::string_view, topics_count> topic_names = {
    "alerts", "signals", "decisions", "placements", "outcomes", "ledger", "deadletters"};
constexpr std::string_view name_of(Topic topic) {
  return topic_names[static_cast<std::size_t>(topic)];
}

/// One partition of one topic.
struct TopicPartition {
  Topic topic{};
  std::uint32_t partition = 0;
  friend constexpr auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

/// The identity of an event: the record that caused it, and which of that record's events it is. Ordered, unique for
/// ever, and it names the cause. An edge makes its own: `offset` is then a number drawn at process start and
/// {partition, index} count from it.
struct EventId {
  std::uint64_t offset = 0;
  std::uint32_t partition = 0;
  std::uint32_t index = 0;
  Source stage = Source::edge;
  friend constexpr auto operator<=>(const EventId&, const EventId&) = default;
  /// No event has the id that is all zero.
  constexpr explicit operator bool() const { return *this != EventId{}; }
};

/// The scale event that a record belongs to: 48 bits, printed as `evt-7f3a91c04be2`; 0 means none.
struct ScaleId {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(ScaleId, ScaleId) = default;
  constexpr explicit operator bool() const { return value != 0; }
};

/// The id of the event that a step emits as its `n`-th, counted from 0. `step` is `Inbound::at`.
constexpr EventId emitted(EventId step, std::uint32_t n) {
  return {step.offset, step.partition, n, step.stage};
}

/// The scale event that begins with the event `first`: BLAKE2b of its id (RFC 7693), cut to 48 bits, never 0.
ScaleId scale_of(const EventId& first);
/// `evt-` and 12 hexadecimal digits.
FixedText<16> text_of(ScaleId scale);
std::string to_string(ScaleId scale);
/// The reverse of `to_string`; the empty ScaleId if `text` is not of that form.
ScaleId parse_scale(std::string_view text);

/// The partition of a key among `partitions` ≥ 1: murmur2 with the sign bit cleared, as the default partitioner of
/// Kafka's Java client has it, so that foreign producers agree with us.
std::uint32_t partition_of(std::string_view key, std::uint32_t partitions);

}  // namespace virtscale
