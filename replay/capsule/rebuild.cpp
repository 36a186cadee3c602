#include "replay/capsule/rebuild.hpp"

#include <algorithm>

#include "replay/snapshot.hpp"
#include "replay/text.hpp"
#include "schemas/codec.hpp"
#include "topology/graph.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::replay {
namespace {

void rehash(std::span<std::byte> event, std::uint64_t previous) {
  const auto hash = header_hash(event, previous);
  schema::mutable_header(event).mutate_hash(hash);
}

// But for the lane number, and the hash, which stands for the lane.
bool same_but_for_lane(const KeptRecord& recorded, const Emitted& as) {
  auto renumbered = recorded.value;
  auto& header = schema::mutable_header(renumbered);
  header.mutate_lane(schema::GetEvent(as.event.data())->header()->lane());
  header.mutate_hash(schema::GetEvent(as.event.data())->header()->hash());
  return renumbered == as.event && recorded.key == as.key;
}

bool same_id(Bytes a, Bytes b) {
  const auto* first = schema::GetEvent(a.data());
  const auto* second = schema::GetEvent(b.data());
  return id_of(first->header()->id()) == id_of(second->header()->id()) && first->body_type() == second->body_type();
}

void redact(PartitionState& state, Redaction& redaction) {
  for (auto& row : state.rows) redaction.redact(row.value);
}

// What the signer would have said to the request that the redacted ledger makes.
std::vector<std::byte> sign_again(const schema::PendingRequestT& pending, const schema::Event& answered,
                                  const Redaction& redaction) {
  const auto* asked = schema::GetEvent(pending.event.data())->body_as_SignCheckpoint();
  Checkpoint checkpoint{asked->origin()->str(), {asked->size(), {}}};
  const auto bytes = std::as_bytes(std::span(asked->root()->data(), asked->root()->size()));
  std::copy_n(bytes.begin(), std::min(bytes.size(), sizeof(Digest)), checkpoint.tree.root.begin());
  schema::CheckpointSignedT answer;
  answer.size = asked->size();
  answer.key = redaction.key_name();
  answer.note = redaction.sign(checkpoint);
  auto event = encode(answer, answered.org()->string_view());
  const auto* header = answered.header();
  fill_header(event, {.id = id_of(header->id()),
                      .answers = id_of(header->answers()),
                      .scale = {header->scale()},
                      .lane = header->lane(),
                      .epoch = header->epoch()});
  return event;
}

}  // namespace

Rebuild::Rebuild(const LogLayout& layout, Cut cut, Redaction* redaction)
    : layout_(layout), cut_(std::move(cut)), redaction_(redaction) {
  for (std::size_t i = 0; i < cut_.records.size(); ++i) waiting_[cut_.records[i].at.of].push_back(i);
}

bool Rebuild::run() {
  begin();
  while (!waiting_.empty()) {
    const auto next = next_ready();
    if (!next) {
      const auto& stuck = cut_.records[waiting_.begin()->second.front()];
      return fail(stuck, "nothing in the cut causes it");
    }
    auto& record = cut_.records[*next];
    auto& waiting = waiting_[record.at.of];
    waiting.pop_front();
    if (waiting.empty()) waiting_.erase(record.at.of);
    if (!take_record(std::move(record))) return false;
  }
  return ends_well();
}

void Rebuild::begin() {
  for (auto& [inbox, state] : cut_.states) {
    if (redaction_ != nullptr) redact(state, *redaction_);
    each_lane_given(*refold_of(state, layout_),
                    [&, stage = state.stage, from = inbox.partition](TopicPartition target, const auto& last) {
                      lanes_[{stage, from, target}].end = {last.number, last.hash};
                    });
  }
  number_from_before();
  for (const auto& [inbox, state] : cut_.states) refolds_[inbox] = refold_of(state, layout_);
}

// The events whose cause lies before the cut bear the last numbers before what the folds will give, in their order, and
// are all that is left of their lanes: so each lane is chained anew from the hash that it ended with, and ends with
// theirs.
void Rebuild::number_from_before() {
  std::map<LanePlace, std::vector<KeptRecord*>> before;
  for (auto& record : cut_.records) {
    const auto* event = schema::verify_event(record.value);
    const auto place = event == nullptr ? std::nullopt : lane_of(*event, record.at.of);
    if (!place || !is_from_before(*event)) continue;
    before[*place].push_back(&record);
    if (!cut_.states.contains(inbox_of(*place))) ++lanes_[*place].end.number;
  }
  for (auto& [place, lane] : lanes_) {
    auto& records = before[place];
    lane.end.number -= records.size();
    const auto target = cut_.states.find(place.target);
    if (target != cut_.states.end()) set_lane_seen(target->second, place.stage, place.partition, lane.end);
    for (auto* record : records) take_number(*record, lane.end);
    if (const auto source = cut_.states.find(inbox_of(place)); source != cut_.states.end())
      set_lane_given(source->second, place.target, lane.end);
  }
}

void Rebuild::take_number(KeptRecord& record, LaneEnd& end) {
  if (redaction_ != nullptr) redaction_->redact(record.value);
  schema::mutable_header(record.value).mutate_lane(++end.number);
  rehash(record.value, end.hash);
  end.hash = schema::GetEvent(record.value.data())->header()->hash();
}

TopicPartition Rebuild::inbox_of(const LanePlace& place) {
  return {graph::node_of(place.stage).inbox, place.partition};
}

std::optional<Rebuild::LanePlace> Rebuild::lane_of(const schema::Event& event, TopicPartition target) const {
  const auto id = id_of(event.header()->id());
  if (!cause_of(id)) return std::nullopt;
  return LanePlace{id.stage, id.partition, target};
}

bool Rebuild::is_from_before(const schema::Event& event) const {
  const auto cause = cause_of(id_of(event.header()->id()));
  const auto state = cut_.states.find(cause->of);
  return state == cut_.states.end() || cause->offset < state->second.next_offset;
}

bool Rebuild::is_ready(const KeptRecord& record) {
  const auto* event = schema::verify_event(record.value);
  const auto place = event == nullptr ? std::nullopt : lane_of(*event, record.at.of);
  return !place || is_from_before(*event) || !lanes_[*place].emitted.empty();
}

// The first in the order of the log whose cause has been folded.
std::optional<std::size_t> Rebuild::next_ready() {
  std::optional<std::size_t> next;
  for (const auto& [partition, waiting] : waiting_) {
    if (next && *next < waiting.front()) continue;
    if (is_ready(cut_.records[waiting.front()])) next = waiting.front();
  }
  return next;
}

bool Rebuild::take_record(KeptRecord record) {
  const auto* event = schema::verify_event(record.value);
  const auto place = event == nullptr ? std::nullopt : lane_of(*event, record.at.of);
  if (!place) {
    redact_from_outside(record);
  } else if (!is_from_before(*event) && !take_emitted(record, *place)) {
    return false;
  }
  rebuilt_.push_back(std::move(record));
  return fold(rebuilt_.back());
}

bool Rebuild::take_emitted(KeptRecord& record, const LanePlace& place) {
  auto& emitted = lanes_[place].emitted;
  auto event = std::move(emitted.front());
  emitted.pop_front();
  const bool same = redaction_ == nullptr ? same_but_for_lane(record, event) : same_id(record.value, event.event);
  if (!same) return fail(record, "the cut alone gives another event");
  const auto cause = cause_of(id_of(schema::GetEvent(event.event.data())->header()->id()));
  auto& last = last_cause_[cause->of];
  last = std::max(last, cause->offset);
  record.value = std::move(event.event);
  return true;
}

void Rebuild::redact_from_outside(KeptRecord& record) {
  if (redaction_ == nullptr) return;
  const auto* event = schema::verify_event(record.value);
  const auto refold = refolds_.find(record.at.of);
  const bool is_signed = event != nullptr && event->body_type() == schema::Body::CheckpointSigned;
  const auto* pending = is_signed && refold != refolds_.end()
                            ? refold->second->books().pending(id_of(event->header()->answers()))
                            : nullptr;
  if (pending != nullptr) {
    record.value = sign_again(*pending, *event, *redaction_);
    return;
  }
  const bool was_hashed = event != nullptr && event->header()->hash() != 0;
  redaction_->redact(record.value);
  if (was_hashed) rehash(record.value, 0);
}

bool Rebuild::fold(const KeptRecord& record) {
  const auto refold = refolds_.find(record.at.of);
  if (refold == refolds_.end()) return true;
  Arena arena;
  const auto step =
      refold->second->fold({record.at.of, record.at.offset, record.timestamp, record.key, record.value}, arena);
  if (step.fate == Fate::halted) return fail(record, step.incident);
  if (step.fate == Fate::duplicate || step.fate == Fate::unasked)
    return fail(record, "the cut alone does not wait for it");
  const auto& stage = *refold->second;
  for (const auto& event : step.emitted)
    lanes_[{stage.stage(), stage.inbox().partition, event.to}].emitted.push_back(kept_of(event));
  return true;
}

// A cut may end before the last events, as a crash may; but not with one missing before one that is there.
bool Rebuild::ends_well() {
  for (const auto& [place, lane] : lanes_) {
    if (lane.emitted.empty()) continue;
    const auto& event = lane.emitted.front();
    const auto cause = cause_of(id_of(schema::GetEvent(event.event.data())->header()->id()));
    const auto last = last_cause_.find(cause->of);
    if (last == last_cause_.end() || cause->offset > last->second) continue;
    fault_ = replay::place(cause->of, cause->offset) + " causes a " + std::string(body_name(event.event)) + " on " +
             std::string(name_of(place.target.topic)) + " that is not in the cut";
    return false;
  }
  return true;
}

bool Rebuild::fail(const KeptRecord& record, const std::string& why) {
  fault_ = std::string(body_name(record.value)) + " at " + place(record.at.of, record.at.offset) + ": " + why;
  return false;
}

}  // namespace virtscale::replay
