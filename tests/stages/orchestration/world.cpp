#include "tests/stages/orchestration/world.hpp"

namespace virtscale::orchestration {

Inbound World::inbound(std::string_view org, ScaleId scale, Bytes event) const {
  Inbound in;
  in.id = {7, 0, static_cast<std::uint32_t>(offset_), Source::edge};
  in.at = {offset_, 0, 0, Source::orchestration};
  in.scale = scale;
  in.org = org;
  in.key = "prod-eu-a";
  in.now = now;
  in.event = event;
  return in;
}

void World::run(const Inbound& in) {
  ++offset_;
  Outbox outbox(in.org, in.scale, arena_);
  Fold::fold(state, in, outbox);
  std::uint32_t index = 0;
  for (auto& one : outbox.emissions()) {
    ++index;
    const auto org = schema::GetEvent(one.event.data())->org()->str();
    recording.append(reinterpret_cast<const char*>(one.event.data()), one.event.size()).append(one.key);
    recording.append(to_string(one.scale));
    told.push_back(
        {one.topic, std::string(one.key), org, one.scale, one.answers, {one.event.begin(), one.event.end()}});
  }
  for (auto& one : outbox.requests()) {
    recording.append(reinterpret_cast<const char*>(one.event.data()), one.event.size());
    asked.push_back({emitted(in.at, index++), one.scale, {one.event.begin(), one.event.end()}});
  }
  for (const auto& timer : outbox.timers()) {
    recording.append(timer.key).append(std::to_string(timer.due ? timer.due->us : 0));
    timers_.erase(std::string(timer.key));
    if (timer.due) timers_.emplace(timer.key, timer);
  }
  ASSERT_EQ(Fold::violated_invariant(state), "");
}

void World::succeed(std::size_t n) {
  if (const auto* start = asked.at(n).start()) {
    schema::DomainSpawnedT spawned;
    spawned.domain = start->domain()->str();
    spawned.address = "127.0.0.1";
    spawned.port = 8'080;
    return answer(n, spawned);
  }
  schema::DomainHaltedT halted;
  halted.domain = asked.at(n).stop()->domain()->str();
  answer(n, halted);
}

void World::fail(std::size_t n, const std::string& reason) {
  if (const auto* start = asked.at(n).start()) {
    schema::SpawnFailedT failed;
    failed.domain = start->domain()->str();
    failed.reason = reason;
    return answer(n, failed);
  }
  schema::HaltFailedT failed;
  failed.domain = asked.at(n).stop()->domain()->str();
  failed.reason = reason;
  answer(n, failed);
}

void World::pass(Duration by) {
  now = now + by;
  for (;;) {
    const auto due =
        std::find_if(timers_.begin(), timers_.end(), [&](const auto& one) { return *one.second.due <= now; });
    if (due == timers_.end()) return;
    const auto timer = due->second;
    timers_.erase(due);
    schema::TimerFiredT fired;
    fired.key = timer.key;
    fired.due_us = timer.due->us;
    tell(fired, timer.org, timer.scale);
  }
}

void World::apply_cell(std::string_view cell, const std::vector<schema::NodeSpecT>& nodes,
                       schema::PlacementOrder placement) {
  schema::CellAppliedT applied;
  applied.name = cell;
  applied.placement = placement;
  for (const auto& one : nodes) applied.nodes.push_back(std::make_unique<schema::NodeSpecT>(one));
  tell(applied);
}

std::vector<std::string> World::out(std::string_view service, int count, ScaleId scale, std::int64_t vcpu_milli,
                                    std::int64_t ram_mib, std::string_view org) {
  schema::ScaleAdmittedT admitted;
  admitted.service = service;
  admitted.spec = std::make_unique<schema::ServiceSpecT>();
  admitted.spec->name = service;
  admitted.spec->cell = "prod-eu-a";
  admitted.spec->domain = schema::Resources(vcpu_milli, ram_mib, 100);
  admitted.spec->command = {"serve", "{port}"};
  admitted.spec->haproxy_backend = service;
  admitted.to = count;
  for (int i = 1; i <= count; ++i)
    admitted.names.push_back(std::string(service) + "-" + to_string(scale).substr(4) + "-" + std::to_string(i));
  tell(admitted, org, scale);
  return admitted.names;
}

void World::in(std::string_view service, int count, ScaleId scale, std::string_view org) {
  schema::ScaleAdmittedT admitted;
  admitted.service = service;
  admitted.spec = std::make_unique<schema::ServiceSpecT>();
  admitted.spec->name = service;
  admitted.spec->cell = "prod-eu-a";
  admitted.from = count;
  tell(admitted, org, scale);
}

void World::backend_gone(const std::string& domain) {
  schema::BackendGoneT gone;
  gone.domain = domain;
  gone.service = "web";
  tell(gone, "acme", {1});
}

void World::backend_failed(const std::string& domain, const std::string& reason) {
  schema::BackendFailedT failed;
  failed.domain = domain;
  failed.service = "web";
  failed.reason = reason;
  tell(failed, "acme", {1});
}

std::string World::rows() const {
  std::string all;
  for (const auto* table : const_cast<State&>(state).tables()) {
    table->each_encoded("", [&](std::string_view key, Bytes value) {
      all.append(table->name()).append(key).append(reinterpret_cast<const char*>(value.data()), value.size());
      return true;
    });
  }
  return all;
}

void World::load_rows_of(World& other) {
  const auto from = other.state.tables();
  const auto to = state.tables();
  for (std::size_t i = 0; i < from.size(); ++i) {
    from[i]->each_encoded("", [&](std::string_view key, Bytes value) { return to[i]->load(key, value); });
  }
  offset_ = other.offset_;
  timers_ = other.timers_;
  asked = other.asked;
  now = other.now;
}

schema::NodeSpecT node(std::string name, std::string zone, int numa, std::int64_t vcpu_milli, std::int64_t ram_mib) {
  schema::NodeSpecT spec;
  spec.name = std::move(name);
  spec.zone = std::move(zone);
  for (int i = 0; i < numa; ++i) {
    spec.numa.push_back(std::make_unique<schema::NumaSpecT>());
    spec.numa.back()->vcpu_milli = vcpu_milli;
    spec.numa.back()->ram_mib = ram_mib;
  }
  return spec;
}

}  // namespace virtscale::orchestration
