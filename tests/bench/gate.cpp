// Decisions per second of the policy fold alone, from a verified ScaleWanted to the encoded ScaleAdmitted and
// ScaleDecided, with one service and with very many: the shape of the cost is the figure.
#include "stages/policy/gate.hpp"

#include <fmt/format.h>

#include <array>

#include "schemas/codec.hpp"
#include "stages/policy/fold.hpp"
#include "tests/bench/harness.hpp"
#include "tests/bench/peers/peer.hpp"
#include "tests/bench/world/documents.hpp"

namespace virtscale::bench {
namespace {

constexpr int runs = 5;
constexpr std::array<std::uint32_t, 3> sizes = {1, 10'000, 1'000'000};
constexpr std::uint32_t usual_size = 10'000;
constexpr std::uint32_t services_of_an_org = 100;
constexpr std::uint32_t decisions_in_a_round = 1'000;
constexpr int rounds = 100;

std::string org_of(std::uint32_t service) {
  return "org-" + std::to_string(service / services_of_an_org);
}
std::string name_of(std::uint32_t service) {
  return "service-" + std::to_string(service % services_of_an_org);
}

/// Policy's fold, fed by hand.
class Gate {
 public:
  explicit Gate(std::uint32_t services) : services_(services) {
    for (std::uint32_t service = 0; service < services; ++service) {
      if (service % services_of_an_org == 0)
        fold(org_of(service), encode(contract_of(1'000'000'000), org_of(service)), {});
      fold(org_of(service), encode(service_of(name_of(service), policy::replicas_bound_max), org_of(service)), {});
    }
  }

  /// Decides about one domain more for services all over the table, then gives all of them back. Seconds of the
  /// decisions alone.
  double decide_a_round() {
    std::vector<Wish> wishes;
    for (std::uint32_t n = 0; n < decisions_in_a_round; ++n) {
      const auto service = static_cast<std::uint32_t>((next_ += 7'919) % services_);
      wishes.push_back({service, org_of(service), encode(wish(service), org_of(service)), {++scale_}});
    }
    const auto began = processor_time();
    for (const auto& wish : wishes) fold(wish.org, wish.event, wish.scale);
    const auto took = processor_time() - began;
    for (const auto& wish : wishes) give_back(wish);
    return took;
  }

 private:
  struct Wish {
    std::uint32_t service = 0;
    std::string org;
    std::vector<std::byte> event;
    ScaleId scale;
  };

  static schema::ScaleWantedT wish(std::uint32_t service) {
    schema::ScaleWantedT wish;
    wish.service = name_of(service);
    wish.kind = schema::SignalKind::request;
    wish.name = "request";
    wish.amount = 1;
    wish.requester = "operator";
    return wish;
  }

  void give_back(const Wish& wish) {
    schema::DomainNotStartedT gone;
    const auto service = name_of(wish.service);
    const auto domain = service + "-" + to_string(wish.scale).substr(4) + "-1";
    gone.service = service;
    gone.domain = domain;
    fold(wish.org, encode(gone, wish.org), wish.scale);
  }

  void fold(std::string_view org, const std::vector<std::byte>& event, ScaleId scale) {
    const Inbound inbound{.id = {},
                          .at = {++offset_, 0, 0, Source::policy},
                          .scale = scale,
                          .org = org,
                          .key = org,
                          .now = {static_cast<std::int64_t>(offset_)},
                          .answers = {},
                          .event = event,
                          .request = {}};
    arena_.clear();
    outbox_.begin(org, scale, arena_);
    policy::Fold::fold(state_, inbound, outbox_);
  }

  std::uint32_t services_;
  policy::State state_;
  Arena arena_;
  Outbox outbox_;
  std::uint64_t offset_ = 0;
  std::uint64_t scale_ = 0;
  std::uint64_t next_ = 0;
};

double decisions_per_second(Gate& gate) {
  double seconds = 0;
  for (int round = 0; round < rounds; ++round) seconds += gate.decide_a_round();
  return rounds * decisions_in_a_round / seconds;
}

}  // namespace

double decisions_per_second_at(std::uint64_t services) {
  Gate gate(static_cast<std::uint32_t>(services));
  return decisions_per_second(gate);
}

std::vector<Figure> measure_gate() {
  std::vector<Figure> figures;
  for (const auto services : sizes) {
    Gate gate(services);
    const auto figure = services == usual_size ? "decisions_per_s" : fmt::format("decisions_per_s_at_{}", services);
    Figure rate{.bench = "gate", .figure = figure, .runs = {}};
    for (int run = 0; run < runs; ++run) rate.runs.push_back(decisions_per_second(gate));
    fmt::print(stderr, "gate: {} services: {:.0f} decisions/s\n", services, median_of(rate.runs));
    figures.push_back(std::move(rate));
  }
  auto& usual = figures[1];
  usual.target = at_least(1'000'000);
  if (const auto opa = run_peer("opa", {std::to_string(usual_size)})) {
    usual.beside = {{"OPA, in process", opa->at("decisions_per_s"), at_least(20)},
                    {"OPA, its data in the input", opa->at("decisions_per_s_from_input"), at_least(20)}};
  }
  // A decision may cost twice as much.
  figures.back().beside = {{"with 10,000 services", median_of(usual.runs), at_least(0.5)}};
  return figures;
}

}  // namespace virtscale::bench
