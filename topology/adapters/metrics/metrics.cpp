#include "topology/adapters/metrics/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <string>

namespace virtscale {
namespace {

using Labels = std::map<std::string, std::string>;
using Buckets = prometheus::Histogram::BucketBoundaries;

// From a microsecond, which a lone fold takes, to a tenth of a second, which nothing should.
const Buckets fold_seconds = {1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 5e-4, 1e-3, 1e-2, 1e-1};
// From a fold's share to a boot that takes minutes.
const Buckets step_seconds = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300};
const Buckets batch_records = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};

// The families of all stages; a partition adds its own lines to each.
struct Families {
  explicit Families(prometheus::Registry& registry)
      : folded(counter(registry, "records_folded_total", "Records of the inbox that were folded.")),
        fold_time(histogram(registry, "fold_seconds", "Seconds to fold one record, averaged over its batch.")),
        batch(histogram(registry, "batch_records", "Records that were folded in one go.")),
        lag(gauge(registry, "lag_records", "Records of the inbox that are not folded yet.")),
        in_flight(gauge(registry, "effects_in_flight", "Effects that were started and have not answered.")),
        failed(counter(registry, "effects_failed_total", "Effects that failed for good.")),
        retried(counter(registry, "effects_retried_total", "Attempts of effects beyond the first.")),
        dead_letters(counter(registry, "dead_letters_total", "Records that went to deadletters.")),
        duplicates(counter(registry, "duplicates_dropped_total", "Copies that were seen by their lane number.")),
        usage(gauge(registry, "org_usage", "An org's envelope, committed and reserved usage: mvcpu, MiB, GiB.")),
        steps(histogram(registry, "step_seconds", "Seconds from the signal to a step of a scale event.")),
        lines(counter(registry, "ledger_lines_total", "Lines written, by decision.")),
        refusals(counter(registry, "refusals_total", "Scale events that a contract refused.")) {}

  static prometheus::Family<prometheus::Counter>& counter(prometheus::Registry& registry, const char* name,
                                                          const char* help) {
    return prometheus::BuildCounter().Name(std::string("virtscale_") + name).Help(help).Register(registry);
  }
  static prometheus::Family<prometheus::Gauge>& gauge(prometheus::Registry& registry, const char* name,
                                                      const char* help) {
    return prometheus::BuildGauge().Name(std::string("virtscale_") + name).Help(help).Register(registry);
  }
  static prometheus::Family<prometheus::Histogram>& histogram(prometheus::Registry& registry, const char* name,
                                                              const char* help) {
    return prometheus::BuildHistogram().Name(std::string("virtscale_") + name).Help(help).Register(registry);
  }

  prometheus::Family<prometheus::Counter>& folded;
  prometheus::Family<prometheus::Histogram>& fold_time;
  prometheus::Family<prometheus::Histogram>& batch;
  prometheus::Family<prometheus::Gauge>& lag;
  prometheus::Family<prometheus::Gauge>& in_flight;
  prometheus::Family<prometheus::Counter>& failed;
  prometheus::Family<prometheus::Counter>& retried;
  prometheus::Family<prometheus::Counter>& dead_letters;
  prometheus::Family<prometheus::Counter>& duplicates;
  prometheus::Family<prometheus::Gauge>& usage;
  prometheus::Family<prometheus::Histogram>& steps;
  prometheus::Family<prometheus::Counter>& lines;
  prometheus::Family<prometheus::Counter>& refusals;
};

class PartitionMetrics final : public StageMetrics {
 public:
  PartitionMetrics(Families& families, const Labels& labels)
      : folded_(families.folded.Add(labels)),
        fold_time_(families.fold_time.Add(labels, fold_seconds)),
        batch_(families.batch.Add(labels, batch_records)),
        lag_(families.lag.Add(labels)),
        in_flight_(families.in_flight.Add(labels)),
        failed_(families.failed.Add(labels)),
        retried_(families.retried.Add(labels)),
        dead_letters_(families.dead_letters.Add(labels)),
        duplicates_(families.duplicates.Add(labels)) {}

  void batch_folded(std::size_t records, Duration fold_time) override {
    if (records == 0) return;
    const auto count = static_cast<double>(records);
    folded_.Increment(count);
    fold_time_.Observe(static_cast<double>(fold_time.us) / 1e6 / count);
    batch_.Observe(count);
  }
  void lag(std::uint64_t records) override { lag_.Set(static_cast<double>(records)); }
  void effect_started() override { in_flight_.Increment(); }
  void effect_ended(EffectEnd end) override {
    in_flight_.Decrement();
    if (end == EffectEnd::failed) failed_.Increment();
  }
  void effects_retried(std::uint32_t attempts) override { add(retried_, attempts); }
  void dead_lettered(std::size_t records) override { add(dead_letters_, records); }
  void duplicates_dropped(std::size_t records) override { add(duplicates_, records); }

 private:
  static void add(prometheus::Counter& counter, std::size_t count) {
    if (count > 0) counter.Increment(static_cast<double>(count));
  }

  prometheus::Counter& folded_;
  prometheus::Histogram& fold_time_;
  prometheus::Histogram& batch_;
  prometheus::Gauge& lag_;
  prometheus::Gauge& in_flight_;
  prometheus::Counter& failed_;
  prometheus::Counter& retried_;
  prometheus::Counter& dead_letters_;
  prometheus::Counter& duplicates_;
};

class PrometheusMetrics final : public Metrics {
 public:
  StageMetrics& stage(std::string_view stage, std::uint32_t partition) override {
    const std::lock_guard lock(mutex_);
    auto& slot = partitions_[{std::string(stage), partition}];
    if (!slot) {
      slot = std::make_unique<PartitionMetrics>(
          families_, Labels{{"stage", std::string(stage)}, {"partition", std::to_string(partition)}});
    }
    return *slot;
  }

  void usages(std::span<const OrgUsage> all) override {
    const std::lock_guard lock(mutex_);
    for (auto* gauge : usages_) families_.usage.Remove(gauge);
    usages_.clear();
    for (const auto& one : all.first(std::min(all.size(), usages_max))) {
      show(one, "envelope", one.envelope);
      show(one, "committed", one.committed);
      show(one, "reserved", one.reserved);
    }
  }

  void line_written(const LineWritten& line) override {
    families_.lines.Add({{"decision", std::string(line.decision)}}).Increment();
    if (!line.dimension.empty()) {
      families_.refusals.Add({{"org", std::string(line.org)}, {"dimension", std::string(line.dimension)}}).Increment();
    }
    for (const auto& [step, since_signal] : line.steps) {
      families_.steps.Add({{"step", std::string(step)}}, step_seconds)
          .Observe(static_cast<double>(since_signal.us) / 1e6);
    }
  }

  std::string render() const override { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

 private:
  void show(const OrgUsage& usage, const char* kind, std::int64_t value) {
    auto& gauge =
        families_.usage.Add({{"org", usage.org}, {"dimension", std::string(usage.dimension)}, {"kind", kind}});
    gauge.Set(static_cast<double>(value));
    usages_.push_back(&gauge);
  }

  prometheus::Registry registry_;
  Families families_{registry_};
  std::mutex mutex_;
  std::vector<prometheus::Gauge*> usages_;
  std::map<std::pair<std::string, std::uint32_t>, std::unique_ptr<PartitionMetrics>> partitions_;
};

}  // namespace

std::unique_ptr<Metrics> make_metrics() {
  return std::make_unique<PrometheusMetrics>();
}

}  // namespace virtscale
