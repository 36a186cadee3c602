// One stage as a process of its own, over Kafka.
//
// The one thing to know: the process owns what its group gives it. A partition comes with a call, is folded from its
// own state, from a snapshot, or from the beginning, and goes with a call, its state written.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "compose/process/relay.hpp"
#include "compose/process/snapshotting.hpp"
#include "compose/site/crew.hpp"
#include "topology/adapters/kafka/kafka_log.hpp"

namespace virtscale {

/// Where a stage listens by its settings.
Endpoint Settings::*endpoint_of(Source stage);

class StageProcess {
 public:
  /// Serves requests and joins the group of `stage`'s owners; returns when that is under way. `on_failure` is called
  /// once, on any thread, when the log has failed: destroy the process then, and make another one.
  /// Throws std::exception with what is wrong, where, and what to do. `journal` outlives it.
  StageProcess(Source stage, const Settings& settings, std::filesystem::path data, Journal& journal,
               std::function<void()> on_failure);
  /// Without a `drain` the next owner folds again what was not written.
  ~StageProcess();

  /// Takes no more requests, writes the state of every partition, and leaves the group, within 25 s.
  void drain();

 private:
  void open_log(const std::string& url);
  HttpHandler routes();
  void take_snapshots(const HttpRequest& request, const std::shared_ptr<HttpResponder>& to);
  void join();
  void own(const std::vector<std::uint32_t>& partitions);
  void disown(const std::vector<std::uint32_t>& partitions);
  void tell_of(const char* what, const std::vector<std::uint32_t>& partitions);

  Source stage_;
  Site site_;
  std::function<void()> fail_;
  OpenedKafkaLog opened_;
  Subscription failing_;
  std::unique_ptr<Snapshotting> snapshots_;
  std::unique_ptr<Crew> crew_;
  HttpHandler serve_;  // what the stage itself serves
  std::unique_ptr<ExecutorThread> relaying_;
  std::shared_ptr<Relay> relay_;
  std::unique_ptr<HttpServer> server_;
  std::atomic<bool> joined_ = false;  // and was told what it owns
  std::atomic<bool> failed_ = false;  // the log has
};

}  // namespace virtscale
