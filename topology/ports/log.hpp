// The log: topics of partitions of records, appended, read from an offset, and awaited until durable.
//
// The one thing to know: a record may be *read* before it is *durable*. Whoever acts on the world, answers a caller or
// writes state first waits until `durable()` has reached the record's ticket (architecture, section 4).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "topology/contract/event.hpp"
#include "topology/contract/units.hpp"
#include "topology/ports/listeners.hpp"

namespace virtscale {

/// A place in the order in which one `Log` object makes records durable. Starts at 0; 0 is always durable.
using Ticket = std::uint64_t;

/// An event may have at most this many bytes: room below Kafka's default `message.max.bytes` (1 MiB, 1,048,588 with its
/// overhead) for the dead letter that would carry it whole.
inline constexpr std::size_t event_bytes_max = 1'000'000;
/// A record may hold at most this much value.
inline constexpr std::size_t record_bytes_max = event_bytes_max + 20'000;
/// Keys are names; this is far above `org/service` at their own bounds.
inline constexpr std::size_t key_bytes_max = 1'024;

/// A record as it stands in the log. `key` and `value` are borrowed and live until the visitor that got them returns.
struct LogRecord {
  TopicPartition from;
  std::uint64_t offset = 0;  ///< identity and order within the partition; may jump, so never a count
  Instant timestamp;         ///< given by the log at the append
  std::string_view key;
  Bytes value;
  Ticket ticket = 0;  ///< durable once `Log::durable()` is at least this
};

/// A record to append. Borrowed until `append` returns.
struct LogAppend {
  TopicPartition to;
  std::string_view key;
  Bytes value;
};

/// The log cannot do what was asked: the message says what, where and what to do. After a failed `append` or sync the
/// log is `failed()`, takes nothing more, and the process must start again from its own state.
class LogError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What all processes on one log must agree on; written to the log when its topics are made.
struct LogLayout {
  std::uint32_t format = 1;
  std::string key_hash = "murmur2";
  std::array<std::uint32_t, topics_count> partitions{1, 1, 1, 1, 1, 1, 1};
  friend bool operator==(const LogLayout&, const LogLayout&) = default;
};

/// Thread-safe. Callbacks run on a thread of the log's own and must return quickly: they post to an executor.
class Log {
 public:
  virtual ~Log() = default;

  virtual const LogLayout& layout() const = 0;

  /// Appends all of `batch`, in order, as one unit that is recovered whole or not at all where the log can do so.
  /// Returns the ticket of the last record. REQUIRES: sizes within the bounds above.
  /// Throws LogError when the log has failed or the disk is full.
  virtual Ticket append(std::span<const LogAppend> batch) = 0;

  /// Visits the records of `from` with offset ≥ `offset`, in order, until the visitor returns false, `records_max` were
  /// visited, or there are no more. Returns the number visited. Throws LogError for records that cannot be read.
  virtual std::size_t read(TopicPartition from, std::uint64_t offset, std::size_t records_max,
                           const std::function<bool(const LogRecord&)>& visit) = 0;

  /// The offset that the next record of this partition will get at the earliest.
  virtual std::uint64_t end(TopicPartition of) const = 0;

  /// The first offset in this partition whose record has a timestamp of at least `at`; `end` if there is none.
  virtual std::uint64_t offset_at(TopicPartition of, Instant at) = 0;

  /// Everything with a ticket up to this survives a crash of process and machine.
  virtual Ticket durable() const = 0;

  /// Called after appends to `of`, coalesced: read until nothing is left. One listener for each partition and caller.
  /// This and the next two last as long as what they return.
  [[nodiscard]] virtual Subscription on_append(TopicPartition of, std::function<void()> wake) = 0;
  /// Called after `durable()` has grown, coalesced.
  [[nodiscard]] virtual Subscription on_durable(std::function<void()> wake) = 0;
  /// Called once when the log fails, or at once if it has; the text says why and what to do.
  [[nodiscard]] virtual Subscription on_failure(std::function<void(const std::string&)> fail) = 0;

  /// Remembers that the owner of the inbox partition `of` has made everything up to and with `offset` durable
  /// (Kafka: the group's committed offset). Lazy: durable at some later time.
  virtual void commit(TopicPartition of, std::uint64_t offset) = 0;
  /// The last such offset; nothing if there was none.
  virtual std::optional<std::uint64_t> committed(TopicPartition of) const = 0;

  /// Blocks until everything appended so far is durable. Throws LogError as `append` does.
  virtual void sync() = 0;
};

}  // namespace virtscale
