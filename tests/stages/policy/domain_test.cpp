// The books of domains: reserved, committed, given back; and of those that leave.
#include "tests/stages/policy/harness.hpp"

namespace virtscale::policy {
namespace {

class PolicyBooks : public ::testing::Test {
 protected:
  PolicyBooks() { given_running(policy, 2); }

  const ServiceBook& web() const { return *policy.state.services.find("acme-tickets/web"); }
  std::int64_t committed() const { return policy.state.usage.find("acme-tickets")->committed.vcpu_milli(); }
  std::int64_t reserved() const { return policy.state.usage.find("acme-tickets")->reserved.vcpu_milli(); }
  // A domain that is reserved, and the scale event of its birth.
  std::string reserve_one() {
    birth = policy.next_scale();
    return names_admitted(policy.fold(request_by(1), birth)).front();
  }

  Harness policy;
  ScaleId birth;
};

TEST_F(PolicyBooks, TurnAReservationIntoCommittedUsageOnce) {
  const auto name = reserve_one();
  EXPECT_EQ(reserved(), 10'000);
  policy.fold(about_domain<schema::DomainRunningT>(name), birth);
  policy.fold(about_domain<schema::DomainRunningT>(name), birth);
  EXPECT_EQ(reserved(), 0);
  EXPECT_EQ(committed(), 30'000);
  EXPECT_EQ(web().committed, 3);
  EXPECT_EQ(web().reserved, 0);
}

TEST_F(PolicyBooks, GiveAReservationBackWhenTheDomainDidNotStart) {
  const auto name = reserve_one();
  policy.fold(about_domain<schema::DomainNotStartedT>(name), birth);
  EXPECT_EQ(reserved(), 0);
  EXPECT_EQ(replicas_now(web()), 2);
  EXPECT_EQ(policy.state.domains.find("acme-tickets/web/" + name), nullptr);
}

TEST_F(PolicyBooks, GiveBackWhatADomainThatFailedHadWithoutCountingItAsLeaving) {
  const auto name = reserve_one();
  policy.fold(about_domain<schema::DomainRunningT>(name), birth);
  policy.fold(request_by(-1), policy.next_scale());
  policy.fold(about_domain<schema::DomainStoppedT>(name), birth);
  EXPECT_EQ(committed(), 20'000);
  EXPECT_EQ(web().leaving, 1) << "another one is still to leave";
  EXPECT_EQ(replicas_now(web()), 1);
}

TEST_F(PolicyBooks, CountADomainOutThatLeftByAScaleIn) {
  const auto name = reserve_one();
  policy.fold(about_domain<schema::DomainRunningT>(name), birth);
  const auto retirement = policy.next_scale();
  policy.fold(request_by(-1), retirement);
  EXPECT_EQ(replicas_now(web()), 2);
  EXPECT_EQ(committed(), 30'000) << "it takes what it takes until it is gone";
  policy.fold(about_domain<schema::DomainStoppedT>(name), retirement);
  EXPECT_EQ(web().leaving, 0);
  EXPECT_EQ(replicas_now(web()), 2);
  EXPECT_EQ(committed(), 20'000);
}

TEST_F(PolicyBooks, CountADomainOutThatLeftWhileItWasStillQueued) {
  const auto name = reserve_one();
  const auto retirement = policy.next_scale();
  policy.fold(request_by(-1), retirement);
  policy.fold(about_domain<schema::DomainNotStartedT>(name), retirement);
  EXPECT_EQ(web().leaving, 0);
  EXPECT_EQ(replicas_now(web()), 2);
  EXPECT_EQ(reserved(), 0);
}

TEST_F(PolicyBooks, GiveBackTheReservationOfADomainThatWasStoppedBeforeItWasKnownToRun) {
  const auto name = reserve_one();
  policy.fold(about_domain<schema::DomainStoppedT>(name), birth);
  EXPECT_EQ(reserved(), 0);
  EXPECT_EQ(committed(), 20'000);
}

TEST_F(PolicyBooks, CountADomainOutThatOrchestrationCouldNotFind) {
  const auto retirement = policy.next_scale();
  policy.fold(request_by(-2), retirement);
  policy.fold(about_domain<schema::DomainStoppedT>(""), retirement);
  EXPECT_EQ(web().leaving, 1);
  policy.fold(about_domain<schema::DomainStoppedT>(""), retirement);
  policy.fold(about_domain<schema::DomainStoppedT>(""), retirement);
  EXPECT_EQ(web().leaving, 0);
}

TEST_F(PolicyBooks, IgnoreDomainsAndServicesThatTheyDoNotKnow) {
  policy.fold(about_domain<schema::DomainRunningT>("web-0-1"), policy.next_scale());
  policy.fold(about_domain<schema::DomainStoppedT>("web-0-1"), policy.next_scale());
  policy.fold(about_domain<schema::DomainNotStartedT>("api-0-1", "api"), policy.next_scale());
  policy.fold(about_domain<schema::DomainStoppedT>("", "api"), policy.next_scale());
  EXPECT_EQ(committed(), 20'000);
  EXPECT_EQ(replicas_now(web()), 2);
}

TEST_F(PolicyBooks, KeepWhatADomainWasBornWithWhenItsServiceChanges) {
  auto larger = service_document();
  larger.spec->domain = schema::Resources(20'000, 1'024, 1);
  policy.fold(larger);
  const auto name = reserve_one();
  EXPECT_EQ(reserved(), 20'000);
  EXPECT_EQ(committed(), 20'000);
  policy.fold(service_document());
  policy.fold(about_domain<schema::DomainNotStartedT>(name), birth);
  EXPECT_EQ(reserved(), 0);
}

}  // namespace
}  // namespace virtscale::policy
