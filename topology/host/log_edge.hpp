// An edge's side of the log: appends as the outside, and watches topics from now on.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "topology/host/edge_id.hpp"
#include "topology/ports/clock.hpp"
#include "topology/ports/edge.hpp"

namespace virtscale {

/// The EdgeLog over any Log. Watchers are called on `executor`, which must outlive this, as `log` must.
class LogEdge final : public EdgeLog {
 public:
  LogEdge(Log& log, Executor& executor, EdgeIds& ids);
  ~LogEdge() override;

  EventId next_id() override { return ids_.next(); }
  void append(EventId id, Topic to, std::string_view key, std::vector<std::byte> event, Appended done) override;
  void watch(Topic topic, std::function<void(const LogRecord&)> visit) override;

 private:
  class Tail;

  Log& log_;
  Executor& executor_;
  EdgeIds& ids_;
  std::shared_ptr<Tail> tail_;
};

}  // namespace virtscale
