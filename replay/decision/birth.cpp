#include "replay/decision/birth.hpp"

#include <array>

#include "schemas/codec.hpp"
#include "topology/graph.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::replay {
namespace {

// The stages that begin scale events: signal on what happens outside, policy on a service below its minimum.
constexpr std::array beginners = {Source::signal, Source::policy};
constexpr std::size_t read_at_once = 4'096;

std::uint32_t partitions_of(const Log& log, Topic topic) {
  return log.layout().partitions[static_cast<std::size_t>(topic)];
}

std::optional<EventId> hash_places(const Log& log, ScaleId scale, Source stage, std::uint32_t index) {
  const auto inbox = graph::node_of(stage).inbox;
  for (std::uint32_t p = 0; p < partitions_of(log, inbox); ++p) {
    const auto end = log.end({inbox, p});
    for (std::uint64_t offset = 0; offset < end; ++offset) {
      const EventId id{offset, p, index, stage};
      if (scale_of(id) == scale) return id;
    }
  }
  return std::nullopt;
}

// The first event of the scale event on one partition, if its id is what the scale event was named after.
std::optional<EventId> read_partition(Log& log, ScaleId scale, TopicPartition of) {
  std::optional<EventId> found;
  for (std::uint64_t next = 0; !found;) {
    const auto read = log.read(of, next, read_at_once, [&](const LogRecord& record) {
      next = record.offset + 1;
      const auto* event = schema::verify_event(record.value);
      if (event == nullptr || event->header()->scale() != scale.value) return true;
      const auto id = id_of(event->header()->id());
      if (scale_of(id) == scale) found = id;
      return !found;
    });
    if (read < read_at_once) break;
  }
  return found;
}

}  // namespace

std::optional<EventId> find_birth(Log& log, ScaleId scale) {
  for (std::uint32_t index = 0; index < birth_index_end; ++index) {
    for (const auto stage : beginners) {
      if (const auto id = hash_places(log, scale, stage, index)) return id;
    }
  }
  for (const auto topic : {Topic::signals, Topic::decisions, Topic::outcomes}) {
    for (std::uint32_t p = 0; p < partitions_of(log, topic); ++p) {
      if (const auto id = read_partition(log, scale, {topic, p})) return id;
    }
  }
  return std::nullopt;
}

}  // namespace virtscale::replay
