// The five folds over a log in memory, driven one line at a time: nothing moves unless a scenario says so.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "topology/adapters/memory/manual_clock.hpp"
#include "topology/adapters/memory/memory_log.hpp"
#include "topology/host/edge_id.hpp"
#include "topology/host/partition.hpp"
#include "topology/ports/documents.hpp"

namespace virtscale::test {

/// One stage, whatever its types.
class AnyStage {
 public:
  virtual ~AnyStage() = default;
  /// Folds at most `records_max` records of the log that were not folded yet. Events are appended, requests and the
  /// broken invariant, if any, are kept. Returns the number folded.
  virtual std::size_t fold(Log& log, std::size_t records_max) = 0;
  /// Requests that are asked and not answered, in the order in which they were asked.
  virtual std::vector<std::shared_ptr<const EffectRequest>>& requests() = 0;
  virtual const Books& books() const = 0;
  virtual Topic inbox() const = 0;
  /// Everything that this stage has emitted, in order.
  virtual const std::vector<std::vector<std::byte>>& emitted() const = 0;
};

/// A stage by its name (graph.hpp), with nothing folded yet.
std::unique_ptr<AnyStage> make_stage(std::string_view name);

class World {
 public:
  World();

  ManualClock clock;
  MemoryLog log{LogLayout{}, clock};
  std::map<std::string, std::unique_ptr<AnyStage>, std::less<>> stages;

  /// Appends an event as the outside would.
  void append(Topic to, std::string_view key, std::vector<std::byte> event);
  /// Appends the answer to the oldest request of `stage` whose body is `asked`. False if there is none.
  bool answer(std::string_view stage, schema::Body asked, std::vector<std::byte> event);
  /// Rings the timers of `stage` that are due by the clock.
  void ring(std::string_view stage);
  /// Folds every stage until nothing is left to fold.
  void settle();
  /// Visits every event on every topic but `deadletters`, topic by topic.
  void each_event(const std::function<void(Topic, const schema::Event&)>& visit);
  /// The lines of an org's ledger so far.
  std::vector<std::string> ledger(std::string_view org);

 private:
  EdgeIds ids_{42};
};

}  // namespace virtscale::test
