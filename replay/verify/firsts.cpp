#include "replay/verify/firsts.hpp"

#include <algorithm>

#include "schemas/codec.hpp"

namespace virtscale::replay {
namespace {

bool bears(Bytes value, const EventId& source, std::uint64_t number) {
  const auto* event = schema::verify_event(value);
  if (event == nullptr || event->header()->lane() != number) return false;
  const auto& id = event->header()->id();
  return id.stage() == static_cast<std::uint8_t>(source.stage) && id.partition() == source.partition;
}

}  // namespace

void FirstPlaces::keep(std::uint64_t number, std::uint64_t offset) {
  samples_.push_back({number, offset});
  if (samples_.size() < samples_max) return;
  stride_ *= 2;
  std::erase_if(samples_, [this](const Place& place) { return (place.number & (stride_ - 1)) != 0; });
}

std::uint64_t FirstPlaces::offset_before(std::uint64_t number) const {
  const auto after = std::ranges::upper_bound(samples_, number, {}, &Place::number);
  const auto sampled = after == samples_.begin() ? 0 : std::prev(after)->offset;
  return found_.number < number ? std::max(sampled, found_.offset) : sampled;
}

std::optional<KeptRecord> FirstPlaces::find(Log& log, TopicPartition partition, const EventId& source,
                                            std::uint64_t number) {
  std::optional<KeptRecord> first;
  log.read(partition, offset_before(number), SIZE_MAX, [&](const LogRecord& record) {
    if (!bears(record.value, source, number)) return true;
    first = KeptRecord{{record.from, record.offset},
                       record.timestamp,
                       std::string(record.key),
                       {record.value.begin(), record.value.end()}};
    return false;
  });
  if (first) found_ = {number, first->at.offset};
  return first;
}

}  // namespace virtscale::replay
