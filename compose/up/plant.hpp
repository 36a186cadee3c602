// The plant: all five stages in one process over the embedded log, in the order in which they start and stop.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "compose/site/crew.hpp"

namespace virtscale {

class Plant {
 public:
  /// Starts everything on the data in `data`, which is made if there is none; returns when requests are served.
  /// `on_failure` is called once, on any thread, when the log or a store has failed: end the process then.
  /// Throws std::exception with what is wrong, where, and what to do. `journal` outlives the plant.
  Plant(const Settings& settings, std::filesystem::path data, Journal& journal, std::function<void()> on_failure);
  ~Plant();

  /// Takes no more requests, lets every stage write its state, and makes the log durable.
  void drain();

 private:
  void open_log(std::function<void()> on_failure);
  void start_crew();
  void start_servers();

  Site site_;
  std::unique_ptr<Log> log_;
  Subscription failing_;
  std::unique_ptr<Crew> crew_;
  std::unique_ptr<HttpServer> signal_server_;
  std::unique_ptr<HttpServer> audit_server_;
};

}  // namespace virtscale
