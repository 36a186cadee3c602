// Scales: every way that a wish for another number of replicas can go.
#include <algorithm>

#include "tests/stages/policy/harness.hpp"

namespace virtscale::policy {
namespace {

using Names = std::vector<std::string>;

const ServiceBook& web(const Harness& policy) {
  return *policy.state.services.find("acme-tickets/web");
}

TEST(PolicyFold, AdmitsTheNinthDomainOfTheScenario) {
  Harness policy;
  given_running(policy, 8);
  policy.now = night + milliseconds(12'296);
  const auto scale = policy.next_scale();
  const auto done = policy.fold(alert_by(1), scale);

  EXPECT_EQ(done.names(), (Names{"ScaleAdmitted", "ScaleDecided"}));
  const auto* admission = done.only<schema::ScaleAdmitted>();
  EXPECT_EQ(admission->from(), 8);
  EXPECT_EQ(admission->to(), 9);
  EXPECT_EQ(admission->spec()->domain()->vcpu_milli(), 10'000);
  EXPECT_EQ(names_admitted(done), Names{"web-" + to_string(scale).substr(4) + "-1"});
  const auto& to_orchestration = done.emission<schema::ScaleAdmitted>();
  EXPECT_EQ(to_orchestration.topic, Topic::decisions);
  EXPECT_EQ(to_orchestration.key, "prod-eu-a");
  EXPECT_EQ(to_orchestration.scale, scale);

  const auto* decided = done.only<schema::ScaleDecided>();
  EXPECT_EQ(decided->decision(), schema::Decision::admitted);
  EXPECT_EQ(decided->code()->str(), "within_envelope");
  EXPECT_EQ(decided->reason()->str(),
            "Within the envelope: 90 of 110 vCPU (81.8 %), 432 of 528 GiB RAM (81.8 %) and 900 of 11264 GiB disk "
            "(8.0 %).");
  EXPECT_EQ(decided->domains(), 1);
  EXPECT_EQ(decided->value_milli(), 72'000);
  EXPECT_EQ(decided->queue_depth(), 240);
  EXPECT_EQ(decided->signal_at_us(), night.us);
  EXPECT_EQ(decided->decided_at_us(), policy.now.us);
  EXPECT_EQ(decided->contract_version(), 1);
  EXPECT_EQ(decided->overage_percent(), 10);
  ASSERT_EQ(decided->projection()->size(), 3u);
  const auto* ram = decided->projection()->Get(1);
  EXPECT_EQ(ram->dimension(), schema::Dimension::ram);
  EXPECT_EQ(ram->committed(), 384 * 1'024);
  EXPECT_EQ(ram->reserved(), 0);
  EXPECT_EQ(ram->asked(), 48 * 1'024);
  EXPECT_EQ(ram->quota(), 480 * 1'024);
  EXPECT_EQ(ram->envelope(), 528 * 1'024);
  EXPECT_EQ(done.emission<schema::ScaleDecided>().key, "acme-tickets");
  EXPECT_TRUE(done.mails.empty());
}

TEST(PolicyFold, AdmitsTheEleventhDomainAtExactly100Percent) {
  Harness policy;
  given_running(policy, 10);
  const auto done = policy.fold(alert_by(1), policy.next_scale());
  EXPECT_NE(done.only<schema::ScaleDecided>()->reason()->str().find("110 of 110 vCPU (100.0 %)"), std::string::npos);
}

TEST(PolicyFold, RefusesTheDomainThatWouldPassTheEnvelope) {
  Harness policy;
  given_running(policy, 11);
  const auto scale = policy.next_scale();
  const auto done = policy.fold(request_by(1), scale);

  EXPECT_EQ(done.names(), Names{"ScaleDecided"});
  const auto* decided = done.only<schema::ScaleDecided>();
  EXPECT_EQ(decided->decision(), schema::Decision::refused);
  EXPECT_EQ(decided->code()->str(), "beyond_envelope");
  EXPECT_EQ(decided->binding(), schema::Dimension::vcpu);
  EXPECT_EQ(decided->reason()->str(),
            "Beyond the envelope of contract version 1: 120 of 110 vCPU (109.1 %), 576 of 528 GiB RAM (109.1 %) and "
            "1200 of 11264 GiB disk (10.7 %); vcpu binds.");
  EXPECT_EQ(decided->remedy()->str(), "Raise the overage of the contract from 10 % to 20 %; 0 domains would fit now.");
  EXPECT_EQ(decided->from(), 11);
  EXPECT_EQ(decided->to(), 12);
  EXPECT_EQ(decided->domains(), 0);
  EXPECT_EQ(done.emission<schema::ScaleDecided>().answers, caller);
  EXPECT_EQ(replicas_now(web(policy)), 11);
}

TEST(PolicyFold, AdmitsExactly10Of100RequestsAgainstRoomFor10) {
  Harness policy;
  given_running(policy, 1);
  int admitted = 0;
  int refused = 0;
  for (int i = 0; i < 100; ++i) {
    const auto done = policy.fold(request_by(1), policy.next_scale());
    const auto* decided = done.only<schema::ScaleDecided>();
    ++(decided->decision() == schema::Decision::admitted ? admitted : refused);
  }
  EXPECT_EQ(admitted, 10);
  EXPECT_EQ(refused, 90);
}

TEST(PolicyFold, NamesTheDomainsOfOneScaleFromOne) {
  Harness policy;
  given_running(policy, 2);
  const auto scale = policy.next_scale();
  const auto done = policy.fold(request_by(3), scale);
  const auto prefix = "web-" + to_string(scale).substr(4) + "-";
  EXPECT_EQ(names_admitted(done), (Names{prefix + "1", prefix + "2", prefix + "3"}));
  EXPECT_EQ(done.only<schema::ScaleDecided>()->domains(), 3);
  EXPECT_EQ(policy.state.usage.find("acme-tickets")->reserved.vcpu_milli(), 30'000);
}

TEST(PolicyFold, HoldsAnAlertWhileTheServiceCoolsDownAndNotARequest) {
  Harness policy;
  given_running(policy, 2);
  EXPECT_EQ(policy.fold(alert_by(1), policy.next_scale()).all<schema::ScaleAdmitted>().size(), 1u);
  policy.now = night + seconds(60) + microseconds(-1);
  EXPECT_TRUE(policy.fold(alert_by(1, "f2"), policy.next_scale()).events.empty());
  EXPECT_EQ(web(policy).remarks->held_code, "cooldown_out");
  EXPECT_EQ(web(policy).remarks->held_at_us, policy.now.us);
  EXPECT_EQ(policy.fold(request_by(1), policy.next_scale()).all<schema::ScaleAdmitted>().size(), 1u);
  policy.now = policy.now + seconds(60);
  EXPECT_EQ(policy.fold(alert_by(1), policy.next_scale()).all<schema::ScaleAdmitted>().size(), 1u)
      << "the cooldown is over at its very end";
}

TEST(PolicyFold, HoldsAScaleInAfterAScaleOutForTheCooldownIn) {
  Harness policy;
  given_running(policy, 4);
  policy.fold(request_by(1), policy.next_scale());
  policy.now = night + seconds(299);
  EXPECT_TRUE(policy.fold(alert_by(-1), policy.next_scale()).events.empty());
  EXPECT_EQ(web(policy).remarks->held_code, "cooldown_in");
  policy.now = night + seconds(300);
  EXPECT_EQ(policy.fold(alert_by(-1), policy.next_scale()).all<schema::ScaleAdmitted>().size(), 1u);
  policy.now = night + seconds(599);
  EXPECT_TRUE(policy.fold(alert_by(-1), policy.next_scale()).events.empty()) << "nor after a scale-in";
}

TEST(PolicyFold, LetsAScheduleThroughACooldown) {
  Harness policy;
  given_running(policy, 2);
  policy.fold(request_by(1), policy.next_scale());
  const auto done = policy.fold(schedule_to(6), policy.next_scale());
  EXPECT_EQ(done.only<schema::ScaleDecided>()->to(), 6);
  EXPECT_EQ(done.only<schema::ScaleDecided>()->name()->str(), "0 8 * * 1-5");
}

TEST(PolicyFold, ScalesInDownToTheMinimumAndNoFurther) {
  Harness policy;
  given_running(policy, 4);
  policy.fold(service_document(2));
  const auto scale = policy.next_scale();
  const auto done = policy.fold(alert_by(-5), scale);
  EXPECT_EQ(done.names(), (Names{"ScaleAdmitted", "ScaleDecided"}));
  const auto* decided = done.only<schema::ScaleDecided>();
  EXPECT_EQ(decided->from(), 4);
  EXPECT_EQ(decided->to(), 2);
  EXPECT_EQ(decided->domains(), 2);
  EXPECT_EQ(decided->reason()->str(), "Gives back 2 domains.");
  EXPECT_EQ(decided->projection()->Get(0)->asked(), 0);
  EXPECT_EQ(web(policy).leaving, 2);
  policy.now = night + hours(1);
  EXPECT_TRUE(policy.fold(alert_by(-1), policy.next_scale()).events.empty());
  EXPECT_EQ(web(policy).remarks->held_code, "at_min");
}

TEST(PolicyFold, HoldsAnAlertAtTheMaximum) {
  Harness policy;
  given_running(policy, 4);
  policy.fold(service_document(0, 4));
  EXPECT_TRUE(policy.fold(alert_by(1), policy.next_scale()).events.empty());
  EXPECT_EQ(web(policy).remarks->held_code, "at_max");
}

TEST(PolicyFold, NeverMovesAServiceAgainstWhatItsAlertSays) {
  Harness policy;
  given_running(policy, 6);
  policy.fold(service_document(0, 4));
  EXPECT_TRUE(policy.fold(alert_by(1), policy.next_scale()).events.empty()) << "6 of at most 4: not 2 less";
  EXPECT_EQ(replicas_now(web(policy)), 6);
  const auto done = policy.fold(alert_by(-1, "f2"), policy.next_scale());
  EXPECT_EQ(done.only<schema::ScaleDecided>()->to(), 4) << "less is asked for, and at most 4 may stay";
}

TEST(PolicyFold, HoldsAScheduleThatFindsItsNumberThere) {
  Harness policy;
  given_running(policy, 4);
  EXPECT_TRUE(policy.fold(schedule_to(4), policy.next_scale()).events.empty());
  EXPECT_EQ(web(policy).remarks->held_code, "already_there");
}

TEST(PolicyFold, AnswersARequestThatChangesNothing) {
  Harness policy;
  given_running(policy, 4);
  const auto done = policy.fold(request_to(4), policy.next_scale());
  EXPECT_EQ(done.names(), Names{"ScaleDecided"});
  const auto* decided = done.only<schema::ScaleDecided>();
  EXPECT_EQ(decided->decision(), schema::Decision::admitted);
  EXPECT_EQ(decided->code()->str(), "already_there");
  EXPECT_EQ(decided->from(), 4);
  EXPECT_EQ(decided->to(), 4);
  EXPECT_EQ(decided->domains(), 0);
}

TEST(PolicyFold, RefusesARequestBeyondTheBoundsOfTheService) {
  Harness policy;
  given_running(policy, 4);
  policy.fold(service_document(2, 40));
  for (const auto& wanted : {request_to(41), request_to(1), request_by(-3), request_by(37), request_to(-1)}) {
    const auto done = policy.fold(wanted, policy.next_scale());
    const auto* decided = done.only<schema::ScaleDecided>();
    EXPECT_EQ(decided->decision(), schema::Decision::refused);
    EXPECT_EQ(decided->code()->str(), "beyond_bounds");
    EXPECT_EQ(decided->remedy()->str(),
              "Ask for a number of replicas from 2 to 40, or apply the service with other bounds.");
    EXPECT_TRUE(done.mails.empty()) << "the contract is not what refuses";
    EXPECT_EQ(decided->projection()->Get(0)->asked(), std::max(0, decided->to() - 4) * 10'000);
  }
}

TEST(PolicyFold, RefusesHugeChangesOfEveryKind) {
  Harness policy;
  given_running(policy, 4);
  for (const auto amount : {10'001, -10'001, 2'147'483'647, -2'147'483'647 - 1}) {
    const auto by_request = policy.fold(request_by(amount), policy.next_scale());
    EXPECT_EQ(by_request.only<schema::ScaleDecided>()->code()->str(), "beyond_bounds");
    const auto by_alert = policy.fold(alert_by(amount, "f" + std::to_string(amount)), policy.next_scale());
    EXPECT_EQ(by_alert.only<schema::ScaleDecided>()->code()->str(), "beyond_bounds");
  }
  EXPECT_EQ(replicas_now(web(policy)), 4);
}

TEST(PolicyFold, RefusesGrowthWithoutAContractAndLetsGo) {
  Harness policy;
  policy.fold(service_document());
  const auto done = policy.fold(request_by(1), policy.next_scale());
  const auto* decided = done.only<schema::ScaleDecided>();
  EXPECT_EQ(decided->decision(), schema::Decision::refused);
  EXPECT_EQ(decided->code()->str(), "no_contract");
  EXPECT_TRUE(decided->projection() == nullptr || decided->projection()->size() == 0);
  EXPECT_TRUE(done.mails.empty());
  const auto unchanged = policy.fold(request_to(0), policy.next_scale());
  EXPECT_EQ(unchanged.only<schema::ScaleDecided>()->code()->str(), "already_there");
}

TEST(PolicyFold, TurnsAnUnknownServiceAwayWithoutALine) {
  Harness policy;
  policy.fold(scenario_contract());
  const auto scale = policy.next_scale();
  const auto done = policy.fold(request_by(1), scale);
  EXPECT_EQ(done.names(), Names{"ScaleAnswered"});
  const auto* answer = done.only<schema::ScaleAnswered>()->decision();
  EXPECT_EQ(answer->decision(), schema::Decision::refused);
  EXPECT_EQ(answer->code()->str(), "unknown_service");
  EXPECT_EQ(done.emission<schema::ScaleAnswered>().answers, caller);
  EXPECT_EQ(done.emission<schema::ScaleAnswered>().scale, scale);
}

TEST(PolicyFold, AnswersTheSameIdempotencyKeyWithTheFirstDecision) {
  Harness policy;
  given_running(policy, 4);
  const auto first_scale = policy.next_scale();
  const auto first = policy.fold(request_by(1, "k-1"), first_scale);
  EXPECT_EQ(first.names(), (Names{"ScaleAdmitted", "ScaleDecided"}));
  ASSERT_EQ(first.timers.size(), 1u);
  EXPECT_EQ(first.timers[0].key, "forget/acme-tickets/k-1");
  EXPECT_EQ(first.timers[0].due, policy.now + hours(24));

  const auto again = policy.fold(request_by(1, "k-1"), policy.next_scale());
  EXPECT_EQ(again.names(), Names{"ScaleAnswered"});
  EXPECT_EQ(again.emission<schema::ScaleAnswered>().scale, first_scale);
  EXPECT_EQ(again.emission<schema::ScaleAnswered>().answers, caller);
  EXPECT_EQ(again.only<schema::ScaleAnswered>()->decision()->to(), 5);
  EXPECT_TRUE(again.timers.empty());
  EXPECT_EQ(replicas_now(web(policy)), 5);

  schema::TimerFiredT fired;
  fired.key = first.timers[0].key;
  policy.fold(fired);
  EXPECT_EQ(policy.state.requests.size(), 0u);
  EXPECT_EQ(policy.fold(request_by(1, "k-1"), policy.next_scale()).all<schema::ScaleAdmitted>().size(), 1u);
}

TEST(PolicyFold, RemembersRefusalsUnderTheirKeyToo) {
  Harness policy;
  given_running(policy, 11);
  policy.fold(request_by(1, "k"), policy.next_scale());
  policy.fold(scenario_contract(2, 20));
  const auto again = policy.fold(request_by(1, "k"), policy.next_scale());
  EXPECT_EQ(again.only<schema::ScaleAnswered>()->decision()->code()->str(), "beyond_envelope");
}

TEST(PolicyFold, RefusesAnIdempotencyKeyThatStoodForAnotherRequest) {
  Harness policy;
  given_running(policy, 4);
  policy.fold(request_by(1, "k"), policy.next_scale());
  for (const auto& other :
       {request_by(2, "k"), request_to(1, "k"), request_for(schema::ScaleMode::by, 1, "k", "api")}) {
    const auto done = policy.fold(other, policy.next_scale());
    EXPECT_EQ(done.names(), Names{"ScaleAnswered"});
    EXPECT_EQ(done.only<schema::ScaleAnswered>()->decision()->code()->str(), "idempotency_key_reused");
  }
  const auto long_key = policy.fold(request_by(1, std::string(256, 'k')), policy.next_scale());
  EXPECT_EQ(long_key.only<schema::ScaleAnswered>()->decision()->code()->str(), "idempotency_key_too_long");
  EXPECT_EQ(replicas_now(web(policy)), 5);
}

TEST(PolicyFold, KeepsOrgsApart) {
  Harness policy;
  given_running(policy, 11);
  policy.fold_of("other", scenario_contract());
  policy.fold_of("other", service_document());
  const auto theirs = policy.fold_of("other", request_by(11, "k"), policy.next_scale());
  EXPECT_EQ(theirs.only<schema::ScaleDecided>()->decision(), schema::Decision::admitted);
  const auto ours = policy.fold(request_by(1, "k"), policy.next_scale());
  EXPECT_EQ(ours.only<schema::ScaleDecided>()->decision(), schema::Decision::refused);
}

TEST(PolicyFold, IgnoresEventsThatItHasNoPartIn) {
  Harness policy;
  schema::FoldActivatedT activated;
  activated.version = "1";
  EXPECT_TRUE(policy.fold(activated).events.empty());
  schema::TimerFiredT fired;
  fired.key = "somebody/else";
  EXPECT_TRUE(policy.fold(fired).events.empty());
}

}  // namespace
}  // namespace virtscale::policy
