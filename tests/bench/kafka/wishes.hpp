// What the kafka bench puts into policy's inbox: contracts and services of some orgs, then scales that are wanted.
//
// The one thing to know: the events are those that the edge and the signal stage would have written, lane numbers and
// chained hashes included; Virtscale and its peers read the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "topology/ports/log.hpp"

namespace virtscale::bench {

/// A record of `signals`, with the partition in which it belongs.
struct WishRecord {
  std::uint32_t partition = 0;
  std::string key;
  std::vector<std::byte> value;
};

/// Wishes for one domain more, over all services in turn. All orgs have room for them but one in twenty, whose envelope
/// is soon full.
class Wishes {
 public:
  explicit Wishes(std::uint32_t partitions) : lanes_(partitions) {}

  /// To be appended first.
  std::vector<WishRecord> documents();
  /// The next one. `signal_at_us` comes back in the decision.
  WishRecord next(std::int64_t signal_at_us);

 private:
  struct Lane {
    std::uint64_t number = 0;
    std::uint64_t hash = 0;
  };
  WishRecord from_signal(const std::string& org, std::vector<std::byte> event, std::uint64_t scale);

  std::vector<Lane> lanes_;
  std::uint64_t written_ = 0;
  std::uint64_t wished_ = 0;
};

/// The time that a wish carried, from the decision about it, or from the wish itself where it was only passed on;
/// negative for any other event. REQUIRES: an Event of ours or a peer's.
std::int64_t signal_at_of(Bytes event);

}  // namespace virtscale::bench
