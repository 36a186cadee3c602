// The gate's arithmetic: tables at the edges, and the exact inequality against a plain reading of it.
#include "stages/policy/gate.hpp"

#include <gtest/gtest.h>

#include <random>

namespace virtscale::policy {
namespace {

constexpr std::int64_t gib = 1'024;
constexpr Terms scenario{{100'000, 480 * gib, 10 * 1'024}, 10};
constexpr Amounts domain{10'000, 48 * gib, 100};

Usage running(std::int64_t domains) {
  return {times(domain, domains), {}};
}

TEST(Gate, ProjectsTheNinthDomainOfTheScenarioTo81Point8Percent) {
  const auto verdict = project(scenario, running(8), domain);
  EXPECT_TRUE(verdict.admitted);
  EXPECT_EQ(verdict.after, (Amounts{90'000, 432 * gib, 900}));
  EXPECT_EQ(verdict.envelope, (Amounts{110'000, 528 * gib, 11 * 1'024}));
  EXPECT_EQ(percent_text(verdict.after[0], verdict.envelope[0]), "81.8 %");
  EXPECT_EQ(percent_text(verdict.after[1], verdict.envelope[1]), "81.8 %");
  EXPECT_EQ(projection_text(verdict.after, verdict.envelope),
            "90 of 110 vCPU (81.8 %), 432 of 528 GiB RAM (81.8 %) and 900 of 11264 GiB disk (8.0 %)");
}

TEST(Gate, AdmitsTheDomainThatFillsTheEnvelopeExactly) {
  const auto verdict = project(scenario, running(10), domain);
  EXPECT_TRUE(verdict.admitted);
  EXPECT_EQ(percent_text(verdict.after[0], verdict.envelope[0]), "100.0 %");
}

TEST(Gate, RefusesTheTwelfthDomainWith109Point1PercentAndNamesTheRemedy) {
  const auto verdict = project(scenario, running(11), domain);
  EXPECT_FALSE(verdict.admitted);
  EXPECT_EQ(verdict.binding, schema::Dimension::vcpu);
  EXPECT_EQ(percent_text(verdict.after[0], verdict.envelope[0]), "109.1 %");
  const auto remedy = remedy_for(scenario, running(11), domain, verdict);
  EXPECT_EQ(remedy.overage_percent, 20);
  EXPECT_EQ(remedy.domains_that_fit, 0);
  EXPECT_EQ(remedy_text(remedy, scenario),
            "Raise the overage of the contract from 10 % to 20 %; 0 domains would fit now.");
}

TEST(Gate, RefusesAThousandthOfAVcpuBeyondTheEnvelope) {
  EXPECT_TRUE(project(scenario, running(10), {10'000, 0, 0}).admitted);
  EXPECT_FALSE(project(scenario, running(10), {10'001, 0, 0}).admitted);
}

TEST(Gate, CountsWhatIsReservedLikeWhatIsCommitted) {
  const Usage usage{times(domain, 5), times(domain, 6)};
  EXPECT_FALSE(project(scenario, usage, domain).admitted);
  EXPECT_EQ(domains_that_fit(envelope_of(scenario), usage, domain), 0);
  EXPECT_EQ(domains_that_fit(envelope_of(scenario), {times(domain, 4), times(domain, 3)}, domain), 4);
}

TEST(Gate, NamesTheDimensionWithTheHighestUseOfItsQuota) {
  const Terms terms{{1'000, 1'000, 1'000}, 0};
  EXPECT_EQ(project(terms, {}, {1'001, 1'002, 1'001}).binding, schema::Dimension::ram);
  EXPECT_EQ(project(terms, {}, {900, 1'001, 1'003}).binding, schema::Dimension::disk);
  EXPECT_EQ(project(terms, {}, {500, 1'001, 1'001}).binding, schema::Dimension::ram) << "ties: vcpu, ram, disk";
  EXPECT_EQ(project(terms, {}, {1'001, 1'001, 1'001}).binding, schema::Dimension::vcpu);
}

TEST(Gate, ComparesUseOfQuotaExactlyWhereRoundingWouldTie) {
  const Terms terms{{quota_amount_max, quota_amount_max, 1}, 0};
  EXPECT_EQ(project(terms, {}, {quota_amount_max + 1, quota_amount_max + 2, 0}).binding, schema::Dimension::ram);
}

TEST(Gate, LetsAQuotaOfNothingBindOnlyIfItIsUsed) {
  const Terms terms{{0, 1'000, 0}, 20};
  EXPECT_TRUE(project(terms, {}, {0, 1'200, 0}).admitted);
  EXPECT_EQ(project(terms, {}, {0, 1'201, 0}).binding, schema::Dimension::ram);
  EXPECT_EQ(project(terms, {}, {0, 5'000, 1}).binding, schema::Dimension::disk);
}

TEST(Gate, AdmitsNothingBeyondAContractThatShrank) {
  const Terms shrunk{{50'000, 480 * gib, 10'240}, 0};
  EXPECT_FALSE(project(shrunk, running(8), {0, 1, 0}).admitted);
  EXPECT_EQ(domains_that_fit(envelope_of(shrunk), running(8), domain), 0);
}

TEST(Gate, OffersTheSmallestOverageThatWouldAdmit) {
  const Terms strict{{100'000, 480 * gib, 10'240}, 0};
  const auto remedy = [&](std::int64_t vcpu) {
    const Amounts asked{vcpu, 0, 0};
    return remedy_for(strict, {}, asked, project(strict, {}, asked));
  };
  EXPECT_EQ(remedy(105'000).overage_percent, 5);
  EXPECT_EQ(remedy(105'001).overage_percent, 10);
  EXPECT_EQ(remedy(120'000).overage_percent, 20);
  EXPECT_EQ(remedy(120'001).overage_percent, 0);
  EXPECT_EQ(remedy(120'001).quota, (Amounts{120'001, 0, 0}));
}

TEST(Gate, OffersTheSmallestQuotaInEachExceededDimension) {
  const Amounts asked = times(domain, 20);
  const auto verdict = project(scenario, {}, asked);
  const auto remedy = remedy_for(scenario, {}, domain, verdict);
  EXPECT_EQ(remedy.overage_percent, 0);
  EXPECT_EQ(remedy.domains_that_fit, 11);
  Terms raised = scenario;
  for (std::size_t i = 0; i < dimensions_count; ++i) raised.quota[i] = std::max(raised.quota[i], remedy.quota[i]);
  EXPECT_TRUE(project(raised, {}, asked).admitted);
  raised.quota[0] -= 1;
  EXPECT_FALSE(project(raised, {}, asked).admitted) << "one thousandth less would not do";
  EXPECT_EQ(remedy_text(remedy, scenario),
            "Raise the quota of the contract to 181.819 vCPU and 893673 MiB RAM; 11 domains would fit now.");
}

TEST(Gate, RoundsPercentagesHalfUpToOnePlace) {
  EXPECT_EQ(percent_text(0, 110), "0.0 %");
  EXPECT_EQ(percent_text(1, 2'000), "0.1 %") << "0.05 rounds up";
  EXPECT_EQ(percent_text(1, 2'001), "0.0 %");
  EXPECT_EQ(percent_text(2'999, 3'000), "100.0 %");
  EXPECT_EQ(percent_text(0, 0), "0.0 %");
  EXPECT_EQ(percent_text(1, 0), "99999.9 %");
  EXPECT_EQ(percent_text(quota_amount_max, 1), "99999.9 %");
}

TEST(Gate, PrintsThousandthsWithoutTrailingZeros) {
  const std::pair<std::int64_t, std::string> cases[] = {{0, "0"},         {1, "0.001"},   {50, "0.05"},
                                                        {500, "0.5"},     {999, "0.999"}, {72'000, "72"},
                                                        {-1'500, "-1.5"}, {-20, "-0.02"}};
  for (const auto& [milli, text] : cases) EXPECT_EQ(milli_text(milli), text);
}

TEST(Gate, PrintsAmountsInTheLargestUnitThatIsExact) {
  EXPECT_EQ(amount_text(schema::Dimension::vcpu, 10'000), "10 vCPU");
  EXPECT_EQ(amount_text(schema::Dimension::vcpu, 1'050), "1.05 vCPU");
  EXPECT_EQ(amount_text(schema::Dimension::ram, 48 * gib), "48 GiB RAM");
  EXPECT_EQ(amount_text(schema::Dimension::ram, 100), "100 MiB RAM");
  EXPECT_EQ(amount_text(schema::Dimension::disk, 10'240), "10 TiB disk");
  EXPECT_EQ(share_text(schema::Dimension::disk, 900, 11'264), "900 of 11264 GiB disk");
}

// The inequality as the contract has it, in numbers so large that nothing is rounded.
bool admitted_by_the_letter(const Terms& terms, const Usage& usage, const Amounts& asked) {
  __extension__ using Wide = __int128;
  for (std::size_t i = 0; i < dimensions_count; ++i) {
    const Wide after = Wide{usage.committed[i]} + usage.reserved[i] + asked[i];
    if (after * 100 > Wide{terms.quota[i]} * (100 + terms.overage_percent)) return false;
  }
  return true;
}

TEST(Gate, DecidesAsTheContractIsWorded) {
  std::mt19937_64 random(20'260'421);
  const auto amount = [&](std::int64_t bound) { return static_cast<std::int64_t>(random() % (bound + 1)); };
  int admitted = 0;
  for (int round = 0; round < 200'000; ++round) {
    // Small amounts meet the edge often, and large ones the bounds of the arithmetic.
    const std::int64_t bound = round % 2 == 0 ? 60 : quota_amount_max;
    const Terms terms{{amount(bound), amount(bound), amount(bound)}, overages_on_offer[random() % 4]};
    const Usage usage{{amount(bound / 3), amount(bound / 3), amount(bound / 3)},
                      {amount(bound / 3), amount(bound / 3), amount(bound / 3)}};
    const Amounts asked{amount(bound / 3), amount(bound / 3), amount(bound / 3)};
    const auto verdict = project(terms, usage, asked);
    ASSERT_EQ(verdict.admitted, admitted_by_the_letter(terms, usage, asked)) << "round " << round;
    admitted += verdict.admitted ? 1 : 0;
    if (verdict.admitted) continue;
    const auto binding = index_of(verdict.binding);
    ASSERT_GT(verdict.after[binding], verdict.envelope[binding]) << "round " << round;
  }
  EXPECT_GT(admitted, 20'000) << "a run that admits nothing proves nothing";
  EXPECT_LT(admitted, 180'000);
}

TEST(Gate, CountsTheDomainsThatFitAsAskingOneByOneWould) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 20'000; ++round) {
    const Terms terms{{std::int64_t(random() % 500), std::int64_t(random() % 500), std::int64_t(random() % 500)},
                      overages_on_offer[random() % 4]};
    const Usage usage{{std::int64_t(random() % 200), 0, 0}, {0, std::int64_t(random() % 200), 0}};
    const Amounts one{1 + std::int64_t(random() % 40), std::int64_t(random() % 40), std::int64_t(random() % 40)};
    const auto fit = domains_that_fit(envelope_of(terms), usage, one);
    if (fit > 0) {
      ASSERT_TRUE(project(terms, usage, times(one, fit)).admitted);
    }
    ASSERT_FALSE(project(terms, usage, times(one, fit + 1)).admitted);
  }
}

}  // namespace
}  // namespace virtscale::policy
