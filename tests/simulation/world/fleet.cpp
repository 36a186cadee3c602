#include "tests/simulation/world/fleet.hpp"

#include <utility>

namespace virtscale::simulation {
namespace {

constexpr Instant never{INT64_MAX};

}  // namespace

void Fleet::start(const DomainOrder& order, Domains::Started done) {
  const auto found = machines_.find(order.name);
  if (found != machines_.end()) return await(found->second, std::move(done));
  auto hangs = faults_.strikes(Fault::start_hangs);
  if (hangs && hangs->one_in(2)) return hang(*hangs, order, std::move(done));
  auto& machine = begin(order);
  if (hangs) machine.up_at = machine.listens_at = never;
  await(machine, std::move(done));
}

// Nothing of it is there when the driver gives up; now and then it comes all the same, when nobody waits any more.
void Fleet::hang(Dice dice, const DomainOrder& order, Domains::Started done) {
  time_.after(start_deadline, [done = std::move(done)] {
    const Failure failure{"it did not come up, and nothing of it is there"};
    done(nullptr, &failure);
  });
  if (dice.one_in(2)) return;
  time_.after(start_deadline + dice.between(milliseconds(100), seconds(90)), [this, order] {
    if (!machines_.contains(order.name)) begin(order);
  });
}

Machine& Fleet::begin(const DomainOrder& order) {
  auto& machine = machines_[order.name];
  machine.order = order;
  machine.number = ++last_number_;
  machine.address = {"10." + std::to_string(last_number_ >> 16U) + "." + std::to_string(last_number_ >> 8U & 255U) +
                         "." + std::to_string(last_number_ & 255U),
                     8'080};
  machine.begun = time_.now();
  machine.up_at = time_.now() + pace_.between(milliseconds(20), seconds(2));
  machine.listens_at = machine.up_at + pace_.between(milliseconds(0), seconds(3));
  if (auto dice = faults_.strikes(Fault::domain_slow))
    machine.listens_at = machine.up_at + dice->between(seconds(3), seconds(90));
  if (faults_.strikes(Fault::domain_mute)) machine.listens_at = never;
  at_[machine.address.address] = order.name;
  ++births_[order.name];
  story_.tell([&] { return "world: " + order.name + " begins on " + order.node; });
  if (on_begin) on_begin(machine);
  return machine;
}

void Fleet::await(const Machine& machine, Domains::Started done) {
  const auto deadline = time_.now() + start_deadline;
  const auto ready = std::max(machine.up_at, time_.now());
  time_.at(std::min(ready, deadline),
           [this, name = machine.order.name, number = machine.number, done = std::move(done)] {
             const auto now = machines_.find(name);
             const bool there = now != machines_.end() && now->second.number == number;
             if (there && now->second.up_at <= time_.now()) return done(&now->second.address, nullptr);
             const Failure failure{there ? "it did not come up within 30 s" : "it was stopped while it started"};
             done(nullptr, &failure);
           });
}

void Fleet::stop(const std::string& name) {
  ++stops_[name];
  const auto found = machines_.find(name);
  if (found == machines_.end()) return;
  story_.tell([&] { return "world: " + name + " ends"; });
  if (on_end) on_end(found->second);
  at_.erase(found->second.address.address);
  machines_.erase(found);
}

std::vector<std::string> Fleet::running(std::string_view cell) const {
  std::vector<std::string> names;
  for (const auto& [name, machine] : machines_) {
    if (machine.order.cell == cell) names.push_back(name);
  }
  return names;
}

bool Fleet::listens(const DomainAddress& at) const {
  const auto name = at_.find(at.address);
  if (name == at_.end()) return false;
  const auto& machine = machines_.at(name->second);
  return machine.address.port == at.port && machine.listens_at <= time_.now();
}

std::uint32_t Fleet::stops_of(const std::string& name) const {
  const auto stops = stops_.find(name);
  return stops == stops_.end() ? 0 : stops->second;
}

}  // namespace virtscale::simulation
