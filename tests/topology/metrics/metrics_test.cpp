#include "topology/adapters/metrics/metrics.hpp"

#include <gmock/gmock.h>

#include <thread>
#include <vector>

namespace virtscale {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string sample(const std::string& name, const std::string& value) {
  return "virtscale_" + name + "{partition=\"0\",stage=\"policy\"} " + value + "\n";
}

TEST(Metrics, CountWhatAStageDoes) {
  const auto metrics = make_metrics();
  auto& policy = metrics->stage("policy", 0);
  policy.batch_folded(4, microseconds(40));
  policy.batch_folded(0, seconds(1));
  policy.lag(17);
  for (int i = 0; i < 3; ++i) policy.effect_started();
  policy.effect_ended(EffectEnd::succeeded);
  policy.effect_ended(EffectEnd::failed);
  policy.effects_retried(2);
  policy.dead_lettered(1);
  policy.duplicates_dropped(5);
  EXPECT_THAT(metrics->render(),
              AllOf(HasSubstr(sample("records_folded_total", "4")), HasSubstr(sample("batch_records_count", "1")),
                    HasSubstr("virtscale_fold_seconds_bucket{partition=\"0\",stage=\"policy\",le=\"1e-05\"} 1\n"),
                    HasSubstr(sample("lag_records", "17")), HasSubstr(sample("effects_in_flight", "1")),
                    HasSubstr(sample("effects_failed_total", "1")), HasSubstr(sample("effects_retried_total", "2")),
                    HasSubstr(sample("dead_letters_total", "1")), HasSubstr(sample("duplicates_dropped_total", "5")),
                    HasSubstr("# TYPE virtscale_records_folded_total counter\n")));
}

TEST(Metrics, CountLinesByDecisionAndWhenEachStepWasReached) {
  const auto metrics = make_metrics();
  const std::vector<StepTime> steps{{"signal", {}}, {"audit", milliseconds(30)}};
  metrics->line_written({.org = "acme", .decision = "admitted", .dimension = "", .steps = steps});
  metrics->line_written({.org = "acme", .decision = "refused", .dimension = "vcpu", .steps = {}});
  EXPECT_THAT(metrics->render(), AllOf(HasSubstr("virtscale_ledger_lines_total{decision=\"admitted\"} 1\n"),
                                       HasSubstr("virtscale_ledger_lines_total{decision=\"refused\"} 1\n"),
                                       HasSubstr("virtscale_refusals_total{dimension=\"vcpu\",org=\"acme\"} 1\n"),
                                       HasSubstr("virtscale_step_seconds_bucket{step=\"audit\",le=\"0.02\"} 0\n"),
                                       HasSubstr("virtscale_step_seconds_bucket{step=\"audit\",le=\"0.05\"} 1\n")));
}

TEST(Metrics, ForgetTheUsageOfOrgsThatAreShownNoMore) {
  const auto metrics = make_metrics();
  const std::vector<OrgUsage> all{{"acme", "vcpu", 110, 90, 10}, {"beta", "ram", 5, 1, 0}};
  metrics->usages(all);
  const std::string acme = "virtscale_org_usage{dimension=\"vcpu\",kind=\"envelope\",org=\"acme\"} 110\n";
  EXPECT_THAT(metrics->render(), AllOf(HasSubstr(acme), HasSubstr("org=\"beta\"")));
  metrics->usages(std::span(all).first(1));
  EXPECT_THAT(metrics->render(), AllOf(HasSubstr(acme), Not(HasSubstr("org=\"beta\""))));
}

TEST(Metrics, KeepThePartitionsOfStagesApart) {
  const auto metrics = make_metrics();
  EXPECT_EQ(&metrics->stage("audit", 1), &metrics->stage("audit", 1));
  metrics->stage("audit", 0).dead_lettered(1);
  metrics->stage("audit", 1).dead_lettered(2);
  metrics->stage("signal", 0).dead_lettered(3);
  EXPECT_THAT(metrics->render(),
              AllOf(HasSubstr("virtscale_dead_letters_total{partition=\"0\",stage=\"audit\"} 1\n"),
                    HasSubstr("virtscale_dead_letters_total{partition=\"1\",stage=\"audit\"} 2\n"),
                    HasSubstr("virtscale_dead_letters_total{partition=\"0\",stage=\"signal\"} 3\n")));
}

TEST(Metrics, CanBeCountedAndRenderedAtOnce) {
  const auto metrics = make_metrics();
  std::vector<std::thread> counters;
  for (unsigned i = 0; i < 4; ++i) {
    counters.emplace_back([&, i] {
      for (int n = 0; n < 1'000; ++n) metrics->stage("policy", i % 2).duplicates_dropped(1);
    });
  }
  for (int n = 0; n < 20; ++n) EXPECT_THAT(metrics->render(), Not(HasSubstr("nan")));
  for (auto& counter : counters) counter.join();
  EXPECT_THAT(metrics->render(), HasSubstr(sample("duplicates_dropped_total", "2000")));
}

}  // namespace
}  // namespace virtscale
