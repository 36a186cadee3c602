#include <cstdio>
#include <cstdlib>

#include "stages/policy/effects.hpp"
#include "stages/policy/fold.hpp"
#include "tests/bench/kafka/subject.hpp"
#include "topology/adapters/asio/executor.hpp"
#include "topology/adapters/kafka/kafka_log.hpp"
#include "topology/adapters/metrics/metrics.hpp"
#include "topology/adapters/rocksdb/store.hpp"
#include "topology/host/stage_runner.hpp"

namespace virtscale::bench {
namespace {

class InstantMail final : public Mail {
 public:
  void send(const MailOrder&, Sent done) override { done(nullptr); }
};

class PolicyStage final : public Subject {
 public:
  explicit PolicyStage(const Place& place)
      : place_(place),
        log_(open_kafka_log({.bootstrap = place.bootstrap, .prefix = place.prefix}, std::nullopt)),
        clock_(make_system_clock()),
        metrics_(make_metrics()),
        thread_(make_executor()),
        disk_(make_executor()),
        effects_(policy::make_effects(mail_, *thread_)),
        runner_(ports(), Pace{}) {
    runner_.start();
  }
  ~PolicyStage() override {
    runner_.drain();
    thread_->stop();
    disk_->stop();
  }

 private:
  StagePorts ports() {
    return {.log = *log_.log,
            .open_store =
                [this](std::string_view stage, std::uint32_t partition) {
                  return open_rocksdb_store(place_.folder / (std::string(stage) + "-" + std::to_string(partition)));
                },
            .executor = *thread_,
            .disk = *disk_,
            .clock = *clock_,
            .effects = effects_.get(),
            .metrics = *metrics_,
            .ids = ids_,
            .on_incident =
                [](const std::string& why) {
                  std::fprintf(stderr, "bench: %s\n", why.c_str());
                  std::abort();
                }};
  }

  Place place_;
  OpenedKafkaLog log_;
  std::unique_ptr<Clock> clock_;
  std::unique_ptr<Metrics> metrics_;
  EdgeIds ids_{1};
  InstantMail mail_;
  std::unique_ptr<ExecutorThread> thread_;
  std::unique_ptr<ExecutorThread> disk_;
  std::unique_ptr<Effects> effects_;
  StageRunner<policy::Fold> runner_;
};

}  // namespace

std::unique_ptr<Subject> make_policy_stage(const Place& place) {
  return std::make_unique<PolicyStage>(place);
}

}  // namespace virtscale::bench
