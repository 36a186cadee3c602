#include "tests/simulation/world/pools.hpp"

#include <algorithm>

namespace virtscale::simulation {

using Phase = Server::Phase;

void Pools::fail(Duration after, const std::string& reason, const LoadBalancer::Changed& done) {
  time_.after(after, [reason, done] {
    const Failure failure{reason};
    done(0, &failure);
  });
}

std::uint32_t Pools::up_in(const std::string& backend) const {
  const auto pool = pools_.find(backend);
  if (pool == pools_.end()) return 0;
  return static_cast<std::uint32_t>(
      std::ranges::count_if(pool->second, [](const auto& one) { return one.second.phase == Phase::up; }));
}

void Pools::add(const BackendOrder& order, LoadBalancer::Changed done) {
  look_in(order, time_.now() + add_deadline, done);
}

void Pools::look_in(const BackendOrder& order, Instant deadline, const LoadBalancer::Changed& done) {
  if (!answers()) return fail(timeout, "the balancer cannot be reached", done);
  auto& pool = pools_[order.backend];
  const auto [row, is_new] = pool.try_emplace(order.server);
  auto& server = row->second;
  if (is_new || server.address.address != order.target.address) {
    server = {.address = order.target, .idle_at = {}};
    story_.tell([&] { return "world: " + order.server + " comes into pool " + order.backend; });
    if (on_add) on_add(order.backend, order.server);
  } else if (fleet_.listens(server.address)) {
    server.phase = Phase::up;
    return done(up_in(order.backend), nullptr);
  }
  if (time_.now() >= deadline) return fail({}, "the balancer's check did not pass within 5 s", done);
  time_.after(look_every, [this, order, deadline, done] { look_in(order, deadline, done); });
}

void Pools::drain(const std::string& backend, const std::string& server, LoadBalancer::Changed done) {
  look_out(backend, server, time_.now() + drain_deadline, done);
}

void Pools::begin_drain(const std::string& server, Server& row) {
  auto rest = row.phase == Phase::up ? pace_.between(milliseconds(0), milliseconds(500)) : Duration{};
  if (auto dice = faults_.strikes(Fault::connection_lingers)) rest = dice->between(seconds(5), seconds(400));
  row.phase = Phase::draining;
  row.idle_at = time_.now() + rest;
  story_.tell([&] { return "world: " + server + " drains"; });
}

void Pools::look_out(const std::string& backend, const std::string& server, Instant deadline,
                     const LoadBalancer::Changed& done) {
  if (!answers()) return fail(timeout, "the balancer cannot be reached", done);
  auto& pool = pools_[backend];
  const auto row = pool.find(server);
  if (row != pool.end() && row->second.phase != Phase::draining) begin_drain(server, row->second);
  if (row != pool.end() && row->second.idle_at > time_.now()) {
    if (time_.now() >= deadline) return fail({}, "a connection did not end within 30 s", done);
    time_.at(std::min({row->second.idle_at, deadline, time_.now() + seconds(1)}),
             [this, backend, server, deadline, done] { look_out(backend, server, deadline, done); });
    return;
  }
  if (row != pool.end()) {
    pool.erase(row);
    story_.tell([&] { return "world: " + server + " left pool " + backend; });
  }
  done(up_in(backend), nullptr);
}

void Pools::restart() {
  pools_.clear();
  ++lives_;
  story_.tell([] { return std::string("world: the balancer comes up empty"); });
}

void Pools::take_out(std::uint64_t nth) {
  std::uint64_t count = 0;
  for (const auto& [backend, pool] : pools_) count += pool.size();
  if (count == 0) return;
  nth %= count;
  for (auto& [backend, pool] : pools_) {
    if (nth < pool.size()) {
      const auto row = std::next(pool.begin(), static_cast<std::ptrdiff_t>(nth));
      story_.tell([&] { return "world: somebody takes " + row->first + " out of pool " + backend; });
      pool.erase(row);
      return;
    }
    nth -= pool.size();
  }
}

}  // namespace virtscale::simulation
