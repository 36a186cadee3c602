// Callers: whoever brings something in from outside, and asks again until it is told that it is durable.
//
// The one thing to know: a caller that hears nothing, or of a failure, cannot know whether its record is in the log. So
// what it brings again may be there twice, under another id, as over HTTP.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/engine/outside.hpp"

namespace virtscale::simulation {

/// What somebody brings.
struct Errand {
  Topic to{};
  std::string key;
  std::vector<std::byte> event;
  enum class Patience : std::uint8_t {
    stubborn,  ///< asks again until it is durable
    fickle,    ///< asks again only if `Fault::request_repeated` strikes
  };
  Patience patience = Patience::stubborn;
  enum class Way : std::uint8_t { edge, any };
  Way way = Way::edge;  ///< `any`: a producer outside may bring it as well
};

class Callers {
 public:
  /// A caller that hears nothing for so long asks again.
  static constexpr Duration timeout = seconds(5);

  Callers(VirtualTime& time, Faults& faults, Doors& doors, std::uint64_t seed)
      : time_(time), faults_(faults), doors_(doors), dice_(seed, "callers") {}

  void bring(Errand errand);
  /// Errands that are neither durable nor given up.
  std::size_t open() const { return open_; }
  /// The ids under which callers were told that their record is durable.
  const std::set<EventId>& acknowledged() const { return acknowledged_; }

 private:
  struct Going;
  void go(const std::shared_ptr<Going>& going);
  void heard(const std::shared_ptr<Going>& going, std::uint32_t attempt, EventId id, const std::string* error);
  void again(const std::shared_ptr<Going>& going, Duration after);
  EdgeLog* door_for(const Errand& errand);

  VirtualTime& time_;
  Faults& faults_;
  Doors& doors_;
  Dice dice_;
  std::size_t open_ = 0;
  std::set<EventId> acknowledged_;
};

}  // namespace virtscale::simulation
