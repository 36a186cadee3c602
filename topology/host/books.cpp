#include "topology/host/books.hpp"

#include <charconv>

namespace virtscale {
namespace {

std::string lane_key(std::uint8_t side, std::uint32_t partition) {
  char text[12];
  text[0] = static_cast<char>('a' + side);
  const auto end = std::to_chars(text + 1, text + sizeof text, partition).ptr;
  return {text, end};
}

// Ordered as the ids are.
FixedText<24> request_key(const EventId& id) {
  return joined(hex_digits<16>(id.offset), hex_digits<8>(id.index));
}

EventId id_in(const schema::PendingRequestT& request) {
  const auto& id = schema::GetEvent(request.event.data())->header()->id();
  return {id.offset(), id.partition(), id.index(), static_cast<Source>(id.stage())};
}

}  // namespace

template <class Lane>
typename LaneEnds<Lane>::Place* LaneEnds<Lane>::kept(std::uint8_t side, std::uint32_t partition) const {
  if (side >= sides_max || partition >= partitions_max) return nullptr;
  auto& places = places_[side];
  if (partition >= places.size()) places.resize(partition + 1);
  return &places[partition];
}

template <class Lane>
const Lane* LaneEnds<Lane>::find(std::uint8_t side, std::uint32_t partition) const {
  auto* const kept = this->kept(side, partition);
  if (kept == nullptr) return table_.find(lane_key(side, partition));
  if (!*kept) *kept = table_.place(lane_key(side, partition));
  return *kept ? &kept->value() : nullptr;
}

template <class Lane>
Lane& LaneEnds<Lane>::modify(std::uint8_t side, std::uint32_t partition) {
  auto* const kept = this->kept(side, partition);
  if (kept == nullptr) return table_.modify(lane_key(side, partition));
  if (!*kept) *kept = table_.make_place(lane_key(side, partition));
  return table_.modify(*kept);
}

Books::Books() = default;
Books::~Books() = default;

std::vector<AnyTable*> Books::tables() {
  return {&progress_, &seen_.table(), &given_.table(), &pending_, &timers_};
}

void Books::rebuild() {
  progress_place_ = progress_.make_place("");
  seen_.rebuild();
  given_.rebuild();
  due_.clear();
  timers_.each("", [this](std::string_view key, const schema::SetTimerT& timer) {
    due_.insert({{timer.due_us}, std::string(key)});
    return true;
  });
}

const schema::LaneSeenT* Books::lane_seen(Source source, std::uint32_t partition) const {
  return seen_.find(static_cast<std::uint8_t>(source), partition);
}

schema::LaneSeenT& Books::modify_lane_seen(Source source, std::uint32_t partition) {
  return seen_.modify(static_cast<std::uint8_t>(source), partition);
}

schema::LaneGivenT& Books::modify_lane_given(TopicPartition target) {
  return given_.modify(static_cast<std::uint8_t>(target.topic), target.partition);
}

void Books::ask(const EventId& id, Bytes event, Instant at) {
  auto& request = pending_.modify(request_key(id));
  const auto* begin = reinterpret_cast<const std::uint8_t*>(event.data());
  request.event.assign(begin, begin + event.size());
  request.asked_at_us = at.us;
}

const schema::PendingRequestT* Books::pending(const EventId& id) const {
  return pending_.find(request_key(id));
}

std::optional<std::vector<std::uint8_t>> Books::take_pending(const EventId& id) {
  auto request = pending_.take(request_key(id));
  if (!request) return std::nullopt;
  return std::move(request->event);
}

void Books::each_pending(const std::function<void(const EventId&, const schema::PendingRequestT&)>& visit) const {
  pending_.each("", [&](std::string_view, const schema::PendingRequestT& request) {
    visit(id_in(request), request);
    return true;
  });
}

void Books::set_timer(const Outbox::Timer& timer) {
  if (const auto* before = timers_.find(timer.key)) due_.erase({{before->due_us}, std::string(timer.key)});
  if (!timer.due) return timers_.erase(timer.key);
  auto& row = timers_.modify(timer.key);
  row.due_us = timer.due->us;
  row.scale = timer.scale.value;
  row.org = timer.org;
  due_.insert({*timer.due, std::string(timer.key)});
}

}  // namespace virtscale
