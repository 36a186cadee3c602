// Where the events of one lane stand in their partition: enough to find any of them again, in bounded memory.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "replay/causes.hpp"

namespace virtscale::replay {

/// One place of every `stride` lane numbers is kept; the stride doubles when there are too many. So a lane of any
/// length takes 32 KiB at most, and an event of it is found by reading a part of its partition.
class FirstPlaces {
 public:
  static constexpr std::size_t samples_max = 2'048;

  /// The event with this number stands at `offset`. REQUIRES: numbers ascend.
  void note(std::uint64_t number, std::uint64_t offset) {
    if ((number & (stride_ - 1)) == 0) keep(number, offset);
  }

  /// Reads the event of `source` with this lane number from `partition`; nothing if it is not there. Fast for numbers
  /// that ascend from call to call. Throws LogError.
  std::optional<KeptRecord> find(Log& log, TopicPartition partition, const EventId& source, std::uint64_t number);

 private:
  struct Place {
    std::uint64_t number = 0;
    std::uint64_t offset = 0;
  };

  void keep(std::uint64_t number, std::uint64_t offset);
  std::uint64_t offset_before(std::uint64_t number) const;

  std::uint64_t stride_ = 1;
  std::vector<Place> samples_;
  Place found_;  // by the last call
};

}  // namespace virtscale::replay
