#include "tests/scenarios/world.hpp"

#include <gtest/gtest.h>

#include "stages/audit/fold.hpp"
#include "stages/dataplane/fold.hpp"
#include "stages/orchestration/fold.hpp"
#include "stages/policy/fold.hpp"
#include "stages/signal/fold.hpp"

namespace virtscale::test {
namespace {

template <Stage S>
class StageOf final : public AnyStage {
 public:
  std::size_t fold(Log& log, std::size_t records_max) override {
    Arena arena;
    std::vector<Step> steps;
    const auto read = log.read({S::inbox, 0}, partition_.next_offset(), records_max, [&](const LogRecord& record) {
      steps.push_back(partition_.fold_one(record, arena));
      EXPECT_NE(steps.back().fate, Fate::halted) << steps.back().incident;
      EXPECT_NE(steps.back().fate, Fate::rejected) << name_of(S::inbox) << " " << record.offset;
      EXPECT_EQ(S::violated_invariant(partition_.state()), "");
      return true;
    });
    for (auto& step : steps) take(log, step);
    return read;
  }
  std::vector<std::shared_ptr<const EffectRequest>>& requests() override { return requests_; }
  const Books& books() const override { return partition_.books(); }
  Topic inbox() const override { return S::inbox; }
  const std::vector<std::vector<std::byte>>& emitted() const override { return emitted_; }

 private:
  void take(Log& log, Step& step) {
    if (!step.emitted.empty()) log.append(step.emitted);
    for (const auto& event : step.emitted) emitted_.emplace_back(event.value.begin(), event.value.end());
    for (const auto& request : step.asked) requests_.push_back(std::make_shared<EffectRequest>(request.kept()));
  }

  Partition<S> partition_{0, LogLayout{}};
  std::vector<std::shared_ptr<const EffectRequest>> requests_;
  std::vector<std::vector<std::byte>> emitted_;
};

schema::Body body_of(const EffectRequest& request) {
  return schema::GetEvent(reinterpret_cast<const std::uint8_t*>(request.event.data()))->body_type();
}

}  // namespace

std::unique_ptr<AnyStage> make_stage(std::string_view name) {
  if (name == "signal") return std::make_unique<StageOf<signal::Fold>>();
  if (name == "policy") return std::make_unique<StageOf<policy::Fold>>();
  if (name == "orchestration") return std::make_unique<StageOf<orchestration::Fold>>();
  if (name == "dataplane") return std::make_unique<StageOf<dataplane::Fold>>();
  return std::make_unique<StageOf<audit::Fold>>();
}

World::World() {
  for (const auto& node : graph::stages) stages.emplace(node.name, make_stage(node.name));
}

void World::append(Topic to, std::string_view key, std::vector<std::byte> event) {
  fill_header(event, {.id = ids_.next(), .scale = {schema::GetEvent(event.data())->header()->scale()}});
  const LogAppend record{{to, 0}, key, event};
  log.append({&record, 1});
}

bool World::answer(std::string_view stage, schema::Body asked, std::vector<std::byte> event) {
  auto& requests = stages.find(stage)->second->requests();
  const auto request = std::find_if(requests.begin(), requests.end(),
                                    [asked](const auto& candidate) { return body_of(*candidate) == asked; });
  if (request == requests.end()) return false;
  fill_header(event, {.id = ids_.next(), .answers = (*request)->id, .scale = (*request)->scale});
  const LogAppend record{{stages.find(stage)->second->inbox(), 0}, "", event};
  log.append({&record, 1});
  requests.erase(request);
  return true;
}

void World::ring(std::string_view stage) {
  const auto& owner = *stages.find(stage)->second;
  for (const auto& timer : owner.books().due_timers()) {
    if (timer.due > clock.now()) return;
    schema::TimerFiredT fired;
    fired.key = timer.key;
    fired.due_us = timer.due.us;
    append(owner.inbox(), timer.key, encode(fired, ""));
  }
}

void World::settle() {
  for (bool folded = true; folded;) {
    folded = false;
    for (const auto& node : graph::stages) folded = stages.find(node.name)->second->fold(log, 1'000) > 0 || folded;
  }
}

void World::each_event(const std::function<void(Topic, const schema::Event&)>& visit) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(Topic::deadletters); ++i) {
    const auto topic = static_cast<Topic>(i);
    log.read({topic, 0}, 0, SIZE_MAX, [&](const LogRecord& record) {
      visit(topic, *schema::verify_event(record.value));
      return true;
    });
  }
}

std::vector<std::string> World::ledger(std::string_view org) {
  std::vector<std::string> lines;
  each_event([&](Topic, const schema::Event& event) {
    const auto* line = event.body_as_LineAppended();
    if (line != nullptr && event.org()->string_view() == org) lines.push_back(line->line()->str());
  });
  return lines;
}

}  // namespace virtscale::test
