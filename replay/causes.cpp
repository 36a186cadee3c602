#include "replay/causes.hpp"

#include <algorithm>

#include "schemas/codec.hpp"
#include "topology/graph.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::replay {
namespace {

// Up to the first event that the same source has written behind it: a lane is in order.
std::optional<KeptRecord> find_between(Log& log, TopicPartition where, std::uint64_t from, std::uint64_t end,
                                       const EventId& id) {
  std::optional<KeptRecord> found;
  log.read(where, from, SIZE_MAX, [&](const LogRecord& record) {
    const auto* event = record.offset < end ? schema::verify_event(record.value) : nullptr;
    if (event == nullptr) return record.offset < end;
    const auto other = id_of(event->header()->id());
    if (other.stage != id.stage || other.partition != id.partition || other < id) return true;
    if (other == id)
      found = KeptRecord{{where, record.offset},
                         record.timestamp,
                         std::string(record.key),
                         {record.value.begin(), record.value.end()}};
    return false;
  });
  return found;
}

}  // namespace

std::optional<RecordPlace> cause_of(const EventId& id) {
  if (id.stage == Source::edge || id.stage > Source::audit) return std::nullopt;
  return RecordPlace{{graph::node_of(id.stage).inbox, id.partition}, id.offset};
}

std::optional<RecordPlace> cause_of(Bytes event) {
  const auto* verified = schema::verify_event(event);
  if (verified == nullptr) return std::nullopt;
  const auto cause = cause_of(id_of(verified->header()->id()));
  return cause ? cause : cause_of(id_of(verified->header()->answers()));
}

std::optional<KeptRecord> record_at(Log& log, const RecordPlace& at) {
  std::optional<KeptRecord> kept;
  if (at.of.partition >= log.layout().partitions[static_cast<std::size_t>(at.of.topic)]) return kept;
  log.read(at.of, at.offset, 1, [&](const LogRecord& record) {
    if (record.offset == at.offset) {
      kept = KeptRecord{at, record.timestamp, std::string(record.key), {record.value.begin(), record.value.end()}};
    }
    return false;
  });
  return kept;
}

std::optional<KeptRecord> find_event(Log& log, TopicPartition where, const EventId& id, std::uint64_t end) {
  const auto cause = cause_of(id);
  const auto record = cause ? record_at(log, *cause) : std::nullopt;
  if (!record) return std::nullopt;
  const auto begin = log.offset_at(where, record->timestamp);
  if (auto found = find_between(log, where, begin, end, id)) return found;
  const auto earlier = log.offset_at(where, {record->timestamp.us - clocks_differ_max.us});
  return find_between(log, where, earlier, std::min(begin, end), id);
}

std::vector<KeptRecord> causes_of(Log& log, Bytes event) {
  std::vector<KeptRecord> causes;
  while (causes.size() < causes_max) {
    const auto cause = cause_of(causes.empty() ? event : Bytes(causes.back().value));
    auto record = cause ? record_at(log, *cause) : std::nullopt;
    if (!record) break;
    causes.push_back(std::move(*record));
  }
  std::ranges::reverse(causes);
  return causes;
}

}  // namespace virtscale::replay
