// Signal's fold on a bench: records in, wishes and timers out, the invariants checked after each step.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stages/signal/fold.hpp"

namespace virtscale::signal {

/// What one step did, decoded.
struct Stepped {
  std::vector<schema::ScaleWantedT> wanted;
  std::vector<ScaleId> scales;  // of `wanted`
  std::vector<schema::AlertClearedT> cleared;
  std::vector<schema::ServiceAppliedT> services;
  std::vector<EventId> answers;  // of `services`
  std::vector<Outbox::Timer> timers;
  std::vector<std::vector<std::byte>> events;
  std::vector<std::string> keys;
};

/// One partition of signal. Timers that a step sets are kept; `pass` fires them as the host would.
class Folding {
 public:
  std::string org = "acme";
  Instant now{1'000'000'000'000};
  State state;
  std::map<std::string, Instant> timers;

  template <class Body>
  Stepped fold(std::string_view key, const Body& body) {
    const auto event = schema::encode(body, org);
    const EventId at{++offset_, 3, 0, Source::signal};
    const Inbound inbound{.id = {77, 0, static_cast<std::uint32_t>(offset_), Source::edge},
                          .at = at,
                          .scale = {},
                          .org = org,
                          .key = key,
                          .now = now,
                          .answers = {},
                          .event = event,
                          .request = {}};
    Outbox outbox(org, {}, arena_);
    Fold::fold(state, inbound, outbox);
    EXPECT_EQ(Fold::violated_invariant(state), "");
    return taken(outbox);
  }

  /// Lets time pass and fires each timer that became due, in the order of their times.
  std::vector<Stepped> pass(Duration time) {
    const auto end = now + time;
    std::vector<Stepped> steps;
    while (const auto due = next_due(end)) {
      now = std::max(now, timers.at(*due));
      timers.erase(*due);
      schema::TimerFiredT fired;
      fired.key = *due;
      fired.due_us = now.us;
      steps.push_back(fold("", fired));
    }
    now = end;
    return steps;
  }

  /// The id that the host gives to the first event that the last step emitted.
  EventId last_emitted(std::uint32_t n) const { return {offset_, 3, n, Source::signal}; }
  std::uint64_t last_offset() const { return offset_; }

 private:
  std::optional<std::string> next_due(Instant end) const {
    std::optional<std::string> first;
    for (const auto& [key, due] : timers) {
      if (due <= end && (!first || due < timers.at(*first))) first = key;
    }
    return first;
  }

  Stepped taken(Outbox& outbox) {
    Stepped step;
    for (auto& emission : outbox.emissions()) {
      EXPECT_EQ(emission.topic, Topic::signals);
      EXPECT_EQ(emission.key, org);
      const auto* event = schema::verify_event(emission.event);
      if (const auto* wanted = event->body_as_ScaleWanted()) {
        wanted->UnPackTo(&step.wanted.emplace_back());
        step.scales.push_back(emission.scale);
      }
      if (const auto* cleared = event->body_as_AlertCleared()) cleared->UnPackTo(&step.cleared.emplace_back());
      if (const auto* service = event->body_as_ServiceApplied()) {
        service->UnPackTo(&step.services.emplace_back());
        step.answers.push_back(emission.answers);
      }
      step.events.emplace_back(emission.event.begin(), emission.event.end());
    }
    EXPECT_TRUE(outbox.requests().empty()) << "signal has no effects";
    for (const auto& timer : outbox.timers()) {
      timers.erase(std::string(timer.key));
      if (timer.due) timers.emplace(timer.key, *timer.due);
    }
    step.timers = outbox.timers();
    return step;
  }

  std::uint64_t offset_ = 100;
  Arena arena_;  // of all steps
};

inline schema::AlertRaisedT raised(std::string_view fingerprint, std::int64_t start = 1) {
  schema::AlertRaisedT alert;
  alert.service = "web";
  alert.name = "autoscale.cpu.hi";
  alert.fingerprint = fingerprint;
  alert.starts_at_us = start;
  alert.value_milli = 72'000;
  alert.queue_depth = 240;
  return alert;
}

inline schema::AlertResolvedT resolved(std::string_view fingerprint, std::int64_t start = 1) {
  schema::AlertResolvedT alert;
  alert.service = "web";
  alert.name = "autoscale.cpu.hi";
  alert.fingerprint = fingerprint;
  alert.starts_at_us = start;
  alert.ends_at_us = start + 1;
  return alert;
}

inline schema::ScaleRuleT rule_on(std::string_view alert, std::int32_t change, Duration every = {}) {
  schema::ScaleRuleT rule;
  rule.on = alert;
  rule.amount = change;
  rule.every_us = every.us;
  return rule;
}

inline schema::ScaleRuleT rule_cron(std::string_view cron, std::string_view zone, std::int32_t replicas) {
  schema::ScaleRuleT rule;
  rule.cron = cron;
  rule.zone = zone;
  rule.mode = schema::ScaleMode::to;
  rule.amount = replicas;
  return rule;
}

inline schema::ServiceAppliedT service(std::vector<schema::ScaleRuleT> rules) {
  schema::ServiceAppliedT applied;
  applied.spec = std::make_unique<schema::ServiceSpecT>();
  applied.spec->name = "web";
  applied.spec->cell = "prod-eu-a";
  applied.spec->cooldown_out_us = seconds(60).us;
  applied.spec->cooldown_in_us = seconds(300).us;
  for (auto& rule : rules) applied.spec->rules.push_back(std::make_unique<schema::ScaleRuleT>(rule));
  return applied;
}

}  // namespace virtscale::signal
