#include "topology/adapters/haproxy/pool.hpp"

#include <algorithm>
#include <utility>

namespace virtscale::haproxy {
namespace {

const StatRow* find_row(const std::vector<StatRow>& rows, std::string_view server) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const StatRow& row) { return row.name == server; });
  return found == rows.end() ? nullptr : &*found;
}

std::uint32_t count_taking_traffic(const std::vector<StatRow>& rows) {
  const auto count = std::count_if(rows.begin(), rows.end(), [](const StatRow& row) { return row.takes_traffic(); });
  return static_cast<std::uint32_t>(count);
}

Failure out_of_time(const Plan& plan, Duration allowed, const std::string& waits_for) {
  const auto* aim = plan.aim == Aim::in ? " takes no traffic " : " is not out ";
  return {"haproxy: server " + plan.backend + "/" + plan.server + aim + std::to_string(allowed.us / 1'000) +
              " ms after it was asked for; it waited for " + waits_for,
          true};
}

}  // namespace

void Pool::begin(Plan plan, Duration allowed, LoadBalancer::Changed done) {
  operations_[plan.server].push_back({std::move(plan), allowed, std::move(done)});
  if (!going_round_) look();
}

void Pool::look() {
  going_round_ = true;
  constexpr std::string_view servers_only = " 4 -1";
  api_.send(
      "show stat " + backend_ + std::string(servers_only),
      [self = shared_from_this()](const std::string& reply, const Failure* failure) { self->saw(reply, failure); });
}

void Pool::saw(const std::string& reply, const Failure* failure) {
  if (failure != nullptr) return finish_all(*failure);
  if (reply.starts_with("No such proxy")) return finish_without_backend();
  const auto rows = parse_stat(reply);
  if (!rows)
    return finish_all({"haproxy: `show stat` of backend " + backend_ + " is not the CSV that 2.6 writes", false});
  step_all(*rows);
}

void Pool::step_all(const Rows& rows) {
  rested_ = false;
  // One more than the commands, so that no answer can end the round before all are sent.
  unanswered_ = 1;
  for (const auto& server : servers_under_way()) step(server, rows);
  if (unanswered_ > 1) rested_ = true;
  if (--unanswered_ == 0) rest();
}

void Pool::step(const std::string& server, const Rows& rows) {
  auto& operation = under_way(server);
  const auto now = std::chrono::steady_clock::now();
  if (operation.deadline == Time{}) operation.deadline = now + std::chrono::microseconds(operation.allowed.us);
  auto next = next_of(operation.plan, find_row(rows, server));
  if (next.kind == Next::Kind::done) return finish(server, count_taking_traffic(rows), nullptr);
  if (next.kind == Next::Kind::wait) operation.waits_for = next.waits_for;
  if (now >= operation.deadline) {
    const auto failure = out_of_time(operation.plan, operation.allowed, operation.waits_for);
    return finish(server, 0, &failure);
  }
  operation.then = std::move(next.then);
  if (next.kind == Next::Kind::send) send(server, std::move(next.command));
}

void Pool::send(const std::string& server, std::string command) {
  ++unanswered_;
  api_.send(std::move(command), [self = shared_from_this(), server](const std::string& reply, const Failure* failure) {
    self->replied(server, reply, failure);
  });
}

void Pool::replied(const std::string& server, const std::string& reply, const Failure* failure) {
  auto& operation = under_way(server);
  const auto verdict =
      failure == nullptr ? verdict_of(operation.plan, reply) : Verdict{Verdict::Kind::refused, *failure};
  if (verdict.kind == Verdict::Kind::refused) finish(server, 0, &verdict.failure);
  if (verdict.kind == Verdict::Kind::again) {
    operation.waits_for = "HAProxy, which says: " + reply.substr(0, reply.find('\n'));
    rested_ = false;
  }
  if (verdict.kind == Verdict::Kind::taken && !operation.then.empty())
    send(server, std::exchange(operation.then, std::string()));
  if (--unanswered_ == 0) rest();
}

void Pool::rest() {
  if (operations_.empty()) {
    going_round_ = false;
  } else if (rested_) {
    look();
  } else {
    api_.after(look_every_, [self = shared_from_this()] { self->look(); });
  }
}

std::vector<std::string> Pool::servers_under_way() const {
  std::vector<std::string> servers;
  for (const auto& [server, queue] : operations_) servers.push_back(server);
  return servers;
}

void Pool::finish(const std::string& server, std::uint32_t servers, const Failure* failure) {
  const auto found = operations_.find(server);
  const auto done = std::move(found->second.front().done);
  found->second.pop_front();
  if (found->second.empty()) operations_.erase(found);
  done(servers, failure);
}

void Pool::finish_all(const Failure& failure) {
  const auto all = std::exchange(operations_, {});
  going_round_ = false;
  for (const auto& [server, queue] : all) {
    for (const auto& operation : queue) operation.done(0, &failure);
  }
}

void Pool::finish_without_backend() {
  const auto failure = unknown_backend(backend_);
  for (const auto& server : servers_under_way()) {
    // What has no backend is out of it.
    finish(server, 0, under_way(server).plan.aim == Aim::out ? nullptr : &failure);
  }
  rest();
}

}  // namespace virtscale::haproxy
