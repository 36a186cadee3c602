#include "tests/simulation/engine/run.hpp"

#include <algorithm>

#include "stages/audit/fold.hpp"
#include "stages/dataplane/fold.hpp"
#include "stages/orchestration/fold.hpp"
#include "stages/policy/fold.hpp"
#include "stages/signal/fold.hpp"
#include "tests/simulation/engine/host/cluster.hpp"

namespace virtscale::simulation {
namespace {

constexpr std::int64_t morning_us = 1'776'729'600'000'000;  // 2026-04-21T00:00:00Z
constexpr Duration looked_at_every = seconds(1);
/// A timer that is due for longer than this is lost, once clocks are right.
constexpr Duration timer_late_max = seconds(5);

LogLayout layout_of(const Plan& plan) {
  Dice dice(plan.seed, "layout");
  LogLayout layout;
  for (auto& partitions : layout.partitions)
    partitions = static_cast<std::uint32_t>(dice.one_in(2) ? 1 : dice.between(1, 3));
  return layout;
}

Shape shape_of(const Plan& plan) {
  return Dice(plan.seed, "shape").one_in(3) ? Shape::embedded : Shape::cluster;
}

// Most runs are short: what goes wrong in a day goes wrong in minutes, if faults are dense. A few last longer than what
// is remembered for a day.
Duration active_of(const Plan& plan) {
  Dice dice(plan.seed, "active");
  if (dice.one_in(100)) return dice.between(hours(20), hours(30));
  return dice.one_in(4) ? dice.between(seconds(180), seconds(1'800)) : dice.between(seconds(60), seconds(180));
}

class Run final : public View {
 public:
  Run(const Plan& plan, Story::Reader reader)
      : plan_(plan),
        trouble_(plan.seed, "trouble"),
        time_({morning_us}),
        story_(time_, reader),
        faults_(plan_, story_),
        layout_(layout_of(plan)),
        shadows_(layout_, story_),
        recording_(layout_, [this](Recorded& record) { landed(record); }),
        brokers_(time_, faults_, story_, recording_),
        cluster_(shape_of(plan), plan.seed, {time_, faults_, story_, shadows_, outside_}, brokers_) {
    outside_ = make_outside({plan_, shape_of(plan), time_, faults_, story_, *this, cluster_, active_of(plan)});
  }

  Report go() {
    cluster_.begin();
    outside_->begin();
    look_for_trouble();
    const auto quiet_from = time_.now() + active_of(plan_);
    while (goes_on() && time_.run_next(quiet_from)) {
    }
    if (goes_on()) settle(quiet_from + settle_max);
    judge();
    return report(quiet_from);
  }

  const LogLayout& layout() const override { return layout_; }
  const std::deque<Recorded>& records(TopicPartition of) const override { return recording_.records(of); }
  const signal::State& signal(std::uint32_t p) const override { return state<signal::Fold>(p); }
  const policy::State& policy(std::uint32_t p) const override { return state<policy::Fold>(p); }
  const orchestration::State& orchestration(std::uint32_t p) const override { return state<orchestration::Fold>(p); }
  const dataplane::State& dataplane(std::uint32_t p) const override { return state<dataplane::Fold>(p); }
  const audit::State& audit(std::uint32_t p) const override { return state<audit::Fold>(p); }

 private:
  template <Stage S>
  const typename S::State& state(std::uint32_t partition) const {
    return dynamic_cast<const replay::RefoldOf<S>&>(shadows_.of({S::inbox, partition})).state();
  }

  bool goes_on() {
    if (time_.steps() > steps_max) story_.violated("a run ends", std::to_string(steps_max) + " steps were not enough");
    return story_.violations().empty();
  }

  void landed(Recorded& record) {
    const auto followed = shadows_.follow(record);
    record.copy = followed.copy;
    if (!record.copy) story_.tell([&] { return "  " + brief(record); });
    if (!record.foreign) outside_->after_record(record, followed.step);
  }

  void look_for_trouble() {
    if (faults_.are_quiet()) return;
    cluster_.look_for_trouble();
    if (shape_of(plan_) == Shape::cluster) brokers_.look_for_trouble();
    const auto rarely = Duration{active_of(plan_).us / 100};
    time_.after(trouble_.between(milliseconds(500), std::max(seconds(6), rarely)), [this] { look_for_trouble(); });
  }

  void settle(Instant until) {
    story_.tell([] { return std::string("faults stop; everything must settle"); });
    faults_.quiet();
    cluster_.end();
    outside_->end();
    for (auto why = unsettled(); !why.empty() && goes_on(); why = unsettled()) {
      if (time_.now() >= until) return story_.violated("everything settles once faults stop", why);
      const auto look_again = time_.now() + looked_at_every;
      while (goes_on() && time_.run_next(look_again)) {
      }
    }
  }

  std::string unsettled() {
    if (auto why = cluster_.unsettled(); !why.empty()) return why;
    if (auto why = shadows_.overdue(time_.now(), timer_late_max); !why.empty()) return why;
    return outside_->awaits();
  }

  void judge() {
    if (goes_on()) cluster_.compare_with_shadows();
    if (goes_on()) shadows_.check_all_landed();
    if (goes_on()) shadows_.refold(*this);
    if (goes_on()) outside_->judge();
  }

  Report report(Instant quiet_from) const {
    Report report;
    report.violations = story_.violations();
    if (report.violations.empty()) report.vacuous = outside_->vacuous();
    report.shape = shape_of(plan_);
    report.steps = time_.steps();
    report.records = recording_.count();
    report.digest = recording_.digest();
    report.actions = outside_->actions();
    report.simulated = time_.now() - Instant{morning_us};
    report.settled_in = time_.now() - quiet_from;
    report.faults = faults_.counts();
    report.story = story_.lines();
    return report;
  }

  const Plan plan_;
  Dice trouble_;
  VirtualTime time_;
  Story story_;
  Faults faults_;
  LogLayout layout_;
  std::unique_ptr<Outside> outside_;
  Shadows shadows_;
  Recording recording_;
  Brokers brokers_;
  Cluster cluster_;
};

}  // namespace

Report run(const Plan& plan, Story::Reader reader) {
  return Run(plan, reader).go();
}

}  // namespace virtscale::simulation
