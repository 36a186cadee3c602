// Refusals: those that stand, their end, and the mail about them.
#include <gmock/gmock.h>

#include "tests/stages/policy/harness.hpp"

namespace virtscale::policy {
namespace {

using Names = std::vector<std::string>;
using ::testing::HasSubstr;
using ::testing::Not;

const schema::SendMail& mail_in(const Outbox::Request& request) {
  return *schema::GetEvent(request.event.data())->body_as_SendMail();
}

class PolicyRefusal : public ::testing::Test {
 protected:
  PolicyRefusal() {
    given_running(policy, 11);
    refusal = policy.next_scale();
  }
  std::size_t standing() const { return policy.state.refusals.size(); }

  Harness policy;
  ScaleId refusal;
};

TEST_F(PolicyRefusal, IsOneEventOneMailAndOneEndWhileTheAlertFiresOn) {
  const auto begin = policy.fold(alert_by(1), refusal);
  EXPECT_EQ(begin.names(), Names{"ScaleDecided"});
  EXPECT_EQ(begin.mails.size(), 1u);
  for (int i = 1; i <= 20; ++i) {
    policy.now = night + seconds(60 * i);
    const auto again = policy.fold(alert_by(1), policy.next_scale());
    EXPECT_TRUE(again.events.empty());
    EXPECT_TRUE(again.mails.empty());
  }
  schema::AlertClearedT cleared;
  cleared.service = "web";
  cleared.name = "autoscale.cpu.hi";
  cleared.fingerprint = "f1";
  const auto end = policy.fold(cleared);
  EXPECT_EQ(end.names(), Names{"RefusalEnded"});
  EXPECT_EQ(end.emission<schema::RefusalEnded>().scale, refusal);
  EXPECT_EQ(end.only<schema::RefusalEnded>()->reason()->str(), "The alert no longer fires.");
  EXPECT_TRUE(policy.fold(cleared).events.empty());
  EXPECT_EQ(standing(), 0u);
}

TEST_F(PolicyRefusal, EndsWhenTheContractGrowsAndTheAlertIsAdmitted) {
  policy.fold(alert_by(1), refusal);
  policy.fold(scenario_contract(2, 20));
  const auto done = policy.fold(alert_by(1), policy.next_scale());
  EXPECT_EQ(done.names(), (Names{"RefusalEnded", "ScaleAdmitted", "ScaleDecided"}));
  EXPECT_EQ(done.emission<schema::RefusalEnded>().scale, refusal);
  EXPECT_EQ(done.only<schema::RefusalEnded>()->reason()->str(),
            "The answer changed: a scale from 11 to 12 replicas is admitted.");
  EXPECT_EQ(standing(), 0u);
}

TEST_F(PolicyRefusal, GivesWayToAnotherRefusalWhenTheAnswerChanges) {
  policy.fold(alert_by(1), refusal);
  policy.fold(scenario_contract(2));
  const auto later = policy.next_scale();
  const auto done = policy.fold(alert_by(1), later);
  EXPECT_EQ(done.names(), (Names{"RefusalEnded", "ScaleDecided"}));
  EXPECT_EQ(done.emission<schema::RefusalEnded>().scale, refusal);
  EXPECT_EQ(done.emission<schema::ScaleDecided>().scale, later);
  EXPECT_EQ(done.mails.size(), 1u) << "another contract version: another violation";
  EXPECT_EQ(standing(), 1u);
}

TEST_F(PolicyRefusal, EndsWhenNothingMoreIsAskedFor) {
  policy.fold(alert_by(1), refusal);
  policy.fold(service_document(0, 11));
  EXPECT_EQ(policy.fold(alert_by(1), policy.next_scale()).names(), Names{"RefusalEnded"});
}

TEST_F(PolicyRefusal, StandsForEachAlertOnItsOwn) {
  EXPECT_EQ(policy.fold(alert_by(1, "f1"), refusal).mails.size(), 1u);
  const auto other = policy.fold(alert_by(1, "f2"), policy.next_scale());
  EXPECT_EQ(other.names(), Names{"ScaleDecided"});
  EXPECT_TRUE(other.mails.empty()) << "the same violation";
  EXPECT_EQ(standing(), 2u);
}

TEST_F(PolicyRefusal, OfEachRequestIsItsOwnLineButOneMail) {
  std::size_t lines = 0;
  std::size_t mails = 0;
  for (int i = 0; i < 90; ++i) {
    const auto done = policy.fold(request_by(1), policy.next_scale());
    lines += done.all<schema::ScaleDecided>().size();
    mails += done.mails.size();
  }
  EXPECT_EQ(lines, 90u);
  EXPECT_EQ(mails, 1u);
  EXPECT_TRUE(policy.fold(alert_by(1), policy.next_scale()).mails.empty()) << "whoever asks";
  EXPECT_EQ(standing(), 1u) << "requests do not stand";
}

TEST_F(PolicyRefusal, IsMailedAgainWhenTheUsageIsAnother) {
  EXPECT_EQ(policy.fold(request_by(2), policy.next_scale()).mails.size(), 1u);
  EXPECT_EQ(policy.fold(request_by(1), policy.next_scale()).mails.size(), 0u) << "110 of 110 vCPU are used still";
  const auto retirement = policy.next_scale();
  policy.fold(request_by(-1), retirement);
  std::string leaving;
  policy.state.domains.each("", [&](std::string_view key, const schema::DomainBookT&) {
    leaving = key.substr(key.rfind('/') + 1);
    return false;
  });
  policy.fold(about_domain<schema::DomainStoppedT>(leaving), retirement);
  EXPECT_EQ(policy.fold(request_by(2), policy.next_scale()).mails.size(), 1u);
}

TEST_F(PolicyRefusal, IsMailedAgainAfterADay) {
  EXPECT_EQ(policy.fold(request_by(1), policy.next_scale()).mails.size(), 1u);
  policy.now = night + hours(24) + microseconds(-1);
  EXPECT_EQ(policy.fold(request_by(1), policy.next_scale()).mails.size(), 0u);
  policy.now = night + hours(24);
  EXPECT_EQ(policy.fold(request_by(1), policy.next_scale()).mails.size(), 1u);
}

TEST_F(PolicyRefusal, RemembersABoundedNumberOfMails) {
  for (int version = 2; version < 100; ++version) {
    policy.fold(scenario_contract(version));
    EXPECT_EQ(policy.fold(request_by(1), policy.next_scale()).mails.size(), 1u);
  }
  EXPECT_EQ(policy.state.services.find("acme-tickets/web")->remarks->mailed.size(), violations_mailed_max);
}

TEST_F(PolicyRefusal, IsMailedToNobodyIfTheContractNamesNoOwner) {
  auto ownerless = scenario_contract(2);
  ownerless.owner.clear();
  policy.fold(ownerless);
  const auto done = policy.fold(request_by(1), policy.next_scale());
  EXPECT_EQ(done.names(), Names{"ScaleDecided"});
  EXPECT_TRUE(done.mails.empty());
}

TEST_F(PolicyRefusal, TellsTheOwnerAllThatThereIsToKnow) {
  const auto done = policy.fold(alert_by(1), refusal);
  ASSERT_EQ(done.mails.size(), 1u);
  EXPECT_EQ(done.mails[0].scale, refusal);
  const auto& mail = mail_in(done.mails[0]);
  EXPECT_EQ(mail.to()->str(), "owner@acme-tickets.example");
  EXPECT_EQ(mail.subject()->str(), "Not scaled: acme-tickets/web would be beyond its contract (vcpu)");
  const auto text = mail.text()->str();
  const auto event = to_string(refusal);
  EXPECT_THAT(text, HasSubstr("did not scale acme-tickets/web from 11 to 12 replicas"));
  EXPECT_THAT(text, HasSubstr("Event:     " + event + "\n"));
  EXPECT_THAT(text, HasSubstr("Decided:   2026-04-21T02:14:00.122Z\n"));
  EXPECT_THAT(text, HasSubstr("the alert autoscale.cpu.hi (value 72, queue depth 240)\n"));
  EXPECT_THAT(text, HasSubstr("Asked for: 1 more domain\n"));
  EXPECT_THAT(text, HasSubstr("Contract:  version 1, overage 10 %\n"));
  EXPECT_THAT(text, HasSubstr("  vcpu: 110 vCPU in use + 0 vCPU reserved + 10 vCPU asked = 120 of 110 vCPU, 109.1 %"
                              "  <- binds\n"));
  EXPECT_THAT(text, HasSubstr("= 576 of 528 GiB RAM, 109.1 %\n"));
  EXPECT_THAT(text, HasSubstr("= 1200 of 11264 GiB disk, 10.7 %\n"));
  EXPECT_THAT(text, HasSubstr("Raise the overage of the contract from 10 % to 20 %"));
  EXPECT_THAT(text, HasSubstr("virtscale explain " + event + "\n"));
  EXPECT_THAT(text, Not(HasSubstr("\r")));
}

TEST_F(PolicyRefusal, IsDatedRightOnLeapDaysAndAtTheEndOfACentury) {
  const auto dated = [&](std::int64_t us, std::string_view text) {
    policy.now = {us};
    const auto done = policy.fold(request_by(1), policy.next_scale());
    return done.mails.size() == 1 && mail_in(done.mails[0]).text()->str().find(text) != std::string::npos;
  };
  EXPECT_TRUE(dated(1'835'438'400'000'000, "Decided:   2028-02-29T12:00:00.000Z\n"));
  EXPECT_TRUE(dated(1'861'919'999'999'999, "Decided:   2028-12-31T23:59:59.999Z\n"));
  EXPECT_TRUE(dated(4'107'542'399'999'999, "Decided:   2100-02-28T23:59:59.999Z\n"));
  EXPECT_TRUE(dated(4'107'628'800'000'000, "Decided:   2100-03-02T00:00:00.000Z\n"));
}

TEST_F(PolicyRefusal, RecordsHowItsMailEnded) {
  const auto done = policy.fold(request_by(1), refusal);
  ASSERT_EQ(done.mails.size(), 1u);
  schema::MailSentT sent;
  sent.attempts = 3;
  const auto told = policy.fold(sent, refusal, {1, 0, 0, Source::policy}, done.mails[0].event);
  const auto* notified = told.only<schema::OwnerNotified>();
  EXPECT_TRUE(notified->sent());
  EXPECT_EQ(notified->to()->str(), "owner@acme-tickets.example");
  EXPECT_EQ(notified->attempts(), 3u);
  EXPECT_EQ(told.emission<schema::OwnerNotified>().scale, refusal);
  EXPECT_EQ(told.emission<schema::OwnerNotified>().key, "acme-tickets");

  schema::MailFailedT failed;
  failed.attempts = 14;
  failed.reason = "connection refused";
  const auto given_up = policy.fold(failed, refusal, {1, 0, 0, Source::policy}, done.mails[0].event);
  EXPECT_FALSE(given_up.only<schema::OwnerNotified>()->sent());
  EXPECT_EQ(given_up.only<schema::OwnerNotified>()->detail()->str(), "connection refused");
}

}  // namespace
}  // namespace virtscale::policy
