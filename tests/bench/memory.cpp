// Bytes that the five stages remember of an org, a service, a node and a domain, at rest; and the memory of a process
// with 1,000,000 services.
//
// What is counted is what the allocator has handed out, once the tables have forgotten what changed. A service's names
// are taken off once, however often a stage keeps them.
#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "schemas/codec.hpp"
#include "tests/bench/harness.hpp"
#include "tests/bench/peers/peer.hpp"
#include "tests/bench/world/chain.hpp"

namespace virtscale::bench {
namespace {

constexpr std::uint64_t services_usual = 1'000'000;
constexpr std::uint64_t services_of_an_org = 100;
constexpr int cells = 20;
constexpr int nodes_of_a_cell = 5'000;
constexpr std::uint64_t domains_counted = 50'000;
// So many scale events fill what audit keeps of the newest; they are not what a domain costs.
constexpr std::uint64_t domains_before = 12'000;
constexpr std::string_view cell = "prod-0";

std::string org_of(std::uint64_t service) {
  return fmt::format("org-{}", service / services_of_an_org);
}
std::string name_of(std::uint64_t service) {
  return fmt::format("service-{}", service % services_of_an_org);
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

/// What is allocated now: as jemalloc counts it, where the program has it, else what is resident.
double allocated_bytes() {
  using Control = int (*)(const char*, void*, std::size_t*, void*, std::size_t);
  static const auto control = reinterpret_cast<Control>(dlsym(RTLD_DEFAULT, "mallctl"));
  std::uint64_t epoch = 1;
  std::size_t allocated = 0;
  std::size_t size = sizeof allocated;
  const bool counted = control != nullptr && control("thread.tcache.flush", nullptr, nullptr, nullptr, 0) == 0 &&
                       control("epoch", nullptr, nullptr, &epoch, sizeof epoch) == 0 &&
                       control("stats.allocated", &allocated, &size, nullptr, 0) == 0;
  return counted ? static_cast<double>(allocated) : resident_bytes();
}

schema::ContractAppliedT contract_of(const std::string& org) {
  schema::ContractAppliedT contract;
  contract.version = 1;
  contract.signed_ = "2025-11-02";
  contract.quota = schema::Resources(1'000'000'000, 1'000'000'000, 1'000'000'000);
  contract.overage_percent = 10;
  contract.owner = "owner@" + org + ".example";
  return contract;
}

std::unique_ptr<schema::ScaleRuleT> rule(const char* on, int change) {
  auto rule = std::make_unique<schema::ScaleRuleT>();
  rule->on = on;
  rule->amount = change;
  return rule;
}

// As documents in the README have them: two rules, cooldowns, a probe, a pool.
schema::ServiceAppliedT service_of(std::uint64_t service) {
  schema::ServiceAppliedT applied;
  applied.spec = std::make_unique<schema::ServiceSpecT>();
  auto& spec = *applied.spec;
  spec.name = name_of(service);
  spec.cell = cell;
  spec.domain = schema::Resources(100, 64, 1);
  spec.replicas_max = 10'000;
  spec.rules.push_back(rule("Hot", 2));
  spec.rules.push_back(rule("Cold", -1));
  spec.cooldown_out_us = seconds(60).us;
  spec.cooldown_in_us = seconds(300).us;
  spec.health = std::make_unique<schema::HealthT>();
  spec.health->path = "/healthz";
  spec.health->every_us = seconds(1).us;
  spec.health->deadline_us = seconds(60).us;
  spec.haproxy_backend = spec.name;
  return applied;
}

// No two say the same: each has its own size, limits and amounts.
schema::ServiceAppliedT distinct_service_of(std::uint64_t service) {
  auto applied = service_of(service);
  auto& spec = *applied.spec;
  const auto number = static_cast<std::int64_t>(service);
  spec.domain = schema::Resources(100 + number, 64 + number, 1);
  spec.replicas_max = 1 + static_cast<std::int32_t>(service % 10'000);
  spec.rules.front()->amount = 1 + static_cast<std::int32_t>(service % 1'000);
  spec.cooldown_in_us = seconds(300 + number).us;
  return applied;
}

std::size_t names_of(const schema::ServiceAppliedT& applied, const std::string& org) {
  return org.size() + applied.spec->name.size() + applied.spec->cell.size() + applied.spec->haproxy_backend.size();
}

schema::CellAppliedT cell_named(const std::string& name) {
  schema::CellAppliedT applied;
  applied.name = name;
  for (int n = 0; n < nodes_of_a_cell; ++n) {
    auto node = std::make_unique<schema::NodeSpecT>();
    node->name = fmt::format("r{}.{:02}.nd-{:06x}", n / 400, n / 20 % 20, n);
    node->zone = n % 2 == 0 ? "zone-a" : "zone-b";
    for (int i = 0; i < 2; ++i) {
      auto numa = std::make_unique<schema::NumaSpecT>();
      numa->vcpu_milli = 64'000;
      numa->ram_mib = 262'144;
      node->numa.push_back(std::move(numa));
    }
    applied.nodes.push_back(std::move(node));
  }
  return applied;
}

/// The stages, and what was allocated when they were last looked at.
class Remembered {
 public:
  Remembered() : before_(allocated_bytes()) {}
  Chain& chain() { return *chain_; }

  /// What each of `count` things costs that were added since the last call.
  double bytes_for_each(std::uint64_t count) {
    chain_->settle();
    const auto now = allocated_bytes();
    return (now - std::exchange(before_, now)) / static_cast<double>(count);
  }

  void add_orgs(std::uint64_t count) {
    for (std::uint64_t n = 0; n < count; ++n) {
      const auto org = fmt::format("org-{}", n);
      chain_->append(Topic::signals, org, encode(contract_of(org), org));
    }
  }
  /// Services as `document_of` describes each. Bytes of their names, each once.
  double add_services(std::uint64_t count, schema::ServiceAppliedT (*document_of)(std::uint64_t) = service_of) {
    std::size_t names = 0;
    for (std::uint64_t n = 0; n < count; ++n) {
      const auto org = org_of(n);
      const auto applied = document_of(n);
      names += names_of(applied, org);
      chain_->append(Topic::alerts, org + "/" + name_of(n), encode(applied, org));
    }
    return static_cast<double>(names);
  }
  void add_nodes() {
    for (int n = 0; n < cells; ++n) {
      const auto name = fmt::format("prod-{}", n);
      chain_->append(Topic::decisions, name, encode(cell_named(name), ""));
    }
  }
  void add_domains(std::uint64_t count) {
    schema::ScaleRequestedT wanted;
    wanted.amount = 1;
    wanted.requester = "operator";
    for (std::uint64_t n = 0; n < count; ++n, ++requested_) {
      const auto org = org_of(requested_);
      wanted.service = name_of(requested_);
      chain_->append(Topic::alerts, org + "/" + wanted.service, encode(wanted, org));
    }
  }

  /// What each stage holds of the whole, as it goes.
  void tell_of_stages() {
    auto& stages = chain_->stages();
    for (auto& stage : stages) {
      const auto name = graph::stages[static_cast<std::size_t>(stage->stage()) - 1].name;
      stage.reset();
      const auto now = allocated_bytes();
      fmt::print(stderr, "memory: {} held {:.0f} MiB\n", name, (before_ - now) / (1U << 20U));
      before_ = now;
    }
    stages.clear();
  }

 private:
  double before_;
  std::unique_ptr<Chain> chain_ = std::make_unique<Chain>();
  std::uint64_t requested_ = 0;
};

Figure figure_of(const std::string& name, double value) {
  return {.bench = "memory", .figure = name, .runs = {value}};
}

double bytes_per_service(std::uint64_t services, schema::ServiceAppliedT (*document_of)(std::uint64_t)) {
  Remembered stages;
  stages.add_orgs((services + services_of_an_org - 1) / services_of_an_org);
  stages.bytes_for_each(1);
  const auto names = stages.add_services(services, document_of);
  return stages.bytes_for_each(services) - names / static_cast<double>(services);
}

}  // namespace

double bytes_per_service_at(std::uint64_t services) {
  return bytes_per_service(services, service_of);
}

std::vector<Figure> measure_idle_stages(const std::string& bootstrap) {
  const auto idle = run_program("tests/bench/processes/idle.py", {bootstrap});
  if (!idle) return {};
  const auto largest = std::ranges::max_element(*idle, {}, [](const auto& stage) { return stage.second; });
  for (const auto& [stage, mib] : *idle) fmt::print(stderr, "memory: {} has {:.1f} MiB when idle\n", stage, mib);
  auto figure = figure_of("idle_stage_mib", largest->second);
  figure.target = at_most(40);
  return {figure};
}

std::vector<Figure> measure_memory() {
  Remembered stages;
  std::vector<Figure> figures;
  const auto orgs = services_usual / services_of_an_org;
  stages.add_orgs(orgs);
  figures.push_back(figure_of("bytes_per_org", stages.bytes_for_each(orgs)));
  const auto resident = resident_bytes();
  const auto names = stages.add_services(services_usual) / services_usual;
  figures.push_back(figure_of("bytes_per_service", stages.bytes_for_each(services_usual) - names));
  figures.back().target = at_most(400);
  figures.push_back(figure_of("rss_mib_at_1000000_services", (resident_bytes() - resident) / (1U << 20U)));
  stages.add_nodes();
  figures.push_back(figure_of("bytes_per_node", stages.bytes_for_each(cells * nodes_of_a_cell)));
  stages.add_domains(domains_before);
  stages.bytes_for_each(domains_before);
  stages.add_domains(domains_counted);
  figures.push_back(figure_of("bytes_per_domain", stages.bytes_for_each(domains_counted)));
  stages.tell_of_stages();
  // Last, since what it leaves behind in the allocator would hide what the others take of the system.
  figures.push_back(figure_of("bytes_per_distinct_service", bytes_per_service(services_usual, distinct_service_of)));
  figures.back().target = at_most(400);
  return figures;
}

}  // namespace virtscale::bench
