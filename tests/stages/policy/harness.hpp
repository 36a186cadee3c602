// Drives policy's fold without a host: records in, what it emits, asks and sets out.
//
// The one thing to know: the invariants are checked after every step, and a step that breaks one fails the test.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "stages/policy/fold.hpp"
#include "stages/policy/gate.hpp"
#include "topology/graph.hpp"

namespace virtscale::policy {

/// One emitted event, decoded enough to ask about it.
struct Emitted {
  Topic topic{};
  std::string key;
  ScaleId scale;
  EventId answers;
  std::vector<std::byte> bytes;

  const schema::Event& event() const { return *schema::GetEvent(bytes.data()); }
  std::string name() const { return std::string(schema::name_of(event().body_type())); }
  template <class Body>
  const Body* as() const {
    return event().body_type() == schema::BodyTraits<Body>::enum_value ? static_cast<const Body*>(event().body())
                                                                       : nullptr;
  }
};

/// What one step did.
struct Done {
  std::vector<Emitted> events;
  std::vector<Outbox::Request> mails;
  std::vector<Outbox::Timer> timers;

  template <class Body>
  std::vector<const Body*> all() const {
    std::vector<const Body*> found;
    for (const auto& emitted : events) {
      if (const auto* body = emitted.as<Body>()) found.push_back(body);
    }
    return found;
  }
  /// The only event of this type, never null; throws, which fails the test, if there are none or more.
  template <class Body>
  const Body* only() const {
    const auto found = all<Body>();
    if (found.size() != 1) throw std::logic_error("expected one event of a type, got " + std::to_string(found.size()));
    return found.front();
  }
  /// The emission with the first event of this type; throws if there is none.
  template <class Body>
  const Emitted& emission() const {
    for (const auto& emitted : events) {
      if (emitted.as<Body>() != nullptr) return emitted;
    }
    throw std::logic_error("expected an event of a type, got none");
  }
  std::vector<std::string> names() const {
    std::vector<std::string> list;
    for (const auto& emitted : events) list.push_back(emitted.name());
    return list;
  }
};

inline constexpr Instant night{1'776'737'640'122'000};  // 2026-04-21T02:14:00.122Z, the scenario's alert

/// Policy, and a clock that only the test moves.
class Harness {
 public:
  explicit Harness(std::string org = "acme-tickets") : org_(std::move(org)) {}

  State state;
  Instant now = night;

  /// Folds an event of `scale` (0: none). `answers` and `request` are those of an answer.
  template <class Body>
  Done fold(const Body& body, ScaleId scale = {}, EventId answers = {}, Bytes request = {}) {
    return fold_of(org_, body, scale, answers, request);
  }

  template <class Body>
  Done fold_of(std::string_view org, const Body& body, ScaleId scale = {}, EventId answers = {}, Bytes request = {}) {
    const auto bytes = encode(body, org);
    const auto offset = next_offset_++;
    const Inbound inbound{.id = {offset, 7, 0, Source::edge},
                          .at = {offset, 0, 0, Source::policy},
                          .scale = scale,
                          .org = org,
                          .key = org,
                          .now = now,
                          .answers = answers,
                          .event = bytes,
                          .request = request};
    Outbox outbox(inbound.org, inbound.scale, arena_);
    Fold::fold(state, inbound, outbox);
    if (checks_invariants) {
      EXPECT_EQ(Fold::violated_invariant(state), "");
    }
    return done(outbox);
  }

  EventId last_id() const { return {next_offset_ - 1, 7, 0, Source::edge}; }
  EventId last_step() const { return {next_offset_ - 1, 0, 0, Source::policy}; }
  ScaleId next_scale() { return scale_of({++scales_, 0, 0, Source::signal}); }

  bool checks_invariants = true;

 private:
  static bool is_in_the_graph(const Emitted& emitted) {
    return std::any_of(graph::flows.begin(), graph::flows.end(), [&](const graph::Flow& flow) {
      return flow.from == Source::policy && flow.event == emitted.name() && flow.topic == emitted.topic;
    });
  }

  static Done done(Outbox& outbox) {
    Done done;
    for (auto& one : outbox.emissions()) {
      done.events.push_back(
          {one.topic, std::string(one.key), one.scale, one.answers, {one.event.begin(), one.event.end()}});
      EXPECT_TRUE(is_in_the_graph(done.events.back())) << done.events.back().name();
    }
    done.mails = std::move(outbox.requests());
    done.timers = std::move(outbox.timers());
    return done;
  }

  std::string org_;
  Arena arena_;  // of all that was done
  std::uint64_t next_offset_ = 1;
  std::uint64_t scales_ = 0;
};

// --- Inputs --------------------------------------------------------------------------------------------------------

/// The scenario's contract: 100 vCPU, 480 GiB, 10 TiB, +10 %.
inline schema::ContractAppliedT scenario_contract(std::int64_t version = 1, std::int32_t overage = 10) {
  schema::ContractAppliedT contract;
  contract.version = version;
  contract.signed_ = "2025-11-02";
  contract.quota = schema::Resources(100'000, 480 * 1'024, 10 * 1'024);
  contract.overage_percent = overage;
  contract.owner = "owner@acme-tickets.example";
  return contract;
}

/// The scenario's service, with other bounds if a test wants: 10 vCPU, 48 GiB, 100 GiB; 60 s out, 300 s in.
inline schema::ServiceAppliedT service_document(std::int32_t min = 0, std::int32_t max = 40, std::string name = "web") {
  schema::ServiceAppliedT applied;
  applied.spec = std::make_unique<schema::ServiceSpecT>();
  applied.spec->name = std::move(name);
  applied.spec->cell = "prod-eu-a";
  applied.spec->domain = schema::Resources(10'000, 48 * 1'024, 100);
  applied.spec->replicas_min = min;
  applied.spec->replicas_max = max;
  applied.spec->cooldown_out_us = seconds(60).us;
  applied.spec->cooldown_in_us = seconds(300).us;
  return applied;
}

/// A caller's request for `amount`, by or to.
inline schema::ScaleWantedT request_for(schema::ScaleMode mode, std::int32_t amount, std::string key = {},
                                        std::string service = "web") {
  schema::ScaleWantedT wanted;
  wanted.service = std::move(service);
  wanted.kind = schema::SignalKind::request;
  wanted.name = "request";
  wanted.mode = mode;
  wanted.amount = amount;
  wanted.request = schema::EventId(4'711, 3, 1, 0);
  wanted.idempotency_key = std::move(key);
  wanted.requester = "org";
  return wanted;
}
inline constexpr EventId caller{4'711, 3, 1, Source::edge};

inline schema::ScaleWantedT request_by(std::int32_t amount, std::string key = {}) {
  return request_for(schema::ScaleMode::by, amount, std::move(key));
}
inline schema::ScaleWantedT request_to(std::int32_t replicas, std::string key = {}) {
  return request_for(schema::ScaleMode::to, replicas, std::move(key));
}

/// The scenario's alert asks for `amount` more.
inline schema::ScaleWantedT alert_by(std::int32_t amount, std::string fingerprint = "f1") {
  schema::ScaleWantedT wanted;
  wanted.service = "web";
  wanted.kind = schema::SignalKind::alert;
  wanted.name = amount > 0 ? "autoscale.cpu.hi" : "autoscale.cpu.lo";
  wanted.fingerprint = std::move(fingerprint);
  wanted.mode = schema::ScaleMode::by;
  wanted.amount = amount;
  wanted.value_milli = 72'000;
  wanted.queue_depth = 240;
  wanted.signal_at_us = night.us;
  return wanted;
}

inline schema::ScaleWantedT schedule_to(std::int32_t replicas) {
  schema::ScaleWantedT wanted;
  wanted.service = "web";
  wanted.kind = schema::SignalKind::schedule;
  wanted.name = "0 8 * * 1-5";
  wanted.mode = schema::ScaleMode::to;
  wanted.amount = replicas;
  return wanted;
}

/// DomainRunning, DomainNotStarted or DomainStopped of a domain.
template <class Body>
Body about_domain(std::string_view domain, std::string_view service = "web") {
  Body body;
  body.domain = domain;
  body.service = service;
  return body;
}

/// The names in the step's ScaleAdmitted; empty if it admitted nothing, or a scale-in.
inline std::vector<std::string> names_admitted(const Done& done) {
  std::vector<std::string> names;
  for (const auto* admission : done.all<schema::ScaleAdmitted>()) {
    if (admission->names() == nullptr) continue;
    for (const auto* name : *admission->names()) names.push_back(name->str());
  }
  return names;
}

/// Tells the fold that each domain that this step admitted runs.
inline void run_all(Harness& policy, const Done& admitted) {
  for (const auto& name : names_admitted(admitted))
    policy.fold(about_domain<schema::DomainRunningT>(name), admitted.emission<schema::ScaleAdmitted>().scale);
}

/// The scenario's org and service with `replicas` domains that run, a day before the alert.
inline void given_running(Harness& policy, std::int32_t replicas) {
  policy.now = night + hours(-24);
  policy.fold(scenario_contract());
  policy.fold(service_document());
  if (replicas > 0) run_all(policy, policy.fold(request_to(replicas), policy.next_scale()));
  policy.now = night;
}

}  // namespace virtscale::policy
