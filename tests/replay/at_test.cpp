// The state as of a moment is what it was then: neither earlier nor later records count.
#include "replay/at/at.hpp"

#include <gtest/gtest.h>

#include "tests/replay/corpus.hpp"

namespace virtscale::test {
namespace {

replay::StateAt state_at(Corpus& corpus, Instant at, replay::AtOptions options = {}) {
  auto source = corpus.source();
  options.at = at;
  return replay::state_at(source, options);
}

std::int32_t replicas(const replay::StateAt& state) {
  return state.services.empty() ? -1 : state.services[0].committed;
}

TEST(At, IsTheStateOfThatMoment) {
  Corpus corpus({.orgs = 1, .requests = 9});
  // The first DomainRunning that policy folds is the moment at which the first replica is committed.
  const Stored* running = nullptr;
  for (const auto* record : corpus.log().in_order()) {
    const auto* event = schema::GetEvent(record->value.data());
    if (running == nullptr && event->body_as_DomainRunning() != nullptr) running = record;
  }
  ASSERT_NE(running, nullptr);
  EXPECT_EQ(replicas(state_at(corpus, {running->timestamp.us - 1})), 0);
  EXPECT_EQ(replicas(state_at(corpus, running->timestamp)), 1);
  const auto before = state_at(corpus, {corpus.log().in_order().front()->timestamp.us - 1});
  EXPECT_EQ(before.records, 0U);
  EXPECT_TRUE(before.contracts.empty());
}

TEST(At, TheEndAgreesWithItself) {
  Corpus corpus;
  const auto state = state_at(corpus, corpus.log().now());
  ASSERT_EQ(state.contracts.size(), 5U);
  ASSERT_EQ(state.services.size(), 5U);
  ASSERT_EQ(state.ledgers.size(), 5U);
  std::int64_t committed = 0;
  for (const auto& service : state.services) committed += service.committed;
  EXPECT_EQ(static_cast<std::size_t>(committed), state.domains.size());
  std::int64_t used = 0;
  for (const auto& numa : state.cells) used += numa.used_vcpu_milli;
  EXPECT_EQ(used, committed * 1'000);
  for (const auto& ledger : state.ledgers) EXPECT_EQ(ledger.lines, ledger.signed_lines);
}

TEST(At, ShowsOnlyWhatIsAskedFor) {
  Corpus corpus;
  const auto org = state_at(corpus, corpus.log().now(), {.org = "org-1"});
  ASSERT_EQ(org.contracts.size(), 1U);
  EXPECT_EQ(org.contracts[0].org, "org-1");
  EXPECT_TRUE(org.cells.empty());
  for (const auto& domain : org.domains) EXPECT_EQ(domain.service, "org-1/web");
  const auto cell = state_at(corpus, corpus.log().now(), {.cell = "cell-b"});
  EXPECT_EQ(cell.cells.size(), 3U);
  EXPECT_TRUE(cell.contracts.empty());
  EXPECT_EQ(cell.services.size(), 2U);
  const auto service = state_at(corpus, corpus.log().now(), {.service = "org-1/web"});
  EXPECT_EQ(service.services.size(), 1U);
  EXPECT_EQ(service.contracts.size(), 1U);
}

}  // namespace
}  // namespace virtscale::test
