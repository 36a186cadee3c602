// DecisionView: the same bytes as the generated Pack of what it says.
#include "schemas/decision_view.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <random>
#include <string>

namespace virtscale::schema {
namespace {

constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();

void expect_the_same_bytes(const DecisionView& view) {
  EXPECT_EQ(encode(view, "acme"), encode(view.kept(), "acme"));
}

TEST(DecisionView, EncodesADecisionThatSaysEverythingAndOneThatSaysNothing) {
  const std::array rows = {Projection(Dimension::vcpu, 70'000, 20'000, 20'000, 100'000, 110'000),
                           Projection(Dimension::disk, huge, -1, 0, 1, huge)};
  DecisionView view;
  expect_the_same_bytes(view);
  view.service = "web";
  view.decision = Decision::refused;
  view.reason = "Beyond the envelope.";
  view.code = "beyond_envelope";
  view.binding = Dimension::ram;
  view.remedy = "Raise the overage.";
  view.kind = SignalKind::request;
  view.name = "WebHot";
  view.value_milli = -92'400;
  view.queue_depth = 214;
  view.signal_at_us = huge;
  view.decided_at_us = 1'776'737'651'482'000;
  view.from = 9;
  view.to = 10;
  view.contract_version = 4;
  view.overage_percent = 10;
  view.projection = rows;
  view.domains = 1;
  view.requester = "operator";
  expect_the_same_bytes(view);
  // As many as the schema has: one that a decision gets has to be a field of the view as well.
  EXPECT_EQ(ScaleDecided::MiniReflectTypeTable()->num_elems, 19U);
}

// What stands before a field moves its padding.
TEST(DecisionView, EncodesTextsOfEveryLength) {
  const std::array rows = {Projection(Dimension::vcpu, 1, 2, 3, 4, 5)};
  std::mt19937 random(11);
  const std::string letters(64, 'x');
  for (int i = 0; i < 500; ++i) {
    const auto text = [&] { return std::string_view(letters).substr(0, random() % 40); };
    DecisionView view;
    view.service = text();
    view.reason = text();
    view.code = text();
    view.remedy = text();
    view.name = text();
    view.requester = text();
    view.value_milli = static_cast<std::int64_t>(random() % 2);
    view.queue_depth = static_cast<std::int64_t>(random() % 2) - 1;
    view.projection = std::span(rows).first(random() % 2);
    expect_the_same_bytes(view);
  }
}

}  // namespace
}  // namespace virtscale::schema
