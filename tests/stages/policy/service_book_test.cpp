// Rows of services: what lies in memory packed is, in the store, what the schema says.
#include <gtest/gtest.h>

#include "tests/stages/policy/harness.hpp"

namespace virtscale::policy {
namespace {

schema::ServiceBookT row_of(schema::ServiceAppliedT applied) {
  schema::ServiceBookT row;
  row.spec = std::move(applied.spec);
  row.committed = 3;
  row.reserved = 2;
  row.leaving = 1;
  row.last_out_us = 17;
  row.last_in_us = 23;
  return row;
}

void expect_to_survive(const schema::ServiceBookT& row) {
  const auto bytes = schema::encode_row(row);
  ServiceBook book;
  ASSERT_TRUE(decode_row(bytes, book));
  Arena arena;
  EXPECT_TRUE(std::ranges::equal(encode_row(book, arena), bytes));
  EXPECT_EQ(row_type(&book), row_type(&row));
}

TEST(PolicyServiceBook, IsTheSameBytesInTheStoreAsTheSchemasRow) {
  expect_to_survive(row_of(service_document()));
}

TEST(PolicyServiceBook, KeepsWhyTheServiceWasHeldAndWhatWasMailed) {
  auto row = row_of(service_document());
  row.held_code = "cooldown_out";
  row.held_at_us = 4'711;
  expect_to_survive(row);
  for (const auto dimension : {schema::Dimension::disk, schema::Dimension::vcpu}) {
    auto violation = std::make_unique<schema::MailedViolationT>();
    violation->binding = dimension;
    violation->contract_version = 7;
    violation->used = 90'000;
    violation->mailed_at_us = 12;
    row.mailed.push_back(std::move(violation));
  }
  expect_to_survive(row);
}

TEST(PolicyServiceBook, IsNotMadeOfOtherBytes) {
  ServiceBook book;
  EXPECT_FALSE(decode_row({}, book));
  EXPECT_FALSE(decode_row(schema::encode_row(schema::OrgUsageT()), book));
}

// Who adds a field keeps it in ServiceBook or Remarks, and fills it above.
TEST(PolicyServiceBook, KnowsEveryFieldOfTheRow) {
  EXPECT_EQ(schema::ServiceBookTypeTable()->num_elems, 9U);
  EXPECT_EQ(schema::MailedViolationTypeTable()->num_elems, 4U);
}

}  // namespace
}  // namespace virtscale::policy
