// The site: what a process of Virtscale stands on before it has a log: settings, data directory, clock, metrics, who
// may ask, the outside world, and the HTTP server.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "compose/settings/settings.hpp"
#include "compose/site/world.hpp"
#include "topology/adapters/asio/executor.hpp"
#include "topology/adapters/asio/forward_clock.hpp"
#include "topology/host/edge_id.hpp"
#include "topology/ports/authorizer.hpp"
#include "topology/ports/http.hpp"
#include "topology/ports/journal.hpp"
#include "topology/ports/metrics.hpp"

namespace virtscale {

/// Ends the use of a thread: it runs nothing more.
struct StopThread {
  void operator()(ExecutorThread* thread) const { thread->stop(); }
};
/// A thread of the site. It can be posted to until the site goes, also when nobody uses it any more: a log that is just
/// calling a listener cannot know whether the listener's thread still runs. So a site outlives its log.
using ThreadInUse = std::unique_ptr<ExecutorThread, StopThread>;

class Site {
 public:
  /// Makes the data directory. `journal` outlives the site. Throws std::exception with what is wrong and what to do.
  Site(const Settings& settings, std::filesystem::path data, Journal& journal, KeyCare care);

  const Settings& settings() const { return settings_; }
  const std::filesystem::path& data() const { return data_; }
  ForwardClock& clock() { return clock_; }
  EdgeIds& ids() { return ids_; }
  Metrics& metrics() { return *metrics_; }
  const Authorizer& authorizer() const { return *authorizer_; }
  World& world() { return world_; }

  /// Not thread-safe.
  ThreadInUse make_thread();

  std::unique_ptr<HttpServer> listen_at(const Endpoint& at, HttpHandler handler) const;
  /// Writes an error into the journal.
  void tell(const std::string& what) { journal_.write({.severity = Severity::error, .message = what}); }
  Journal& journal() { return journal_; }

 private:
  void make_operator_token();

  Settings settings_;
  std::filesystem::path data_;
  Journal& journal_;
  std::unique_ptr<Clock> system_clock_;
  std::unique_ptr<Clock> steady_clock_;
  ForwardClock clock_;
  EdgeIds ids_;
  std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<Authorizer> authorizer_;
  World world_;
  std::vector<std::unique_ptr<ExecutorThread>> threads_;
};

}  // namespace virtscale
