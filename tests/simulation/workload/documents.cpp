#include "tests/simulation/workload/documents.hpp"

#include <array>

namespace virtscale::simulation {
namespace {

constexpr std::array<std::int32_t, 4> overages = {0, 5, 10, 20};
constexpr std::array<const char*, 3> crons = {"* * * * *", "*/2 * * * *", "1-59/3 * * * *"};
constexpr std::array<const char*, 2> zones = {"UTC", "Asia/Kathmandu"};
constexpr std::int64_t gib = 1'024;

template <class Choices>
auto one_of(Dice& dice, const Choices& choices) {
  return choices[dice.below(choices.size())];
}

std::unique_ptr<schema::ScaleRuleT> draw_rule(Dice& dice, const std::string& on) {
  auto rule = std::make_unique<schema::ScaleRuleT>();
  rule->on = on;
  const bool sets = on == "surge";
  rule->mode = sets ? schema::ScaleMode::to : schema::ScaleMode::by;
  rule->amount = static_cast<std::int32_t>(sets ? dice.between(0, 12) : dice.between(1, 3) * (on == "cold" ? -1 : 1));
  if (dice.one_in(2)) rule->every_us = dice.between(seconds(2), seconds(60)).us;
  return rule;
}

std::unique_ptr<schema::ScaleRuleT> draw_schedule(Dice& dice) {
  auto rule = std::make_unique<schema::ScaleRuleT>();
  rule->cron = one_of(dice, crons);
  rule->zone = one_of(dice, zones);
  rule->mode = schema::ScaleMode::to;
  rule->amount = static_cast<std::int32_t>(dice.between(0, 10));
  return rule;
}

std::unique_ptr<schema::NodeSpecT> draw_node(Dice& dice, std::uint64_t number) {
  auto node = std::make_unique<schema::NodeSpecT>();
  node->name = "nd-" + std::to_string(number);
  node->zone = "zone-" + std::to_string(number % 3);
  for (auto left = dice.between(1, 2); left > 0; --left) {
    auto numa = std::make_unique<schema::NumaSpecT>();
    const auto size = dice.one_in(12) ? 20 : 1;
    numa->vcpu_milli = dice.between(6, 96) * size * 1'000;
    numa->ram_mib = dice.between(24, 384) * size * gib;
    node->numa.push_back(std::move(numa));
  }
  return node;
}

std::unique_ptr<schema::HealthT> draw_health(Dice& dice) {
  auto health = std::make_unique<schema::HealthT>();
  health->path = dice.one_in(4) ? "" : "/healthz";
  health->every_us = dice.between(milliseconds(200), seconds(2)).us;
  health->deadline_us = dice.between(seconds(5), seconds(60)).us;
  return health;
}

}  // namespace

schema::ContractAppliedT draw_contract(Dice& dice, const std::string& org, std::int64_t version) {
  schema::ContractAppliedT contract;
  contract.version = version;
  contract.signed_ = "2026-01-0" + std::to_string(1 + dice.below(9));
  const auto vcpu = dice.one_in(10) ? dice.between(500, 3'000) : dice.between(10, dice.one_in(4) ? 400 : 90);
  contract.quota = schema::Resources(vcpu * 1'000, dice.between(vcpu, vcpu * 8) * gib, dice.between(vcpu, vcpu * 40));
  contract.overage_percent = one_of(dice, overages);
  if (!dice.one_in(12)) contract.owner = "owner@" + org + ".example";
  return contract;
}

std::unique_ptr<schema::ServiceSpecT> draw_service(Dice& dice, const std::string& name, const std::string& cell) {
  auto spec = std::make_unique<schema::ServiceSpecT>();
  spec->name = name;
  spec->cell = cell;
  spec->domain = schema::Resources(dice.between(1, 12) * 1'000, dice.between(1, 32) * gib, dice.between(0, 100));
  spec->replicas_min = static_cast<std::int32_t>(dice.one_in(2) ? 0 : dice.between(1, 3));
  spec->replicas_max = static_cast<std::int32_t>(spec->replicas_min + (dice.one_in(16) ? 300 : dice.between(1, 20)));
  for (const auto* alert : alert_names) {
    if (alert != alert_names.back() && !dice.one_in(8)) spec->rules.push_back(draw_rule(dice, alert));
  }
  if (dice.one_in(4)) spec->rules.push_back(draw_schedule(dice));
  spec->cooldown_out_us = dice.between({}, seconds(20)).us;
  spec->cooldown_in_us = dice.between({}, seconds(20)).us;
  if (!dice.one_in(6)) spec->health = draw_health(dice);
  spec->vip = "10.10.4.12/32";
  if (!dice.one_in(4)) spec->haproxy_backend = dice.one_in(3) ? "shared" : "pool-" + name;
  return spec;
}

schema::CellAppliedT draw_cell(Dice& dice, const std::string& name) {
  schema::CellAppliedT cell;
  cell.name = name;
  const auto nodes = dice.one_in(12) ? 0 : dice.between(1, 5);
  for (std::int64_t i = 0; i < nodes; ++i) cell.nodes.push_back(draw_node(dice, static_cast<std::uint64_t>(i)));
  return cell;
}

void change_cell(Dice& dice, schema::CellAppliedT& cell) {
  const auto drawn = dice.below(8);
  auto& nodes = cell.nodes;
  if (nodes.empty() || drawn < 3) return nodes.push_back(draw_node(dice, 10 + dice.below(90)));
  const auto at = nodes.begin() + static_cast<std::ptrdiff_t>(dice.below(nodes.size()));
  if (drawn < 6) return void(nodes.erase(at));
  auto other = draw_node(dice, 0);
  other->name = (*at)->name;
  *at = std::move(other);
}

}  // namespace virtscale::simulation
