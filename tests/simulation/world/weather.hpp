// The weather: what happens to the world as a whole, whoever is looking.
#pragma once

#include "tests/simulation/world/world.hpp"

namespace virtscale::simulation {

/// Balancers that restart or go away, servers that somebody takes out, mail servers that are down.
class Weather {
 public:
  /// How often it may turn.
  static constexpr Duration every = seconds(5);

  explicit Weather(World& world) : world_(world) {}
  void begin() { turn(); }
  /// It turns no more, and what is down comes back at once.
  void end();

 private:
  void turn();

  World& world_;
  bool over_ = false;
};

}  // namespace virtscale::simulation
