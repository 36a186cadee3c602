// Wishes: what signal makes of what comes in. However often an alert or a schedule's instant comes, it is applied once.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "tests/simulation/engine/outside.hpp"

namespace virtscale::simulation {

class Wishes {
 public:
  explicit Wishes(Story& story) : story_(story) {}

  /// A record of `alerts` that was folded.
  void note_alert(const Recorded& record);
  /// A record of `signals` that was folded.
  void note_signal(const Recorded& record);

 private:
  Story& story_;
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::string> causes_;  // by partition and offset of `alerts`
  std::map<std::string, std::string> applied_;                             // where, by cause
};

}  // namespace virtscale::simulation
