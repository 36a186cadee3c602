// Audit's fold on a bench: records in, lines and checkpoints out, the invariants checked after each step. Checkpoints
// are signed by a real key when the test says so.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/candidates.hpp"
#include "stages/audit/effects.hpp"
#include "stages/audit/fold.hpp"
#include "topology/adapters/sodium/sodium.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale::audit {

/// What became of the ledger of one org.
struct Written {
  std::vector<std::string> lines;
  std::vector<schema::CheckpointPublishedT> checkpoints;
};

/// A directory with one key, gone when the test is.
class SigningKey {
 public:
  explicit SigningKey(const std::string& name = "policy-gate-2026-q1") {
    key = generate_key(directory / "keys", name);
    signer = make_keyfile_signer(directory / "keys", name);
  }

 private:
  // Durable writes cost nothing in memory, and what they are worth is not what these tests ask.
  TemporaryDirectory folder_{TemporaryDirectory::On::memory};

 public:
  const std::filesystem::path& directory = folder_.path();
  VerifierKey key;
  std::unique_ptr<Signer> signer;
};

/// Runs what is posted at once.
class AtOnce final : public Executor {
 public:
  void post(std::function<void()> run) override { run(); }
  void after(Duration, std::function<void()> run) override { run(); }
};

/// One partition of audit.
class Folding {
 public:
  std::string org = "acme";
  Instant now{1'776'737'640'000'000};
  State state;
  Written written;
  /// Requests that are not yet answered: SignCheckpoint.
  std::vector<EffectRequest> requests;
  /// Every event that was emitted, as bytes, in order.
  std::vector<std::vector<std::byte>> emitted;

  template <class Body>
  void fold(ScaleId scale, const Body& body) {
    take(scale, schema::encode(body, org), {}, org);
  }

  /// Answers the oldest request with what the signer makes of it.
  void sign(const Signer& signer) {
    ASSERT_FALSE(requests.empty());
    AtOnce executor;
    const auto request = requests.front();
    std::vector<std::byte> answer;
    make_effects(signer, executor)->perform(std::make_shared<EffectRequest>(request), [&](auto event) {
      answer = event;
    });
    answer_oldest(answer);
  }

  void answer_oldest(const std::vector<std::byte>& answer) {
    const auto request = requests.front();
    requests.erase(requests.begin());
    take(request.scale, answer, request.event, request.org);
  }

 private:
  void take(ScaleId scale, const std::vector<std::byte>& event, const std::vector<std::byte>& request,
            const std::string& of) {
    const Inbound inbound{.id = {77, 0, static_cast<std::uint32_t>(offset_), Source::edge},
                          .at = {++offset_, 0, 0, Source::audit},
                          .scale = scale,
                          .org = of,
                          .key = of,
                          .now = now,
                          .answers = {},
                          .event = event,
                          .request = request};
    Arena arena;
    Outbox outbox(of, scale, arena);
    Fold::fold(state, inbound, outbox);
    EXPECT_EQ(Fold::violated_invariant(state), "");
    for (auto& emission : outbox.emissions()) note({emission.event.begin(), emission.event.end()}, emission.topic);
    for (auto& asked : outbox.requests())
      requests.push_back({{offset_, 0, 0, Source::audit}, asked.scale, of, {asked.event.begin(), asked.event.end()}});
  }

  void note(std::vector<std::byte> bytes, Topic topic) {
    EXPECT_EQ(topic, Topic::ledger);
    const auto* event = schema::verify_event(bytes);
    ASSERT_NE(event, nullptr);
    if (const auto* line = event->body_as_LineAppended()) written.lines.push_back(line->line()->str());
    if (const auto* checkpoint = event->body_as_CheckpointPublished()) {
      written.checkpoints.emplace_back();
      checkpoint->UnPackTo(&written.checkpoints.back());
    }
    emitted.push_back(std::move(bytes));
  }

  std::uint64_t offset_ = 0;
};

// --- The worked example's bodies ----------------------------------------------------------------------------------

inline schema::ScaleDecidedT admitted(int domains = 1) {
  schema::ScaleDecidedT event;
  event.service = "web";
  event.reason = "90 of 110 vCPU (81.8 %) after the scale: within the envelope";
  event.code = "within_envelope";
  event.kind = schema::SignalKind::alert;
  event.name = "autoscale.cpu.hi";
  event.value_milli = 72'000;
  event.queue_depth = 240;
  event.signal_at_us = 1'776'737'640'122'000;
  event.decided_at_us = 1'776'737'652'418'000;
  event.from = 8;
  event.to = 8 + domains;
  event.contract_version = 1;
  event.overage_percent = 10;
  event.projection.emplace_back(schema::Dimension::vcpu, 80'000, 0, 10'000 * domains, 100'000, 110'000);
  event.projection.emplace_back(schema::Dimension::ram, 393'216, 0, 49'152 * domains, 491'520, 540'672);
  event.projection.emplace_back(schema::Dimension::disk, 800, 0, 100 * domains, 10'240, 11'264);
  event.domains = domains;
  return event;
}

inline schema::ScaleDecidedT refused() {
  auto event = admitted(0);
  event.decision = schema::Decision::refused;
  event.reason = "120 of 110 vCPU (109.1 %) after the scale: beyond the envelope";
  event.code = "beyond_envelope";
  event.binding = schema::Dimension::vcpu;
  event.remedy = "an overage cap of 20 %";
  return event;
}

inline schema::DomainPlacedT placed(std::string_view domain) {
  schema::DomainPlacedT event;
  event.domain = domain;
  event.service = "web";
  event.cell = "prod-eu-a";
  event.zone = "zone-b";
  event.node = "r3.05.nd-04a2c1";
  event.numa = 1;
  event.placed_at_us = 1'776'737'654'001'000;
  event.candidates_total = 1;
  const schema::Candidate numbers(0, 0, 0, 0, 0, schema::PassedOver::more_loaded);
  static std::string names;  // which the event borrows
  names.clear();
  event.candidates.push_back(schema::named_candidate(names, "", "r3.05.nd-04a2c2", numbers));
  event.candidate_names = names;
  return event;
}

inline schema::DomainServingT serving(std::string_view domain) {
  schema::DomainServingT event;
  event.domain = domain;
  event.service = "web";
  event.address = "10.0.4.9";
  event.port = 8080;
  event.backend = "web";
  event.backends = 9;
  event.probes = 1;
  event.live_at_us = 1'776'737'682'117'000;
  event.serving_at_us = 1'776'737'684'880'000;
  return event;
}

inline schema::DomainFailedT failed(std::string_view domain, std::string_view reason) {
  schema::DomainFailedT event;
  event.domain = domain;
  event.service = "web";
  event.reason = reason;
  event.failed_at_us = 1'776'737'684'000'000;
  return event;
}

inline schema::DomainRemovedT removed(std::string_view domain) {
  schema::DomainRemovedT event;
  event.domain = domain;
  event.service = "web";
  event.removed_at_us = 1'776'737'690'000'000;
  return event;
}

inline schema::RefusalEndedT refusal_ended(const std::string& reason) {
  schema::RefusalEndedT event;
  event.service = "web";
  event.reason = reason;
  return event;
}

}  // namespace virtscale::audit
