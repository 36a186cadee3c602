// Limits: what a service's document sets: bounds of replicas, and the rest between two changes by alerts.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/simulation/engine/outside.hpp"

namespace virtscale::simulation {

class Limits {
 public:
  explicit Limits(Story& story) : story_(story) {}

  // Records that were folded.
  void note_decision(const Recorded& record);
  void note_outcome(const Recorded& record);
  void judge();

 private:
  /// What a service's document said when a change was admitted.
  struct Document {
    std::int32_t min = 0;
    std::int32_t max = 0;
    std::int64_t cooldown_out_us = 0;
    std::int64_t cooldown_in_us = 0;
  };
  /// An admitted change.
  struct Change {
    ScaleId scale;
    schema::SignalKind kind{};
    std::int64_t at_us = 0;
    std::int32_t from = 0;
    std::int32_t to = 0;
  };
  struct Rest {
    std::int64_t last_out_us = 0;  // 0: never
    std::int64_t last_in_us = 0;
  };

  void judge(const std::string& service, const Change& change, const Document& document, Rest& rest);

  Story& story_;
  std::map<ScaleId, Document> documents_;
  std::map<std::string, std::vector<Change>> changes_;  // by org/service, in order
};

}  // namespace virtscale::simulation
