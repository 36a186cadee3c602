// One partition of one stage: its state, its books, and the one function that takes a record through the fold.
//
// The one thing to know: `fold_one` is pure. Host, replay and simulation call the same function with the same records
// and get the same bytes; whatever touches the world is in shell.hpp.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "schemas/codec.hpp"
#include "topology/contract/event_hash.hpp"
#include "topology/contract/stage.hpp"
#include "topology/graph.hpp"
#include "topology/host/admission.hpp"
#include "topology/host/books.hpp"
#include "topology/ports/effects.hpp"
#include "topology/ports/log.hpp"

namespace virtscale {

/// What became of a record.
enum class Fate : std::uint8_t {
  folded,
  duplicate,  ///< its lane number was seen before: a copy
  unasked,    ///< an answer to no pending request, a timer that is not set, an epoch that is no newer: it came late
  rejected,   ///< unreadable or not allowed: it went to `deadletters`
  halted,     ///< folding it would break a promise: the partition must stop; `incident` says why
};

/// All that one record did.
struct Step {
  Fate fate = Fate::folded;
  std::span<LogAppend> emitted;  ///< ready to be appended; in the arena that the step was given, as what is asked
  std::span<RequestView> asked;
  std::string incident;
};

template <Stage S>
class Partition {
 public:
  using State = typename S::State;

  Partition(std::uint32_t partition, const LogLayout& layout)
      : partition_(partition), layout_(layout), allowed_(S::inbox) {
    books_.modify_progress().epoch = first_epoch;
  }

  /// The stage's tables and the host's, in a fixed order. All of them must be loaded before the first step.
  std::vector<AnyTable*> tables() {
    auto all = state_.tables();
    for (auto* table : books_.tables()) all.push_back(table);
    return all;
  }
  /// Called once after the tables were loaded.
  void rebuild() {
    books_.rebuild();
    if constexpr (requires { state_.rebuild(); }) state_.rebuild();
  }

  /// Takes the record that follows the last folded one, and writes what it emits into `arena`. REQUIRES: it is of this
  /// stage's inbox and partition, and the last step's fate was not `halted`.
  Step fold_one(const LogRecord& record, Arena& arena) {
    Step step;
    arena_ = &arena;
    const EventId at{record.offset, partition_, 0, S::source};
    const Instant now{std::max(books_.progress().stream_time_us, record.timestamp.us)};
    std::string reason;
    const auto* event = admit(record, allowed_, layout_.partitions[static_cast<std::size_t>(S::inbox)], reason);
    if (event == nullptr) {
      reject(record, reason, at, step);
    } else {
      take(record, *event, at, now, step);
    }
    if (step.fate != Fate::halted) note_progress(record, event, now);
    return step;
  }

  std::uint32_t number() const { return partition_; }
  /// The offset to read next.
  std::uint64_t next_offset() const { return static_cast<std::uint64_t>(books_.progress().folded + 1); }
  Instant stream_time() const { return {books_.progress().stream_time_us}; }
  const State& state() const { return state_; }
  const Books& books() const { return books_; }

 private:
  void take(const LogRecord& record, const schema::Event& event, const EventId& at, Instant now, Step& step) {
    if (const auto* activation = event.body_as_FoldActivated()) return activate(*activation, step);
    const auto fold = fold_of<S>(books_.progress().epoch);
    if (fold == nullptr) return halt(step, without_fold_of(books_.progress().epoch));
    if (!take_lane(record.value, event, step)) return;
    Inbound inbound{.id = id_of(event.header()->id()),
                    .at = at,
                    .scale = {event.header()->scale()},
                    .org = {event.org()->data(), event.org()->size()},
                    .key = record.key,
                    .now = now,
                    .answers = id_of(event.header()->answers()),
                    .event = record.value,
                    .request = {}};
    std::vector<std::uint8_t> request;  // lent to `inbound`, and so is `org`
    std::string org;
    const auto* fired = event.body_as_TimerFired();
    const bool is_due = fired != nullptr ? take_timer(*fired, inbound, org) : take_answer(inbound, request, org);
    if (!is_due) return void(step.fate = Fate::unasked);
    outbox_.begin(inbound.org, inbound.scale, *arena_);
    fold(state_, inbound, outbox_);
    finish(at, now, step);
  }

  // Section 4 of the architecture: last + 1 is next, what is not above the last is a copy, a gap stops. The hash, which
  // stands for all that the lane has had, tells whether copy and next come of the same history; tests/model shows that
  // without the chain two histories could mix unseen.
  bool take_lane(Bytes value, const schema::Event& event, Step& step) {
    const auto id = id_of(event.header()->id());
    if (id.stage == Source::edge) return true;
    const auto number = event.header()->lane();
    const auto* seen = books_.lane_seen(id.stage, id.partition);
    const auto last = seen == nullptr ? 0 : seen->number;
    if (number == last && seen != nullptr && event.header()->hash() != seen->hash) {
      return halt(step, id,
                  "lane number " + std::to_string(number) +
                      " came twice with different contents: two owners of the "
                      "source folded differently. Stop the older one, and compare their versions");
    }
    if (number <= last) {
      step.fate = Fate::duplicate;
      return false;
    }
    if (number != last + 1) {
      return halt(step, id,
                  "lane number " + std::to_string(number) + " follows " + std::to_string(last) +
                      ": events between them are missing from the log");
    }
    if (event.header()->hash() != header_hash(value, seen == nullptr ? 0 : seen->hash)) {
      return halt(step, id,
                  "lane number " + std::to_string(number) +
                      " does not continue what came before it: another owner of the source has folded differently, or "
                      "the record was changed. Stop the older one, and compare their versions");
    }
    if (seen != nullptr && event.header()->epoch() < seen->epoch) {
      return halt(step, id,
                  "epoch " + std::to_string(event.header()->epoch()) + " after epoch " + std::to_string(seen->epoch) +
                      ": an owner with older code writes");
    }
    auto& row = books_.modify_lane_seen(id.stage, id.partition);
    row.number = number;
    row.hash = event.header()->hash();
    row.epoch = event.header()->epoch();
    return true;
  }

  static void halt(Step& step, std::string why) {
    step.fate = Fate::halted;
    step.incident = std::move(why);
  }

  static bool halt(Step& step, const EventId& id, std::string why) {
    halt(step, "from " + std::string(graph::node_of(id.stage).name) + " partition " + std::to_string(id.partition) +
                   ": " + std::move(why));
    return false;
  }

  static std::string without_fold_of(std::uint32_t epoch) {
    return "epoch " + std::to_string(epoch) + " was activated, and this program has epoch " + std::to_string(S::epoch) +
           (epoch > S::epoch ? ": install the version that has it" : " and not that one: an older version folds it");
  }

  // Epochs only grow: one that is not above the active one, or that is about another stage, is a copy or a mistake.
  void activate(const schema::FoldActivated& activation, Step& step) {
    const auto epoch = activation.epoch();
    const bool is_next = activation.stage() == static_cast<std::uint8_t>(S::source) && epoch > books_.progress().epoch;
    if (!is_next) return void(step.fate = Fate::unasked);
    if (fold_of<S>(epoch) == nullptr) return halt(step, without_fold_of(epoch));
    books_.modify_progress().epoch = epoch;
  }

  // A clock that is ahead of the log's rings early: that counts for nothing, and the ringer rings again.
  bool take_timer(const schema::TimerFired& fired, Inbound& inbound, std::string& org) {
    const std::string key(fired.key()->data(), fired.key()->size());
    const auto* timer = books_.timer(key);
    if (timer == nullptr || timer->due_us != fired.due_us() || inbound.now.us < timer->due_us) return false;
    org = timer->org;
    inbound.org = org;
    inbound.scale = {timer->scale};
    books_.set_timer({key, std::nullopt, {}, {}});
    return true;
  }

  // True for what is no answer, and for the answer to a pending request of this partition.
  bool take_answer(Inbound& inbound, std::vector<std::uint8_t>& request, std::string& org) {
    const bool answers_us = inbound.id.stage == Source::edge && inbound.answers.stage == S::source;
    if (!answers_us) return true;
    auto pending = inbound.answers.partition == partition_ ? books_.take_pending(inbound.answers) : std::nullopt;
    if (!pending) return false;
    request = *std::move(pending);
    inbound.request = std::as_bytes(std::span(request));
    const auto* asked = schema::GetEvent(request.data());
    org = asked->org()->str();
    inbound.org = org;
    inbound.scale = {asked->header()->scale()};
    return true;
  }

  void finish(const EventId& at, Instant now, Step& step) {
    std::uint32_t index = 0;
    step.emitted = arena_->template make<LogAppend>(outbox_.emissions().size());
    for (auto& emission : outbox_.emissions()) {
      step.emitted[index] = ready(emission.topic, emission.key, emission.event,
                                  {.id = emitted(at, index), .answers = emission.answers, .scale = emission.scale});
      ++index;
    }
    step.asked = arena_->template make<RequestView>(outbox_.requests().size());
    for (std::size_t i = 0; i < step.asked.size(); ++i)
      step.asked[i] = ask(outbox_.requests()[i], emitted(at, index++), now);
    for (const auto& timer : outbox_.timers()) books_.set_timer(timer);
  }

  RequestView ask(const Outbox::Request& request, const EventId& id, Instant now) {
    fill_header(request.event, {.id = id, .scale = request.scale, .epoch = books_.progress().epoch});
    books_.ask(id, request.event, now);
    const auto* org = schema::GetEvent(reinterpret_cast<const std::uint8_t*>(request.event.data()))->org();
    return {id, request.scale, {org->data(), org->size()}, request.event};
  }

  // With its header, which makes it the next of its lane.
  LogAppend ready(Topic topic, std::string_view key, std::span<std::byte> event, HeaderFields fields) {
    const TopicPartition to{topic, partition_of(key, layout_.partitions[static_cast<std::size_t>(topic)])};
    auto& given = books_.modify_lane_given(to);
    fields.lane = ++given.number;
    fields.previous = given.hash;
    fields.epoch = books_.progress().epoch;
    given.hash = fill_header(event, fields);
    return {to, key, event};
  }

  void reject(const LogRecord& record, const std::string& reason, const EventId& at, Step& step) {
    schema::RecordRejectedT rejected;
    rejected.topic = static_cast<std::uint8_t>(record.from.topic);
    rejected.partition = record.from.partition;
    rejected.offset = record.offset;
    rejected.timestamp_us = record.timestamp.us;
    rejected.reason = reason;
    // A foreign producer may write a longer one than a log of ours takes.
    const auto key = record.key.substr(0, key_bytes_max);
    rejected.key = key;
    const auto whole = record.value.first(std::min(record.value.size(), event_bytes_max));
    rejected.value.assign(reinterpret_cast<const std::uint8_t*>(whole.data()),
                          reinterpret_cast<const std::uint8_t*>(whole.data()) + whole.size());
    step.fate = Fate::rejected;
    step.emitted = arena_->template make<LogAppend>(1);
    step.emitted[0] = ready(Topic::deadletters, arena_->copy(key), encode(rejected, "", *arena_), {.id = at});
  }

  void note_progress(const LogRecord& record, const schema::Event* event, Instant now) {
    auto& progress = books_.modify_progress();
    progress.folded = static_cast<std::int64_t>(record.offset);
    progress.stream_time_us = now.us;
    ++progress.records;
    progress.digest = chained(progress.digest, record.offset, event == nullptr ? 0 : event->header()->hash());
  }

  std::uint32_t partition_;
  LogLayout layout_;
  AllowedEvents allowed_;
  State state_;
  Books books_;
  Outbox outbox_;
  Arena* arena_ = nullptr;  // of the step that is taken
};

}  // namespace virtscale
