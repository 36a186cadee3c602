// How long the outside took, as it was recorded: what an answer that the log does not have is modelled from.
//
// The one thing to know: a modelled time is one of the recorded times, drawn by a seed. No distribution is fitted.
#pragma once

#include <map>
#include <vector>

#include "schemas/codec.hpp"
#include "topology/contract/units.hpp"

namespace virtscale::replay {

/// Of each kind of request the newest so many times are kept: a shadow may look on for weeks.
inline constexpr std::size_t latencies_max = 10'000;

class Latencies {
 public:
  /// A request of this kind was answered well after so long.
  void note(schema::Body asked, Duration took);

  /// The time that a request of this kind takes: one of the recorded ones; 0 if there is none. `drawn` begins as a
  /// seed, and is changed by each draw.
  Duration draw(schema::Body asked, std::uint64_t& drawn) const;
  /// Of how many recorded times `draw` chooses.
  std::size_t samples(schema::Body asked) const;

 private:
  struct Recorded {
    std::vector<Duration> times;
    std::size_t noted = 0;
  };
  std::map<schema::Body, Recorded> recorded_;
};

}  // namespace virtscale::replay
