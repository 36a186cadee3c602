// Runs the effects of one partition: not before what led to them is durable, not twice at a time, and with every answer
// appended to the partition's own inbox.
#pragma once

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "topology/host/edge_id.hpp"
#include "topology/ports/clock.hpp"
#include "topology/ports/effects.hpp"
#include "topology/ports/log.hpp"
#include "topology/ports/metrics.hpp"

namespace virtscale {

/// Used on `executor` only. REQUIRES: held by a shared_ptr, since answers outlive whoever asked.
class EffectRunner : public std::enable_shared_from_this<EffectRunner> {
 public:
  using Requests = std::vector<std::shared_ptr<const EffectRequest>>;
  using Failed = std::function<void(const std::string&)>;

  /// `effects` may be null for a stage that asks for none. `failed` is called when an answer cannot be appended.
  EffectRunner(Log& log, TopicPartition inbox, Executor& executor, Effects* effects, EdgeIds& ids,
               StageMetrics& metrics, Failed failed);

  /// Starts `requests` once the log is durable up to `after`; those that change nothing outside at once.
  void enqueue(Ticket after, Requests requests);
  /// Starts what has become durable.
  void start_durable();
  /// Starts nothing more; what is under way may still answer.
  void stop() { stopped_ = true; }
  std::size_t in_flight() const { return running_.size(); }

 private:
  struct Waiting {
    Ticket after;
    Requests requests;
  };

  void start(std::shared_ptr<const EffectRequest> request);
  void answered(const EffectRequest& request, std::vector<std::byte> event);
  void append_answers();

  Log& log_;
  TopicPartition inbox_;
  Executor& executor_;
  Effects* effects_;
  EdgeIds& ids_;
  StageMetrics& metrics_;
  Failed failed_;
  std::deque<Waiting> waiting_;
  std::set<EventId> running_;
  // Answers that came in this turn of the executor: appended as one, since under a flood there are hundreds.
  struct Answered {
    std::string key;
    std::vector<std::byte> event;
  };
  std::vector<Answered> answers_;
  bool stopped_ = false;
};

}  // namespace virtscale
