// Rows of services: what lies in memory packed is, in the store, what the schema says.
#include "stages/signal/scaled_service.hpp"

#include <gtest/gtest.h>

#include "tests/stages/signal/folding.hpp"

namespace virtscale::signal {
namespace {

schema::ScaledServiceT row_of(std::vector<schema::ScaleRuleT> rules) {
  schema::ScaledServiceT row;
  for (auto& rule : rules) row.rules.push_back(std::make_unique<schema::ScaleRuleT>(std::move(rule)));
  row.cooldown_out_us = 60'000'000;
  row.cooldown_in_us = 300'000'000;
  return row;
}

void expect_to_survive(const schema::ScaledServiceT& row) {
  const auto bytes = schema::encode_row(row);
  ScaledService service;
  ASSERT_TRUE(decode_row(bytes, service));
  Arena arena;
  EXPECT_TRUE(std::ranges::equal(encode_row(service, arena), bytes));
  EXPECT_EQ(row_type(&service), row_type(&row));
}

TEST(SignalScaledService, IsTheSameBytesInTheStoreAsTheSchemasRow) {
  expect_to_survive(row_of({}));
  auto row = row_of({rule_on("Hot", 2, seconds(30)), rule_cron("0 8 * * 1-5", "Europe/Berlin", 12)});
  expect_to_survive(row);
  row.haproxy_backend = "be_web";
  expect_to_survive(row);
}

TEST(SignalScaledService, IsNotMadeOfOtherBytes) {
  ScaledService service;
  EXPECT_FALSE(decode_row({}, service));
}

TEST(SignalScaledService, VisitsItsRulesInTheirOrderUntilItIsToldToStop) {
  const ScaledService service(row_of({rule_on("Hot", 2), rule_on("Cold", -1), rule_on("Worse", 3)}));
  std::vector<std::string> seen;
  service.each_rule([&](const schema::RuleView& rule) {
    seen.emplace_back(rule.on);
    return rule.amount > 0;
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"Hot", "Cold"}));
}

// Who adds a field packs it too, and fills it above.
TEST(SignalScaledService, KnowsEveryFieldOfTheRow) {
  EXPECT_EQ(schema::ScaledServiceTypeTable()->num_elems, 4U);
}

}  // namespace
}  // namespace virtscale::signal
