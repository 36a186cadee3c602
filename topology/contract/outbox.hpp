// What a fold may wish for: events on topics, requests to the outside, and timers. Nothing happens before the log has
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "topology/contract/arena.hpp"
#include "topology/contract/event.hpp"
#include "topology/contract/units.hpp"

namespace virtscale {

/// Where an event goes, and which thread it belongs to. What is left out is taken from the record that is folded.
struct Address {
  Topic topic{};
  std::string_view key{};                 ///< decides the partition: see graph.hpp for what each topic is keyed by
  std::optional<std::string_view> org{};  ///< default: the org of the record
  std::optional<ScaleId> scale{};         ///< default: the scale event of the record
  EventId answers{};                      ///< the request that this event answers, if any
};

/// Collects what one step emits, asks and sets. Order is kept: it becomes part of the events' ids.
///
/// Bodies are encoded by the free function `encode(body, org, arena)` that is found beside the body's type
/// (schemas/codec.hpp), so that this language knows no format. What is collected lies in the arena, and lasts until
/// that is cleared.
class Outbox {
 public:
  struct Emission {
    Topic topic{};
    std::string_view key;
    ScaleId scale;
    EventId answers;
    std::span<std::byte> event;  ///< an encoded Event whose header is still blank
  };
  struct Request {
    ScaleId scale;
    std::span<std::byte> event;
  };
  struct Timer {
    std::string_view key;
    std::optional<Instant> due;  ///< none: cancelled
    ScaleId scale;
    std::string_view org;
  };

  /// For no step yet.
  Outbox() = default;
  /// For the step of a record of `org` and `scale`, which writes into `arena`. Both are borrowed for the step.
  Outbox(std::string_view org, ScaleId scale, Arena& arena) : org_(org), scale_(scale), arena_(&arena) {}
  /// The same for the next step.
  void begin(std::string_view org, ScaleId scale, Arena& arena) {
    org_ = org;
    scale_ = scale;
    arena_ = &arena;
    emissions_.clear();
    requests_.clear();
    timers_.clear();
  }

  /// Appends `body` to a topic, as an event of the thread of the folded record unless `to` says otherwise.
  template <class Body>
  void emit(const Address& to, const Body& body) {
    const auto org = to.org.value_or(org_);
    emissions_.push_back(
        {to.topic, arena_->copy(to.key), to.scale.value_or(scale_), to.answers, encode(body, org, *arena_)});
  }

  /// Asks the outside for an effect, by default for the record's scale event and org. It runs once all that led to it
  /// is durable, if it changes something; its answer comes to this inbox.
  template <class Body>
  void ask(const Body& body, std::optional<ScaleId> scale = {}, std::optional<std::string_view> org = {}) {
    requests_.push_back({scale.value_or(scale_), encode(body, org.value_or(org_), *arena_)});
  }

  /// Sets the timer `key`, or moves it: a `TimerFired` with this key comes to this inbox at `due` or later, with the
  /// org and the scale event of the record that is folded now. Keys are the fold's own, unique in its partition.
  void wake(std::string_view key, Instant due) {
    timers_.push_back({arena_->copy(key), due, scale_, arena_->copy(org_)});
  }
  /// Cancels the timer `key`; one that is not set is cancelled already.
  void cancel(std::string_view key) {
    timers_.push_back({arena_->copy(key), std::nullopt, scale_, arena_->copy(org_)});
  }

  /// Where all that is collected lies. REQUIRES: a step was begun.
  Arena& arena() { return *arena_; }
  std::vector<Emission>& emissions() { return emissions_; }
  std::vector<Request>& requests() { return requests_; }
  std::vector<Timer>& timers() { return timers_; }

 private:
  std::string_view org_;
  ScaleId scale_;
  Arena* arena_ = nullptr;
  std::vector<Emission> emissions_;
  std::vector<Request> requests_;
  std::vector<Timer> timers_;
};

}  // namespace virtscale
