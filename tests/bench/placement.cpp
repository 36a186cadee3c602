// Microseconds for each placement in a cell of 100, 10,000 and 100,000 nodes: the choice of the least-loaded NUMA node,
// with the candidates that were passed over, and the change of its load.
#include <fmt/format.h>

#include <array>

#include "stages/orchestration/state.hpp"
#include "tests/bench/harness.hpp"

namespace virtscale::bench {
namespace {

constexpr int runs = 5;
constexpr std::array<int, 3> sizes = {100, 10'000, 100'000};
constexpr int placements_in_a_run = 100'000;
constexpr std::string_view cell = "bench";

// Two NUMA nodes each, in racks, some of them loaded already.
void fill(orchestration::State& state, int nodes) {
  for (int n = 0; n < nodes; ++n) {
    const auto name = fmt::format("r{}.{:02}.nd-{:06x}", n / 400, n / 20 % 20, n);
    auto& row = state.nodes.modify(orchestration::State::node_key(cell, name));
    row.zone = n % 2 == 0 ? "zone-a" : "zone-b";
    row.listed = true;
    for (int numa = 0; numa < 2; ++numa) row.numa.emplace_back(64'000, 262'144, n % 7 * 1'000, n % 11 * 4'096, false);
  }
}

double microseconds_a_placement(orchestration::State& state) {
  schema::PlacedDomainT domain;
  domain.cell = cell;
  domain.resources = schema::Resources(1, 1, 1);
  const auto began = processor_time();
  for (int n = 0; n < placements_in_a_run; ++n) {
    const auto placement = state.slots(cell).choose({1, 1, nullptr});
    domain.zone = placement.chosen->zone();
    domain.node = placement.chosen->node;
    domain.numa = placement.chosen->numa;
    state.occupy(cell, *placement.chosen, domain.resources);
  }
  return (processor_time() - began) * 1e6 / placements_in_a_run;
}

}  // namespace

double microseconds_a_placement_at(std::uint64_t nodes) {
  orchestration::State state;
  fill(state, static_cast<int>(nodes));
  state.slots(cell);
  return microseconds_a_placement(state);
}

std::vector<Figure> measure_placement() {
  std::vector<Figure> figures;
  for (const auto nodes : sizes) {
    orchestration::State state;
    fill(state, nodes);
    state.slots(cell);
    Figure time{.bench = "placement", .figure = fmt::format("us_at_{}", nodes), .runs = {}};
    for (int run = 0; run < runs; ++run) time.runs.push_back(microseconds_a_placement(state));
    fmt::print(stderr, "placement: {} nodes: {:.2f} us\n", nodes, median_of(time.runs));
    figures.push_back(std::move(time));
  }
  figures.back().target = at_most(3);
  figures.back().beside = {{"with 100 nodes", median_of(figures.front().runs), at_most(2)}};
  return figures;
}

}  // namespace virtscale::bench
