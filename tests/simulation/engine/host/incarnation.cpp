#include "tests/simulation/engine/host/incarnation.hpp"

#include "stages/audit/effects.hpp"
#include "stages/audit/fold.hpp"
#include "stages/dataplane/effects.hpp"
#include "stages/dataplane/fold.hpp"
#include "stages/orchestration/effects.hpp"
#include "stages/orchestration/fold.hpp"
#include "stages/policy/effects.hpp"
#include "stages/policy/fold.hpp"
#include "stages/signal/fold.hpp"
#include "tests/simulation/engine/log/brokers.hpp"

namespace virtscale::simulation {
namespace {

constexpr Duration turn_max = microseconds(200);

Source stage_of(TopicPartition inbox) {
  for (const auto& node : graph::stages) {
    if (node.inbox == inbox.topic) return node.stage;
  }
  return Source::edge;
}

class SilentMetrics final : public StageMetrics {
 public:
  void batch_folded(std::size_t, Duration) override {}
  void lag(std::uint64_t) override {}
  void effect_started() override {}
  void effect_ended(EffectEnd) override {}
  void effects_retried(std::uint32_t) override {}
  void dead_lettered(std::size_t) override {}
  void duplicates_dropped(std::size_t) override {}
};
SilentMetrics silent_metrics;

class CheckedEffects final : public Effects {
 public:
  CheckedEffects(Topic inbox, Effects& effects, Shadows& shadows)
      : inbox_(inbox), effects_(effects), shadows_(shadows) {}
  void perform(std::shared_ptr<const EffectRequest> request, Answer answer) override {
    if (changes_something(*request)) shadows_.check_request({inbox_, request->id.partition}, request->id);
    effects_.perform(std::move(request), std::move(answer));
  }
  bool changes_something(const EffectRequest& request) const override { return effects_.changes_something(request); }

 private:
  Topic inbox_;
  Effects& effects_;
  Shadows& shadows_;
};

}  // namespace

/// The thread on which stores are written, which may take its time.
class Incarnation::DiskThread final : public Executor {
 public:
  DiskThread(VirtualTime& time, Faults& faults, Dice dice) : thread_(time, dice, milliseconds(2)), faults_(faults) {}
  void post(std::function<void()> run) override {
    if (auto dice = faults_.strikes(Fault::slow_disk)) thread_.stall(dice->between(milliseconds(5), seconds(6)));
    thread_.post(std::move(run));
  }
  void after(Duration delay, std::function<void()> run) override { thread_.after(delay, std::move(run)); }
  Thread& thread() { return thread_; }

 private:
  Thread thread_;
  Faults& faults_;
};

Incarnation::Incarnation(Surroundings around, std::string process, Dice dice, Disks& disks, const OpenLog& open_log,
                         std::function<void()> failed)
    : around_(around),
      process_(std::move(process)),
      dice_(dice),
      disks_(disks),
      failed_(std::move(failed)),
      clock_(around.time, dice_.between(milliseconds(-200), milliseconds(200))),
      log_(open_log(clock_, Dice(dice_.next(), "log"))),
      failing_(log_->on_failure([this](const std::string&) { failed_(); })),
      ids_(dice_.next()),
      edges_(around.time, Dice(dice_.next(), "edges"), turn_max),
      disk_(std::make_unique<DiskThread>(around.time, around.faults, Dice(dice_.next(), "disk"))),
      edge_(std::make_unique<LogEdge>(*log_, edges_, ids_)),
      drivers_(around.outside->drivers(life())) {}

Incarnation::~Incarnation() = default;

Life Incarnation::life() {
  return {
      .process = process_,
      .executor = edges_,
      .clock = clock_,
      .edge = *edge_,
      .read_orchestration = reader<orchestration::Fold>(),
      .orchestration_status =
          [this](auto tell) {
            played(Source::orchestration).thread->post([this, tell = std::move(tell)] {
              std::vector<PartitionStatus> all;
              for (const auto& [inbox, one] : hosted_) {
                if (inbox.topic == orchestration::Fold::inbox) all.push_back(one.hosted->status(*log_));
              }
              tell(std::move(all));
            });
          },
      .read_dataplane = reader<dataplane::Fold>(),
      .read_signal =
          [this](auto visit) {
            played(Source::signal).thread->post([this, visit = std::move(visit)] { visit(states<signal::Fold>()); });
          }};
}

template <Stage S>
std::vector<const typename S::State*> Incarnation::states() const {
  std::vector<const typename S::State*> states;
  for (const auto& [inbox, one] : hosted_) {
    if (inbox.topic == S::inbox) states.push_back(&dynamic_cast<const HostedOf<S>&>(*one.hosted).state());
  }
  return states;
}

template <Stage S>
std::function<void(std::function<void(const typename S::State&)>)> Incarnation::reader() {
  return [this](std::function<void(const typename S::State&)> look) {
    played(S::source).thread->post([this, look = std::move(look)] {
      for (const auto* state : states<S>()) look(*state);
    });
  };
}

Incarnation::Played& Incarnation::played(Source stage) {
  auto& played = played_[stage];
  if (played.thread) return played;
  played.thread = std::make_unique<Thread>(around_.time, Dice(dice_.next(), "stage"), turn_max);
  if (dead_) played.thread->kill();
  if (paused_) played.thread->pause();
  played.effects = make_effects(stage, *played.thread);
  if (played.effects) {
    played.checked = std::make_unique<CheckedEffects>(graph::node_of(stage).inbox, *played.effects, around_.shadows);
  }
  return played;
}

std::unique_ptr<Effects> Incarnation::make_effects(Source stage, Executor& executor) {
  switch (stage) {
    case Source::policy:
      return policy::make_effects(drivers_->mail(), executor);
    case Source::orchestration:
      return orchestration::make_effects(drivers_->domains(), executor);
    case Source::dataplane:
      return dataplane::make_effects(drivers_->probe(), drivers_->balancer(), executor);
    case Source::audit:
      return audit::make_effects(drivers_->signer(), executor);
    default:
      return nullptr;
  }
}

ShellPorts Incarnation::ports_for(TopicPartition inbox, Played& by) {
  auto& disk = disks_[inbox];
  if (!disk) {
    disk = std::make_unique<Disk>([&shadows = around_.shadows, inbox](const std::vector<StoreChange>& changes) {
      shadows.check_commit(inbox, changes);
    });
  }
  return {.log = *log_,
          .store = *disk,
          .executor = *by.thread,
          .disk = *disk_,
          .clock = clock_,
          .effects = by.checked.get(),
          .metrics = silent_metrics,
          .arena = arena_,
          .ids = ids_,
          .on_incident = [this](const std::string& why) { incident(why); }};
}

void Incarnation::own(TopicPartition inbox) {
  around_.story.tell([&] { return process_ + " owns " + name_of(inbox); });
  const auto stage = stage_of(inbox);
  const bool first = !played_.contains(stage);
  auto& by = played(stage);
  auto& one = hosted_[inbox];
  one.hosted = host(stage, inbox.partition, ports_for(inbox, by));
  by.thread->post([hosted = one.hosted.get()] { hosted->start(); });
  if (first) edges_.post([this, stage] { drivers_->start_edges(stage); });
  edges_.post([this, stage] { drivers_->learn(stage); });
}

void Incarnation::disown(TopicPartition inbox, std::function<void()> done) {
  auto& one = hosted_.find(inbox)->second;
  one.when_gone.push_back(std::move(done));
  if (one.leaving) return;
  one.leaving = true;
  around_.story.tell([&] { return process_ + " lets go of " + name_of(inbox); });
  auto* thread = played(stage_of(inbox)).thread.get();
  thread->post([this, inbox, thread, hosted = one.hosted.get()] {
    // Not from within the shell's own call: it goes with this.
    hosted->drain(StageRunner<signal::Fold>::drain_max,
                  [this, inbox, thread] { thread->post([this, inbox] { gone(inbox); }); });
  });
}

void Incarnation::gone(TopicPartition inbox) {
  auto one = hosted_.extract(inbox);
  if (one.empty()) return;
  edges_.post([this, stage = stage_of(inbox)] { drivers_->learn(stage); });
  for (const auto& call : one.mapped().when_gone) call();
}

const Hosted* Incarnation::hosted(TopicPartition inbox) const {
  const auto found = hosted_.find(inbox);
  return found == hosted_.end() ? nullptr : found->second.hosted.get();
}

void Incarnation::incident(const std::string& why) {
  if (log_->failed()) return;  // `failed_` is told of it
  around_.story.violated("no shell stops", process_ + ": " + why);
}

void Incarnation::pause() {
  paused_ = true;
  for (auto& [stage, played] : played_) played.thread->pause();
  edges_.pause();
  disk_->thread().pause();
  log_->pause();
}

void Incarnation::resume() {
  paused_ = false;
  for (auto& [stage, played] : played_) played.thread->resume();
  edges_.resume();
  disk_->thread().resume();
  log_->resume();
}

void Incarnation::kill() {
  dead_ = true;
  for (auto& [stage, played] : played_) played.thread->kill();
  edges_.kill();
  disk_->thread().kill();
  log_->kill();
  hosted_.clear();
}

}  // namespace virtscale::simulation
