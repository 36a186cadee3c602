#include "stages/audit/edges/line_metrics.hpp"

#include <gmock/gmock.h>

#include "schemas/codec.hpp"

namespace virtscale::audit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Remembers each line as text.
class Counted final : public Metrics {
 public:
  StageMetrics& stage(std::string_view, std::uint32_t) override { std::abort(); }
  void usages(std::span<const OrgUsage>) override {}
  void line_written(const LineWritten& line) override {
    std::string text = std::string(line.org) + " " + std::string(line.decision) + " " + std::string(line.dimension);
    for (const auto& [step, since] : line.steps) text += " " + std::string(step) + "=" + std::to_string(since.us);
    lines.push_back(std::move(text));
  }
  std::string render() const override { return {}; }
  std::vector<std::string> lines;
};

class LineMetricsTest : public testing::Test {
 protected:
  void take(const std::string& org, const std::string& line) {
    schema::LineAppendedT appended;
    appended.line = line;
    const auto event = schema::encode(appended, org);
    lines.take({.from = {Topic::ledger, 0}, .timestamp = {}, .key = org, .value = event});
  }
  Counted metrics;
  LineMetrics lines{metrics, 4};
  const std::uint32_t acme = partition_of("acme", 4);
};

TEST_F(LineMetricsTest, CountsDecisionAndTimesSinceTheSignal) {
  lines.own({acme});
  take("acme", R"({"decision":"admitted","steps":[{"at_us":100,"step":"signal"},{"at_us":350,"step":"audit"}]})");
  take("acme", R"({"binding":"vcpu","decision":"refused","steps":[{"at_us":7,"step":"signal"}]})");
  EXPECT_THAT(metrics.lines, ElementsAre("acme admitted  signal=0 audit=250", "acme refused vcpu signal=0"));
}

TEST_F(LineMetricsTest, CountsOnlyTheOrgsOfItsOwnPartitions) {
  take("acme", R"({"decision":"admitted"})");
  lines.own({(acme + 1) % 4});
  take("acme", R"({"decision":"admitted"})");
  EXPECT_THAT(metrics.lines, IsEmpty());
  lines.own({acme});
  take("acme", R"({"decision":"admitted"})");
  EXPECT_THAT(metrics.lines, ElementsAre("acme admitted "));
}

TEST_F(LineMetricsTest, DoesNotCountWhatItCannotRead) {
  lines.own({acme});
  take("acme", "no JSON");
  take("acme", "[1]");
  lines.take({.from = {Topic::ledger, 0}, .timestamp = {}, .key = "acme", .value = {}});
  EXPECT_THAT(metrics.lines, IsEmpty());
}

}  // namespace
}  // namespace virtscale::audit
