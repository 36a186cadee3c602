// What an edge may do: append to the log as the outside, and watch what becomes of it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/contract/event.hpp"
#include "topology/ports/log.hpp"

namespace virtscale {

/// The log as an edge sees it. Thread-safe.
class EdgeLog {
 public:
  virtual ~EdgeLog() = default;

  /// The id that the next event of this edge shall have; unique for ever. Draw it first to know what to wait for.
  virtual EventId next_id() = 0;

  /// Called with nothing once the event is durable, or with what went wrong and what to do.
  using Appended = std::function<void(const std::string* error)>;

  /// Appends an encoded Event (schemas/codec.hpp: encode) under `id` to the partition of `key`. `done` is called once,
  /// on any thread.
  virtual void append(EventId id, Topic to, std::string_view key, std::vector<std::byte> event, Appended done) = 0;

  /// Visits each record of `topic` that becomes durable after this call, on a thread of the edge log's own.
  virtual void watch(Topic topic, std::function<void(const LogRecord&)> visit) = 0;
};

}  // namespace virtscale
