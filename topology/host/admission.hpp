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

/// Fills the header of an encoded Event in place, its hash last (contract/event_hash.hpp of the value with the hash
/// zero).
struct HeaderFields {
  EventId id;
  EventId answers{};
  ScaleId scale{};
  std::uint64_t lane = 0;
  std::uint32_t epoch = 0;
};
void fill_header(std::vector<std::byte>& event, const HeaderFields& fields);

}  // namespace virtscale
