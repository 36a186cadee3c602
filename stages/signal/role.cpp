#include "stages/signal/role.hpp"

#include <future>
#include <span>

#include "stages/signal/edges.hpp"
#include "stages/signal/fold.hpp"
#include "stages/signal/schedules.hpp"

namespace virtscale::signal {
namespace {

void add_schedules(const State& state, std::vector<Schedule>& schedules) {
  state.services.each("", [&](std::string_view key, const ScaledService& service) {
    const auto slash = key.find('/');
    service.each_rule([&](const schema::RuleView& rule) {
      if (!rule.cron.empty())
        schedules.push_back({std::string(key.substr(0, slash)), std::string(key.substr(slash + 1)),
                             std::string(rule.cron), std::string(rule.zone)});
      return true;
    });
    return true;
  });
}

class SignalRole final : public RunnerRole<Fold> {
 public:
  SignalRole(RoleParts parts, ReadDocuments read_documents, BackendDepth depth)
      : RunnerRole(std::move(parts), nullptr), read_documents_(std::move(read_documents)), depth_(std::move(depth)) {}

  // Schedules of services that are applied from now on are learned from the log; the others are in the states.
  void learn() override {
    std::promise<std::vector<Schedule>> known;
    runner_.read_states([&](std::span<const State* const> states) {
      std::vector<Schedule> schedules;
      for (const auto* state : states) add_schedules(*state, schedules);
      known.set_value(std::move(schedules));
    });
    schedules_ = std::make_unique<Schedules>(parts_.edge, parts_.stage.clock, parts_.edges, known.get_future().get());
  }
  void stop_edges() override { schedules_.reset(); }

  HttpHandler routes() override {
    EdgeParts edges{.log = parts_.edge,
                    .executor = parts_.edges,
                    .authorizer = parts_.authorizer,
                    .read_documents = read_documents_};
    if (depth_) {
      edges.queue_depth = [this](const std::string& org, const std::string& service, auto done) {
        look_up_depth(org + "/" + service, std::move(done));
      };
    }
    return make_edges(std::move(edges));
  }

 private:
  void look_up_depth(const std::string& service, std::function<void(std::int64_t)> done) {
    runner_.read_states([this, service, done = std::move(done)](std::span<const State* const> states) {
      for (const auto* state : states) {
        const auto* row = state->services.find(service);
        const std::string backend(row == nullptr ? std::string_view() : row->haproxy_backend());
        if (!backend.empty()) return depth_(backend, done);
      }
      done(-1);
    });
  }

  ReadDocuments read_documents_;
  BackendDepth depth_;
  std::unique_ptr<Schedules> schedules_;
};

}  // namespace

std::unique_ptr<Role> make_role(RoleParts parts, ReadDocuments read_documents, BackendDepth depth) {
  return std::make_unique<SignalRole>(std::move(parts), std::move(read_documents), std::move(depth));
}

}  // namespace virtscale::signal
