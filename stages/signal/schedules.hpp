// The ticking of cron schedules: when one is due, a ScheduleDue is appended to `alerts`.
//
// The one thing to know: ticks may be lost, late or doubled by any number of processes; the fold applies each instant
// once. So this keeps nothing, and looks back a little when it starts.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "topology/ports/clock.hpp"
#include "topology/ports/edge.hpp"

namespace virtscale::signal {

/// One entry `{at: ..., zone: ...}` of a service's `scale:`.
struct Schedule {
  std::string org;
  std::string service;
  std::string cron;
  std::string zone;
};

/// Ticks from its making until its destruction, on the executor's thread.
class Schedules {
 public:
  /// How often the clock is looked at: cron's own grain is a minute.
  static constexpr Duration tick = seconds(1);
  /// On start, the latest instant of each schedule within this time is ticked again: this process may have been down
  /// when it was due.
  static constexpr Duration look_back = hours(1);
  /// Entries of all services; services beyond it are not ticked.
  static constexpr std::size_t schedules_max = 100'000;

  /// `known` are the schedules of the services applied so far; those applied from now on are learned from `alerts`.
  /// Schedules that cannot be read are not ticked: the edge of documents refuses them. The references must outlive the
  /// executor's last run.
  Schedules(EdgeLog& log, const Clock& clock, Executor& executor, std::vector<Schedule> known);
  ~Schedules();
  Schedules(const Schedules&) = delete;
  Schedules& operator=(const Schedules&) = delete;

 private:
  class Ticking;
  std::shared_ptr<Ticking> ticking_;
};

}  // namespace virtscale::signal
