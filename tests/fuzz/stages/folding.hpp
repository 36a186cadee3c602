// A stage's partition under records that nobody in their right mind would write.
//
// The one thing to know: an input is a sequence of records. Each is given to the host as it is, or, unless its flags
// say `raw`, first made credible: the next number of its lane with the right hash, an answer to something that is
// asked. So bytes of any kind test admission, and credible ones get through to the fold.
//
// Properties, of any sequence:
// 1. nothing crashes, and nothing throws (folds are noexcept);
// 2. two partitions that fold the same records emit the same bytes, also if one of them was stored and loaded
// meanwhile;
// 3. what is emitted is an Event that graph.hpp allows where it goes, within the bounds of the log;
// 4. a halt says why, and so does a rejection.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/fuzz/input.hpp"
#include "topology/host/partition.hpp"

namespace virtscale::fuzz {

/// More records than this make a run slow and find nothing new.
inline constexpr std::size_t records_max = 64;

/// What the first byte of a record asks for.
enum RecordFlag : std::uint8_t {
  raw = 1,        ///< as it is
  ring = 2,       ///< not this record, but the timer that is due first
  again = 4,      ///< twice
  reload = 8,     ///< before it, one partition is stored and loaded
  answering = 16  ///< an edge's event answers something that is asked
};

template <Stage S>
class Folding {
 public:
  void run(Input input) {
    for (std::size_t n = 0; n < records_max && !input.empty() && !halted_; ++n) take(input);
    check(rows(*one_) == rows(*other_), "both partitions end with the same state");
  }

 private:
  using Rows = std::map<std::string, std::string>;

  static LogLayout layout() {
    LogLayout layout;
    layout.partitions.fill(3);
    layout.partitions[static_cast<std::size_t>(S::inbox)] = 1;
    return layout;
  }

  void take(Input& input) {
    const auto flags = input.integer<std::uint8_t>();
    now_.us += input.integer<std::uint16_t>() * 100'000LL;
    const std::string key(input.text());
    const auto value = bytes_of(input.text());
    std::vector<std::byte> event(value.begin(), value.end());
    if ((flags & ring) != 0) {
      ring_first(event);
    } else if ((flags & raw) == 0 && schema::verify_event(event) != nullptr) {
      make_credible(event, flags);
    }
    if ((flags & reload) != 0) store_and_load();
    for (int times = (flags & again) != 0 ? 2 : 1; times > 0 && !halted_; --times) fold(key, event);
  }

  void ring_first(std::vector<std::byte>& event) {
    const auto& timers = one_->books().due_timers();
    if (timers.empty()) return;
    schema::TimerFiredT fired;
    fired.key = timers.begin()->key;
    fired.due_us = timers.begin()->due.us;
    now_ = std::max(now_, timers.begin()->due);
    event = schema::encode(fired, "");
  }

  void make_credible(std::vector<std::byte>& event, std::uint8_t flags) {
    const auto& header = *schema::verify_event(event)->header();
    auto id = id_of(header.id());
    if (id.stage > Source::audit) return;
    id.partition %= 4;
    HeaderFields fields{.id = id, .scale = {header.scale()}};
    if (id.stage == Source::edge) {
      if ((flags & answering) != 0) fields.answers = asked(header.answers().offset());
    } else {
      fields.answers = id_of(header.answers());
      const auto* seen = one_->books().lane_seen(id.stage, id.partition);
      fields.lane = seen == nullptr ? 1 : seen->number + 1;
      fields.previous = seen == nullptr ? 0 : seen->hash;
      fields.epoch = seen == nullptr ? 1 : seen->epoch;
    }
    fill_header(event, fields);
  }

  // One of the requests that are not answered yet.
  EventId asked(std::uint64_t which) const {
    const auto count = one_->books().pending_count();
    if (count == 0) return {};
    EventId found;
    auto left = which % count;
    one_->books().each_pending([&](const EventId& id, const schema::PendingRequestT&) {
      if (left-- == 0) found = id;
    });
    return found;
  }

  void fold(const std::string& key, const std::vector<std::byte>& event) {
    const LogRecord record{{S::inbox, 0}, offset_++, now_, key, event, 0};
    arena_.clear();
    const auto step = one_->fold_one(record, arena_);
    const auto twin = other_->fold_one(record, arena_);
    check(step.fate == twin.fate && same(step, twin), "two partitions do the same with the same record");
    halted_ = step.fate == Fate::halted;
    check(halted_ == !step.incident.empty(), "a halt says why, and nothing else does");
    check(step.fate != Fate::rejected || step.emitted.size() == 1, "a rejected record becomes one dead letter");
    for (const auto& emitted : step.emitted) check_emitted(emitted, step.fate);
    for (const auto& request : step.asked)
      check(schema::verify_event(request.event) != nullptr, "a request is an Event");
    check_state();
  }

  static bool same(const Step& step, const Step& twin) {
    if (step.emitted.size() != twin.emitted.size() || step.asked.size() != twin.asked.size()) return false;
    for (std::size_t i = 0; i < step.emitted.size(); ++i) {
      const auto& a = step.emitted[i];
      const auto& b = twin.emitted[i];
      if (a.to != b.to || a.key != b.key || !std::ranges::equal(a.value, b.value)) return false;
    }
    for (std::size_t i = 0; i < step.asked.size(); ++i) {
      if (!std::ranges::equal(step.asked[i].event, twin.asked[i].event)) return false;
    }
    return true;
  }

  // Made once: one for each record took half of a run's time.
  static const AllowedEvents& allowed_in(Topic topic) {
    static std::map<Topic, AllowedEvents> all;
    return all.try_emplace(topic, topic).first->second;
  }

  void check_emitted(const LogAppend& emitted, Fate fate) {
    const auto* event = schema::verify_event(emitted.value);
    check(event != nullptr, "what is emitted is an Event");
    const auto name = schema::name_of(event->body_type());
    const bool is_letter = fate == Fate::rejected && emitted.to.topic == Topic::deadletters && name == graph::rejection;
    check(is_letter || allowed_in(emitted.to.topic).allows(S::source, event->body_type()),
          "graph.hpp allows what is emitted", name);
    check(emitted.value.size() <= (is_letter ? record_bytes_max : event_bytes_max), "an event is within its bound",
          name);
    check(emitted.key.size() <= key_bytes_max, "a key is within its bound", name);
  }

  void check_state() {
    const auto fault = S::violated_invariant(one_->state());
    check(fault.empty(), "the state is sound after every step", fault);
  }

  // The other partition goes through its rows as bytes, as at a restart.
  void store_and_load() {
    auto loaded = std::make_unique<Partition<S>>(0, layout());
    for (auto* table : loaded->tables()) {
      for (auto* from : other_->tables()) {
        if (from->name() != table->name()) continue;
        from->each_encoded("", [&](std::string_view key, Bytes value) {
          check(table->load(key, value), "a row that was stored can be loaded", table->name());
          return true;
        });
      }
    }
    loaded->rebuild();
    other_ = std::move(loaded);
  }

  static Rows rows(Partition<S>& partition) {
    Rows all;
    for (auto* table : partition.tables()) {
      table->each_encoded("", [&](std::string_view key, Bytes value) {
        all.emplace(std::string(table->name()) + "/" + std::string(key), text_of(value));
        return true;
      });
    }
    return all;
  }

  std::unique_ptr<Partition<S>> one_ = std::make_unique<Partition<S>>(0, layout());
  std::unique_ptr<Partition<S>> other_ = std::make_unique<Partition<S>>(0, layout());
  std::uint64_t offset_ = 0;
  Arena arena_;
  Instant now_{1'776'000'000'000'000};
  bool halted_ = false;
};

}  // namespace virtscale::fuzz
