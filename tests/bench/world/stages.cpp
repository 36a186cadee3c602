#include "tests/bench/world/stages.hpp"

#include <iterator>

#include "stages/audit/effects.hpp"
#include "stages/dataplane/effects.hpp"
#include "stages/orchestration/effects.hpp"
#include "stages/policy/effects.hpp"

namespace virtscale {
namespace {

enum : std::size_t { signal_at, policy_at, orchestration_at, dataplane_at, audit_at, stages_count };

}  // namespace

AllStages::AllStages(AllStagesPorts ports, Pace pace) : ports_(std::move(ports)), disk_(make_executor()) {
  for (std::size_t i = 0; i < stages_count; ++i) threads_.push_back(make_executor());
  auto& drivers = ports_.drivers;
  effects_.push_back(policy::make_effects(drivers.mail, *threads_[policy_at]));
  effects_.push_back(orchestration::make_effects(drivers.domains, *threads_[orchestration_at]));
  effects_.push_back(dataplane::make_effects(drivers.probe, drivers.balancer, *threads_[dataplane_at]));
  effects_.push_back(audit::make_effects(drivers.signer, *disk_));
  signal_ = std::make_unique<StageRunner<signal::Fold>>(ports_of(signal_at, nullptr), pace);
  policy_ = std::make_unique<StageRunner<policy::Fold>>(ports_of(policy_at, effects_[0].get()), pace);
  orchestration_ =
      std::make_unique<StageRunner<orchestration::Fold>>(ports_of(orchestration_at, effects_[1].get()), pace);
  dataplane_ = std::make_unique<StageRunner<dataplane::Fold>>(ports_of(dataplane_at, effects_[2].get()), pace);
  audit_ = std::make_unique<StageRunner<audit::Fold>>(ports_of(audit_at, effects_[3].get()), pace);
}

AllStages::~AllStages() {
  for (const auto& thread : threads_) thread->stop();
  disk_->stop();
}

StagePorts AllStages::ports_of(std::size_t stage, Effects* effects) const {
  return {ports_.log(static_cast<Source>(stage + 1)),
          ports_.open_store,
          *threads_[stage],
          *disk_,
          ports_.clock,
          effects,
          ports_.metrics,
          ports_.ids,
          ports_.on_incident};
}

void AllStages::start() {
  signal_->start();
  policy_->start();
  orchestration_->start();
  dataplane_->start();
  audit_->start();
}

void AllStages::drain() {
  signal_->drain();
  policy_->drain();
  orchestration_->drain();
  dataplane_->drain();
  audit_->drain();
}

void AllStages::read_status(std::function<void(std::vector<PartitionStatus>)> tell) {
  using Partitions = std::vector<PartitionStatus>;
  // One stage after the other, each on its own thread, so that the list needs no lock.
  const auto gathered = std::make_shared<Partitions>();
  const auto add = [gathered](Partitions more) {
    gathered->insert(gathered->end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  };
  signal_->read_status([=, this](Partitions s) {
    add(std::move(s));
    policy_->read_status([=, this](Partitions p) {
      add(std::move(p));
      orchestration_->read_status([=, this](Partitions o) {
        add(std::move(o));
        dataplane_->read_status([=, this](Partitions d) {
          add(std::move(d));
          audit_->read_status([=](Partitions a) {
            add(std::move(a));
            tell(std::move(*gathered));
          });
        });
      });
    });
  });
}

}  // namespace virtscale
