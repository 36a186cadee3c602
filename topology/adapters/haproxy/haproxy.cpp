#include "topology/adapters/haproxy/haproxy.hpp"

#include <algorithm>
#include <chrono>

#include "topology/adapters/haproxy/pool.hpp"

namespace virtscale {
namespace haproxy {
namespace {

/// The number of a line of `show info`; -1 if there is none.
std::int64_t number_of(const std::map<std::string, std::string, std::less<>>& info, std::string_view name) {
  const auto found = info.find(name);
  if (found == info.end() || found->second.empty() || found->second.size() > 18) return -1;
  if (found->second.find_first_not_of("0123456789") != std::string::npos) return -1;
  return std::stoll(found->second);
}

/// Tells one life of HAProxy from the next. The pid alone does not: in a container it may come again.
class Lives {
 public:
  HaproxySight::Continuity note(std::string_view show_info) {
    const auto info = parse_info(show_info);
    const auto pid = number_of(info, "Pid");
    const auto uptime = number_of(info, "Uptime_sec");
    const bool another = pid_ != 0 && (pid != pid_ || uptime < uptime_);
    pid_ = pid;
    uptime_ = uptime;
    return another ? HaproxySight::Continuity::restarted : HaproxySight::Continuity::same;
  }

 private:
  std::int64_t pid_ = 0;
  std::int64_t uptime_ = 0;
};

class RuntimeHaproxy final : public Haproxy {
 public:
  explicit RuntimeHaproxy(HaproxySettings settings)
      : settings_(std::move(settings)), api_(settings_.endpoint, settings_.timeout) {}

  void add(const BackendOrder& order, Changed done) override {
    std::string options = "check inter " + std::to_string(settings_.check_interval.us) + "us";
    if (settings_.connections_max > 0) options += " maxconn " + std::to_string(settings_.connections_max);
    begin({.aim = Aim::in,
           .backend = order.backend,
           .server = order.server,
           .target = order.target,
           .options = std::move(options)},
          settings_.add_deadline, std::move(done));
  }

  void drain(const std::string& backend, const std::string& server, Changed done) override {
    begin({.aim = Aim::out, .backend = backend, .server = server}, settings_.drain_deadline, std::move(done));
  }

  void queue_depth(const std::string& backend, Depth done) override {
    if (const auto fault = fault_of({.aim = Aim::out, .backend = backend, .server = "any"}); !fault.empty())
      return api_.post([fault, done = std::move(done)] {
        const Failure failure{fault, false};
        done(0, &failure);
      });
    api_.send("show stat " + backend + " 2 -1",
              [backend, done = std::move(done)](const std::string& reply, const Failure* failure) {
                tell_depth(backend, reply, failure, done);
              });
  }

  void watch(std::function<void(const HaproxySight&)> seen) override {
    seen_ = std::move(seen);
    began_ = std::chrono::steady_clock::now();
    api_.post([this] { look(); });
  }

 private:
  void begin(Plan plan, Duration allowed, Changed done) {
    api_.post([this, plan = std::move(plan), allowed, done = std::move(done)]() mutable {
      const Failure fault{fault_of(plan), false};
      if (!fault.reason.empty()) return done(0, &fault);
      auto& pool = pools_[plan.backend];
      if (!pool) pool = std::make_shared<Pool>(api_, plan.backend, settings_.look_every);
      pool->begin(std::move(plan), allowed, std::move(done));
    });
  }

  static void tell_depth(const std::string& backend, const std::string& reply, const Failure* failure,
                         const Depth& done) {
    if (failure != nullptr) return done(0, failure);
    const auto rows = parse_stat(reply);
    if (rows && rows->size() == 1) return done(rows->front().queued, nullptr);
    const auto unknown = unknown_backend(backend);
    done(0, &unknown);
  }

  void look() {
    api_.send("show info; show stat -1 4 -1", [this](const std::string& reply, const Failure* failure) {
      if (failure == nullptr) saw(reply);
      api_.after(settings_.watch_every, [this] { look(); });
    });
  }

  void saw(const std::string& reply) {
    const auto table = std::min(reply.find("# pxname"), reply.size());
    const auto rows = parse_stat(std::string_view(reply).substr(table));
    if (!rows) return;
    HaproxySight sight;
    const auto since = std::chrono::steady_clock::now() - began_;
    sight.at = microseconds(std::chrono::duration_cast<std::chrono::microseconds>(since).count());
    sight.continuity = lives_.note(std::string_view(reply).substr(0, table));
    for (const auto& row : *rows) {
      sight.servers[row.proxy].insert(row.name);
      if (row.drains() || row.in_maintenance()) sight.resting[row.proxy].insert(row.name);
    }
    seen_(sight);
  }

  HaproxySettings settings_;
  std::map<std::string, std::shared_ptr<Pool>> pools_;  // by backend; as many as the services name
  Lives lives_;
  std::function<void(const HaproxySight&)> seen_;
  std::chrono::steady_clock::time_point began_;
  // Last, so that its thread has ended before the rest is destroyed.
  RuntimeApi api_;
};

}  // namespace
}  // namespace haproxy

std::unique_ptr<Haproxy> make_haproxy(HaproxySettings settings) {
  return std::make_unique<haproxy::RuntimeHaproxy>(std::move(settings));
}

}  // namespace virtscale
