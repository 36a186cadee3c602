#include "replay/decision/birth.hpp"

#include <array>

#include "schemas/codec.hpp"
#include "topology/graph.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::replay {
namespace {

// The stages that begin scale events: signal on what happens outside, policy on a service below its minimum.
constexpr std::array beginners = {Source::signal, Source::policy};
// Those whose inboxes get the first event.
constexpr std::array readers = {Source::policy, Source::orchestration, Source::audit};
constexpr std::size_t read_at_once = 4'096;

// Where something may stand: parts of one partition of a stage's inbox.
struct Places {
  Source stage{};
  TopicPartition of;
  std::vector<OffsetRange> parts;
};

std::vector<Places> places_in(Log& log, StateIndex& index, ScaleId scale, std::span<const Source> stages) {
  std::vector<Places> places;
  for (const auto stage : stages) {
    const auto inbox = graph::node_of(stage).inbox;
    const auto partitions = log.layout().partitions[static_cast<std::size_t>(inbox)];
    for (std::uint32_t p = 0; p < partitions; ++p)
      places.push_back({stage, {inbox, p}, index.parts_with({inbox, p}, scale)});
  }
  return places;
}

std::optional<EventId> hash_places(const Places& places, ScaleId scale, std::uint32_t index) {
  for (const auto& part : places.parts) {
    for (auto offset = part.from; offset < part.to; ++offset) {
      const EventId id{offset, places.of.partition, index, places.stage};
      if (scale_of(id) == scale) return id;
    }
  }
  return std::nullopt;
}

// The first event of the scale event on one partition, if its id is what the scale event was named after.
std::optional<EventId> read_part(Log& log, ScaleId scale, TopicPartition of, const OffsetRange& part) {
  std::optional<EventId> found;
  for (std::uint64_t next = part.from; !found && next < part.to;) {
    const auto read = log.read(of, next, read_at_once, [&](const LogRecord& record) {
      next = record.offset + 1;
      const auto* event = schema::verify_event(record.value);
      if (event == nullptr || event->header()->scale() != scale.value) return next < part.to;
      const auto id = id_of(event->header()->id());
      if (scale_of(id) == scale) found = id;
      return !found && next < part.to;
    });
    if (read == 0) break;
  }
  return found;
}

}  // namespace

std::optional<EventId> find_birth(Log& log, StateIndex& index, ScaleId scale) {
  const auto begun_in = places_in(log, index, scale, beginners);
  for (std::uint32_t n = 0; n < birth_index_end; ++n) {
    for (const auto& places : begun_in) {
      if (const auto id = hash_places(places, scale, n)) return id;
    }
  }
  for (const auto& places : places_in(log, index, scale, readers)) {
    for (const auto& part : places.parts) {
      if (const auto id = read_part(log, scale, places.of, part)) return id;
    }
  }
  return std::nullopt;
}

}  // namespace virtscale::replay
