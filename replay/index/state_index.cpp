#include "replay/index/state_index.hpp"

#include <algorithm>

#include "replay/snapshot.hpp"
#include "replay/text.hpp"
#include "schemas/codec.hpp"
#include "topology/graph.hpp"

namespace virtscale::replay {
namespace {

constexpr std::size_t read_at_once = 4'096;

// How many sections there are up to the last whose state is before this record.
std::size_t reaching(const Sections& sections, std::uint64_t offset) {
  const auto behind = std::ranges::upper_bound(sections.heads(), offset, {}, &SectionHead::next_offset);
  return static_cast<std::size_t>(behind - sections.heads().begin());
}

TopicPartition inbox_of(const SectionHead& head) {
  return {graph::node_of(static_cast<Source>(head.stage)).inbox, head.partition};
}

// One whose cause the log does not have, as a capsule does not have what was before it, says nothing.
bool stands_in(Log& log, const Witness& witness) {
  const TopicPartition where{static_cast<Topic>(witness.topic), witness.target};
  const EventId id{witness.offset, witness.partition, witness.index, static_cast<Source>(witness.stage)};
  if (!record_at(log, *cause_of(id))) return true;
  const auto event = find_event(log, where, id);
  return event && schema::GetEvent(event->value.data())->header()->hash() == witness.hash;
}

}  // namespace

bool stands_in(Log& log, Sections& sections, std::size_t section) {
  const auto& head = sections.heads()[section];
  bool stands = false;
  log.read(inbox_of(head), head.next_offset - 1, 1, [&](const LogRecord& record) {
    stands = record.offset + 1 == head.next_offset && fingerprint_of(record) == head.record;
    return false;
  });
  return stands && std::ranges::all_of(sections.about(section).witnesses,
                                       [&](const Witness& witness) { return stands_in(log, witness); });
}

void StateIndex::load(Refold& refold, std::uint64_t offset) {
  auto& sections = sections_of(refold.inbox());
  const auto count = reaching(sections, offset);
  if (count == 0) return load_snapshot(snapshots_, refold);
  check(sections, count - 1);
  sections.load(count - 1, refold);
}

std::uint64_t StateIndex::nearest(TopicPartition inbox, std::uint64_t offset) {
  const auto& sections = sections_of(inbox);
  const auto count = reaching(sections, offset);
  return count == 0 ? 0 : sections.heads()[count - 1].next_offset;
}

std::vector<OffsetRange> StateIndex::parts_with(TopicPartition inbox, ScaleId scale) {
  auto& sections = sections_of(inbox);
  std::vector<OffsetRange> parts;
  std::uint64_t indexed_to = 0;
  for (std::size_t s = 0; s < sections.heads().size(); ++s) {
    const auto& head = sections.heads()[s];
    if (std::ranges::binary_search(sections.about(s).scales, scale.value))
      parts.push_back({head.first_offset, head.next_offset});
    indexed_to = head.next_offset;
  }
  const auto end = log_.end(inbox);
  if (indexed_to < end) parts.push_back({indexed_to, end});
  return parts;
}

Sections& StateIndex::sections_of(TopicPartition inbox) {
  const auto known = sections_.find(inbox);
  if (known != sections_.end()) return known->second;
  const auto stage = std::ranges::find(graph::stages, inbox.topic, &graph::StageNode::inbox)->stage;
  auto& sections = sections_.try_emplace(inbox, directory_, stage, inbox.partition).first->second;
  if (!sections.heads().empty()) check(sections, sections.heads().size() - 1);
  return sections;
}

void StateIndex::check(Sections& sections, std::size_t section) {
  if (stands_in(log_, sections, section)) return;
  const auto& head = sections.heads()[section];
  throw IndexError(sections.file().string() + ": a state in it was folded up to " +
                   place(inbox_of(head), head.next_offset - 1) +
                   ", and what stands there and before it in this log is another history: the index is of another log, "
                   "or the log was changed (make the index anew with `virtscale-replay index`, or leave it out with "
                   "--no-index)");
}

void fold_to(Log& log, StateIndex& index, Refold& refold, std::uint64_t offset) {
  index.load(refold, offset);
  Arena arena;
  for (bool more = true; more;) {
    const auto read = log.read(refold.inbox(), refold.next_offset(), read_at_once, [&](const LogRecord& record) {
      if (record.offset >= offset) return more = false;
      arena.clear();
      const auto step = refold.fold(record, arena);
      if (step.fate == Fate::halted)
        throw std::runtime_error(place(record.from, record.offset) + " cannot be folded: " + step.incident);
      return true;
    });
    more = more && read > 0;
  }
}

}  // namespace virtscale::replay
