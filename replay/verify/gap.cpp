#include "replay/verify/gap.hpp"

#include "replay/text.hpp"

namespace virtscale::replay {
namespace {

const schema::Event& event_in(Bytes verified) {
  return *schema::GetEvent(reinterpret_cast<const std::uint8_t*>(verified.data()));
}

bool is_the_missing(const Gap& gap, Bytes value) {
  const auto* event = schema::verify_event(value);
  return event != nullptr && event->header()->lane() == gap.number &&
         event->header()->id().stage() == static_cast<std::uint8_t>(gap.place.stage) &&
         event->header()->id().partition() == gap.place.partition;
}

// A stage's event is hashed with the one before it in its lane, so that one is looked up; only a snapshot may stand for
// one that is not there.
bool was_changed(const KeptRecord& record, const LogSource& source, Lanes& lanes) {
  const auto* event = schema::verify_event(record.value);
  if (event == nullptr) return true;
  const auto id = id_of(event->header()->id());
  if (id.stage == Source::edge) return is_altered(record.value, *event);
  const LanePlace lane{id.stage, id.partition, record.at.of};
  if (!lanes.has(lane)) return true;
  const auto number = event->header()->lane();
  if (number <= 1) return event->header()->hash() != header_hash(record.value, 0);
  const EventId from{0, id.partition, 0, id.stage};
  const auto before = lanes.of(lane).firsts.find(*source.log, record.at.of, from, number - 1);
  if (!before) return source.snapshots.empty();
  return event->header()->hash() != header_hash(record.value, event_in(before->value).header()->hash());
}

}  // namespace

bool is_altered(Bytes value, const schema::Event& event) {
  const auto hash = event.header()->hash();
  return hash != 0 && hash != header_hash(value, 0);
}

KeptRecord kept_of(const LogRecord& record) {
  return {{record.from, record.offset},
          record.timestamp,
          std::string(record.key),
          {record.value.begin(), record.value.end()}};
}

void look_into_gap(const Gap& gap, const LogSource& source, Lanes& lanes, Divergence& divergence) {
  std::vector<KeptRecord> suspects;
  std::optional<RecordPlace> misplaced;
  source.log->read(gap.place.target, gap.from, SIZE_MAX, [&](const LogRecord& record) {
    if (is_the_missing(gap, record.value)) {
      misplaced = {record.from, record.offset};
    } else if (record.offset <= gap.until && suspects.size() < suspects_max) {
      suspects.push_back(kept_of(record));
    }
    return !misplaced;
  });
  for (auto& suspect : suspects) {
    if (!was_changed(suspect, source, lanes)) continue;
    divergence.what += "; " + place(suspect.at.of, suspect.at.offset) + " was changed after it was written";
    divergence.at = suspect.at;
    divergence.recorded = DivergedEvent{std::move(suspect.key), std::move(suspect.value)};
    return;
  }
  if (!misplaced) return;
  divergence.what += "; it stands out of its order at " + place(misplaced->of, misplaced->offset);
  divergence.at = *misplaced;
}

}  // namespace virtscale::replay
