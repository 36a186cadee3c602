#include "tests/simulation/engine/host/shadows.hpp"

#include <algorithm>

#include "tests/simulation/engine/log/brokers.hpp"

namespace virtscale::simulation {
namespace {

/// A walk over a state costs more than a fold.
constexpr std::uint64_t folds_between_walks = 16;
/// Rows of topology/host/books.hpp, as a store has them.
constexpr std::string_view progress_key = "host_progress/";
constexpr std::string_view given_prefix = "host_lanes_given/";

TopicPartition inbox_of(const EventId& id) {
  return {graph::node_of(id.stage).inbox, id.partition};
}

using Rows = std::map<std::string, std::string>;

Rows rows_of(const std::vector<AnyTable*>& tables) {
  Rows rows;
  for (const auto* table : tables) {
    table->each_encoded("", [&](std::string_view key, Bytes value) {
      rows.emplace(std::string(table->name()) + "/" + std::string(key),
                   std::string(reinterpret_cast<const char*>(value.data()), value.size()));
      return true;
    });
  }
  return rows;
}

// The first row that differs, for a person; empty if none does.
std::string first_difference(const Rows& one, std::string_view one_name, const Rows& other,
                             std::string_view other_name) {
  for (const auto& [key, value] : one) {
    const auto found = other.find(key);
    if (found == other.end()) return "row " + key + " is missing in " + std::string(other_name);
    if (found->second != value) return "row " + key + " differs";
  }
  for (const auto& [key, value] : other) {
    if (!one.contains(key)) return "row " + key + " is missing in " + std::string(one_name);
  }
  return {};
}

// Whether a dead letter holds the record whole.
bool holds(const LogAppend& letter, const Recorded& record) {
  const auto* rejected = schema::GetEvent(letter.value.data())->body_as_RecordRejected();
  if (letter.to.topic != Topic::deadletters || rejected == nullptr) return false;
  const auto* value = rejected->value();
  return value == nullptr ? record.value.empty() : std::ranges::equal(*value, record.value, {}, {}, [](std::byte byte) {
    return std::to_integer<std::uint8_t>(byte);
  });
}

}  // namespace

std::string brief(const Recorded& record) {
  auto text = name_of(record.from) + "@" + std::to_string(record.offset) + " ";
  if (record.event == nullptr) return text + "(no event)";
  const auto& header = *record.event->header();
  text += schema::name_of(record.event->body_type());
  if (record.event->org()->size() > 0) text += " of " + record.event->org()->str();
  if (header.scale() != 0) text += " " + to_string(ScaleId{header.scale()});
  const auto id = id_of(header.id());
  if (id.stage == Source::edge) return text;
  return text + " lane " + std::to_string(header.lane()) + " from " + name_of(inbox_of(id)) + "@" +
         std::to_string(id.offset);
}

Shadows::Shadows(const LogLayout& layout, Story& story) : layout_(layout), story_(story) {
  for (auto& refold : replay::make_refolds(layout)) {
    const auto inbox = refold->inbox();
    shadows_[inbox].refold = std::move(refold);
  }
}

Shadows::Followed Shadows::follow(const Recorded& record) {
  Followed followed;
  if (!record.foreign) followed.copy = take_place_in_lane(record);
  const auto found = shadows_.find(record.from);
  if (found == shadows_.end()) return followed;
  auto& shadow = found->second;
  arena_.clear();
  step_ = shadow.refold->fold(record.as_read(), arena_);
  expect(shadow, record);
  check_step(shadow, record);
  if (++shadow.folds % folds_between_walks == 0) check_invariant(shadow);
  followed.step = &step_;
  return followed;
}

bool Shadows::take_place_in_lane(const Recorded& record) {
  if (record.event == nullptr) return false;
  const auto id = id_of(record.event->header()->id());
  if (id.stage == Source::edge) return false;
  auto& lane = lanes_[{inbox_of(id), record.from}];
  const auto number = record.event->header()->lane();
  if (number == 0 || number > lane.hashes.size()) {
    story_.violated("what is appended follows from the log",
                    brief(record) + " has lane number " + std::to_string(number) + ", and what is durable gives only " +
                        std::to_string(lane.hashes.size()));
    return false;
  }
  if (hash_of(record.value) != lane.hashes[number - 1])
    story_.violated("a fold gives the same bytes in every owner",
                    brief(record) + " is not what another fold of the same records emits under its number");
  if (number > lane.landed + 1)
    story_.violated("lanes have no gap", brief(record) + " follows number " + std::to_string(lane.landed));
  const bool copy = number <= lane.landed;
  if (!copy) lane.landed = number;
  return copy;
}

void Shadows::expect(Shadow& shadow, const Recorded& record) {
  std::vector<Emission> emissions;
  for (const auto& event : step_.emitted) {
    const Lane lane{record.from, event.to};
    auto& given = lanes_[lane];
    given.hashes.push_back(hash_of(event.value));
    emissions.push_back({lane, given.hashes.size()});
  }
  if (!step_.asked.empty() && !emissions.empty()) shadow.emitted_by.emplace(record.offset, std::move(emissions));
}

void Shadows::check_step(const Shadow& shadow, const Recorded& record) {
  if (step_.fate == Fate::halted) {
    check_invariant(shadow);
    story_.violated("no partition halts", brief(record) + ": " + step_.incident);
  }
  const bool rejected = step_.fate == Fate::rejected;
  if (rejected && !record.foreign)
    story_.violated("no record is rejected", brief(record) + " from a caller or stage that speaks our language");
  if (record.foreign && (!rejected || !holds(step_.emitted.front(), record)))
    story_.violated("garbage goes whole to deadletters", brief(record));
  const auto* fired = record.event == nullptr ? nullptr : record.event->body_as_TimerFired();
  if (fired != nullptr && step_.fate == Fate::folded && fired->due_us() > shadow.refold->stream_time().us)
    story_.violated("no timer rings early", brief(record) + " is folded before it is due");
}

void Shadows::check_invariant(const Shadow& shadow) {
  const auto broken = shadow.refold->violated_invariant();
  if (!broken.empty()) story_.violated("invariants hold", name_of(shadow.refold->inbox()) + ": " + broken);
}

void Shadows::check_request(TopicPartition inbox, const EventId& request) {
  const auto& shadow = shadows_.find(inbox)->second;
  const auto id = name_of(inbox) + "@" + std::to_string(request.offset);
  if (request.offset >= shadow.refold->next_offset())
    return story_.violated("effects wait for the durable log",
                           "a request of " + id + " runs, and " + id + " is lost if the process dies now");
  const auto emissions = shadow.emitted_by.find(request.offset);
  if (emissions == shadow.emitted_by.end()) return;
  for (const auto& emission : emissions->second) {
    if (lanes_[emission.lane].landed >= emission.number) continue;
    story_.violated("effects wait for the durable log",
                    "a request of " + id + " runs, and number " + std::to_string(emission.number) + " to " +
                        name_of(emission.lane.second) + " of the same step has not landed");
  }
}

void Shadows::check_commit(TopicPartition inbox, const std::vector<StoreChange>& changes) {
  for (const auto& change : changes) {
    if (!change.value) continue;
    const auto value = std::as_bytes(std::span(*change.value));
    if (change.key == progress_key) check_progress(inbox, value);
    if (change.key.starts_with(given_prefix)) check_given(inbox, change.key.substr(given_prefix.size()), value);
  }
}

void Shadows::check_progress(TopicPartition inbox, Bytes value) {
  schema::ProgressT progress;
  const auto next = shadows_.find(inbox)->second.refold->next_offset();
  if (!schema::decode_row(value, progress) || progress.folded < static_cast<std::int64_t>(next)) return;
  story_.violated("state is never ahead of the log", "the state of " + name_of(inbox) + " holds offset " +
                                                         std::to_string(progress.folded) +
                                                         ", and the durable log ends at " + std::to_string(next));
}

// The keys are those of the books: a letter for the topic, then the partition.
void Shadows::check_given(TopicPartition inbox, std::string_view key, Bytes value) {
  schema::LaneGivenT given;
  if (!schema::decode_row(value, given)) return;
  const TopicPartition to{static_cast<Topic>(key.front() - 'a'),
                          static_cast<std::uint32_t>(std::stoul(std::string(key.substr(1))))};
  const auto landed = lanes_[{inbox, to}].landed;
  if (given.number <= landed) return;
  story_.violated("state is never ahead of the log", "the state of " + name_of(inbox) + " has given number " +
                                                         std::to_string(given.number) + " to " + name_of(to) +
                                                         ", where number " + std::to_string(landed) + " has landed");
}

std::string Shadows::overdue(Instant now, Duration late_max) const {
  for (const auto& [inbox, shadow] : shadows_) {
    const auto& timers = shadow.refold->books().due_timers();
    if (timers.empty() || now - timers.begin()->due <= late_max) continue;
    return "timer " + timers.begin()->key + " of " + name_of(inbox) + " does not ring";
  }
  return {};
}

void Shadows::compare(TopicPartition inbox, const std::vector<AnyTable*>& live, std::string_view owner) {
  const auto difference = first_difference(rows_of(live), owner, rows_of(shadows_.find(inbox)->second.refold->tables()),
                                           "a fold of the whole log");
  if (!difference.empty())
    story_.violated("a refold equals the live state", name_of(inbox) + " of " + std::string(owner) + ": " + difference);
}

void Shadows::check_all_landed() {
  for (const auto& [lane, given] : lanes_) {
    if (given.landed == given.hashes.size()) continue;
    story_.violated("every event lands", "of " + std::to_string(given.hashes.size()) + " events from " +
                                             name_of(lane.first) + " to " + name_of(lane.second) + ", " +
                                             std::to_string(given.landed) + " have landed");
  }
  for (const auto& [inbox, shadow] : shadows_) check_invariant(shadow);
}

void Shadows::refold(const View& view) {
  for (const auto& [inbox, shadow] : shadows_) {
    const auto again = replay::make_refold(shadow.refold->stage(), inbox.partition, layout_);
    for (const auto& record : view.records(inbox)) {
      arena_.clear();
      again->fold(record.as_read(), arena_);
    }
    compare(inbox, again->tables(), "a second fold");
  }
}

}  // namespace virtscale::simulation
