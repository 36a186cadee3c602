// Admission: what the host decides about a record before a fold may see it.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "schemas/codec.hpp"
#include "topology/graph.hpp"
#include "topology/ports/log.hpp"

namespace virtscale {

/// Which events graph.hpp allows on one inbox, by who wrote them.
class AllowedEvents {
 public:
  explicit AllowedEvents(Topic inbox);
  bool allows(Source from, schema::Body body) const {
    return (by_source_[static_cast<std::size_t>(from)] >> static_cast<unsigned>(body)) & 1;
  }

 private:
  static_assert(static_cast<unsigned>(schema::Body::MAX) < 64);
  std::array<std::uint64_t, 6> by_source_{};
};

/// The header's ids in the contract's words.
EventId id_of(const schema::EventId& id);
schema::EventId to_schema(const EventId& id);

/// An Event if `record` is one and may stand where it stands; otherwise null, and `reason` says why not.
/// `partitions` is the number of partitions of the record's topic.
const schema::Event* admit(const LogRecord& record, const AllowedEvents& allowed, std::uint32_t partitions,
                           std::string& reason);

/// The hash that belongs in the header of `event`, whatever stands there: of its bytes with the hash zero, and, if it
/// has a lane number, chained with `previous`, the hash of the lane's event before it (0: there was none). So the hash
/// of a lane's last event stands for all of them, as the head of a hash chain does (Lamport, CACM 24(11), 1981).
/// REQUIRES: `event` is an Event.
std::uint64_t header_hash(Bytes event, std::uint64_t previous);

struct HeaderFields {
  EventId id;
  EventId answers{};
  ScaleId scale{};
  std::uint64_t lane = 0;
  std::uint64_t previous = 0;  ///< the hash of the lane's event before this one
  std::uint32_t epoch = 0;
};
/// Fills the header of an encoded Event in place, its hash last. Returns the hash.
std::uint64_t fill_header(std::span<std::byte> event, const HeaderFields& fields);

}  // namespace virtscale
