// The fleet: every domain that is there, whichever process has begun it.
//
// The one thing to know: a name is there once at most, as the port Domains asks of its drivers: whoever starts it again
// finds it. What is there takes its place, whether or not it listens, and whether or not anybody knows of it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/simulation/engine/faults.hpp"
#include "tests/simulation/engine/virtual_time.hpp"
#include "topology/ports/effects.hpp"

namespace virtscale::simulation {

/// A domain that is there.
struct Machine {
  DomainOrder order;
  DomainAddress address;
  std::uint64_t number = 0;  ///< of its birth: a name that is started after it was stopped is another machine
  Instant begun;
  Instant up_at;       ///< from then on its start has succeeded
  Instant listens_at;  ///< from then on it answers
};

class Fleet {
 public:
  /// Told of each machine as it comes or goes.
  using Noticed = std::function<void(const Machine&)>;
  /// A driver gives a start up after this long, and leaves behind what it has begun.
  static constexpr Duration start_deadline = seconds(30);

  Fleet(VirtualTime& time, Faults& faults, Story& story, std::uint64_t seed)
      : time_(time), faults_(faults), story_(story), pace_(seed, "fleet") {}

  /// Starts the domain or finds it, and answers once it is up.
  void start(const DomainOrder& order, Domains::Started done);
  /// Stops it, and forgets it.
  void stop(const std::string& name);
  std::vector<std::string> running(std::string_view cell) const;
  bool listens(const DomainAddress& at) const;

  const std::map<std::string, Machine>& machines() const { return machines_; }
  /// How often the name was stopped, whether it was there or not.
  std::uint32_t stops_of(const std::string& name) const;
  bool was_ever(const std::string& name) const { return births_.contains(name); }
  std::uint64_t begun() const { return last_number_; }

  Noticed on_begin;
  Noticed on_end;

 private:
  void hang(Dice dice, const DomainOrder& order, Domains::Started done);
  Machine& begin(const DomainOrder& order);
  void await(const Machine& machine, Domains::Started done);

  VirtualTime& time_;
  Faults& faults_;
  Story& story_;
  Dice pace_;
  std::map<std::string, Machine> machines_;
  std::map<std::string, std::string> at_;  // names by address
  std::map<std::string, std::uint32_t> births_;
  std::map<std::string, std::uint32_t> stops_;
  std::uint64_t last_number_ = 0;
};

}  // namespace virtscale::simulation
