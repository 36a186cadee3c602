// Microseconds for each placement in a cell of 100, 10,000 and 100,000 nodes: the choice of the least-loaded NUMA node,
// or by bin-pack of the most loaded that has room, with the candidates that were passed over, and the change of its
// load.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "stages/orchestration/state.hpp"
#include "tests/bench/harness.hpp"

namespace virtscale::bench {
namespace {

constexpr int runs = 5;
constexpr std::array<int, 3> sizes = {100, 10'000, 100'000};
constexpr std::string_view cell = "bench";

struct Order {
  schema::PlacementOrder order;
  std::string_view figure;
  int placements_in_a_run;
  std::int64_t vcpu_milli;  // of each domain
  std::int64_t ram_mib;
};
constexpr std::array<Order, 2> orders = {{
    {schema::PlacementOrder::least_loaded, "us_at", 100'000, 1, 1},
    // 216 to 256 of them fill a NUMA node, and all runs do not fill 100 nodes.
    {schema::PlacementOrder::bin_pack, "bin_pack_us_at", 8'000, 250, 1'024},
}};

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

double microseconds_a_placement(orchestration::State& state, const Order& order) {
  schema::PlacedDomainT domain;
  domain.cell = cell;
  domain.resources = schema::Resources(order.vcpu_milli, order.ram_mib, 1);
  const orchestration::Need need{order.vcpu_milli, order.ram_mib, nullptr};
  const auto began = processor_time();
  for (int n = 0; n < order.placements_in_a_run; ++n) {
    const auto placement = state.slots(cell).choose(need, order.order);
    domain.zone = placement.chosen->zone();
    domain.node = placement.chosen->node;
    domain.numa = placement.chosen->numa;
    state.occupy(cell, *placement.chosen, domain.resources);
  }
  return (processor_time() - began) * 1e6 / order.placements_in_a_run;
}

std::vector<Figure> measure(const Order& order) {
  std::vector<Figure> figures;
  for (const auto nodes : sizes) {
    orchestration::State state;
    fill(state, nodes);
    state.slots(cell);
    Figure time{.bench = "placement", .figure = fmt::format("{}_{}", order.figure, nodes), .runs = {}};
    for (int run = 0; run < runs; ++run) time.runs.push_back(microseconds_a_placement(state, order));
    fmt::print(stderr, "placement: {}_{}: {:.2f} us\n", order.figure, nodes, median_of(time.runs));
    figures.push_back(std::move(time));
  }
  figures.back().target = at_most(3);
  figures.back().beside = {{"with 100 nodes", median_of(figures.front().runs), at_most(2)}};
  return figures;
}

}  // namespace

double microseconds_a_placement_at(std::uint64_t nodes) {
  orchestration::State state;
  fill(state, static_cast<int>(nodes));
  state.slots(cell);
  return microseconds_a_placement(state, orders.front());
}

std::vector<Figure> measure_placement() {
  std::vector<Figure> figures;
  for (const auto& order : orders) std::ranges::move(measure(order), std::back_inserter(figures));
  return figures;
}

}  // namespace virtscale::bench
