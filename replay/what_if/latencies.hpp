// How long the outside took, as it was recorded: what an answer that the log does not have is modelled from.
//
// The one thing to know: a modelled time is one of the recorded times, drawn by a seed. No distribution is fitted.
#pragma once

#include <map>
#include <vector>

#include "replay/what_if/past.hpp"

namespace virtscale::replay {

class Latencies {
 public:
  /// From all requests of the range that were answered well.
  Latencies(const Past& past, std::uint64_t seed);

  /// The time that a request of this kind takes: one of the recorded ones; 0 if there is none.
  Duration draw(schema::Body asked);
  /// Of how many recorded times `draw` chooses.
  std::size_t samples(schema::Body asked) const;

 private:
  std::map<schema::Body, std::vector<Duration>> recorded_;
  std::uint64_t drawn_;
};

}  // namespace virtscale::replay
