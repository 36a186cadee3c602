// Contracts and services as they are applied, changed and refused.
#include "tests/stages/policy/harness.hpp"

namespace virtscale::policy {
namespace {

struct Folded {
  bool accepted = false;
  std::string code;
  std::string detail;
};

Folded folded(const Done& done) {
  const auto* document = done.only<schema::DocumentFolded>();
  return {document->accepted(), document->code()->str(), document->detail() ? document->detail()->str() : ""};
}

TEST(PolicyDocuments, TakeAContractAndAnswerItsEdge) {
  Harness policy;
  const auto done = policy.fold(scenario_contract());
  const auto* document = done.only<schema::DocumentFolded>();
  EXPECT_TRUE(document->accepted());
  EXPECT_EQ(document->code()->str(), "created");
  EXPECT_EQ(document->kind()->str(), "Contract");
  EXPECT_EQ(document->name()->str(), "acme-tickets");
  EXPECT_EQ(document->version(), 1);
  const auto& emission = done.emission<schema::DocumentFolded>();
  EXPECT_EQ(emission.answers, policy.last_id());
  EXPECT_EQ(emission.topic, Topic::outcomes);
  EXPECT_EQ(emission.key, "acme-tickets");
}

TEST(PolicyDocuments, RefuseAContractWhoseVersionDoesNotGrow) {
  Harness policy;
  policy.fold(scenario_contract(3));
  EXPECT_EQ(folded(policy.fold(scenario_contract(3))).code, "unchanged");
  EXPECT_EQ(folded(policy.fold(scenario_contract(4))).code, "changed");
  const auto stale = folded(policy.fold(scenario_contract(3)));
  EXPECT_FALSE(stale.accepted);
  EXPECT_EQ(stale.code, "stale_version");
  EXPECT_EQ(stale.detail, "version 4 is in force; a change needs version 5 or above");
  EXPECT_EQ(folded(policy.fold(scenario_contract(4, 20))).code, "stale_version") << "same version, another content";
  EXPECT_EQ(policy.state.contracts.find("acme-tickets")->terms->overage_percent, 10);
  EXPECT_EQ(policy.state.contracts.find("acme-tickets")->previous.size(), 1u);
}

TEST(PolicyDocuments, RefuseContractsThatMakeNoSense) {
  Harness policy;
  auto negative = scenario_contract();
  negative.quota = schema::Resources(-1, 0, 0);
  auto huge = scenario_contract();
  huge.quota = schema::Resources(0, quota_amount_max + 1, 0);
  for (const auto& contract :
       {negative, huge, scenario_contract(0), scenario_contract(1, 7), scenario_contract(1, -5)}) {
    const auto answer = folded(policy.fold(contract));
    EXPECT_FALSE(answer.accepted);
    EXPECT_EQ(answer.code, "invalid");
    EXPECT_NE(answer.detail, "");
  }
  EXPECT_EQ(folded(policy.fold_of("a/b", scenario_contract())).code, "invalid");
  EXPECT_EQ(policy.state.contracts.size(), 0u);
}

TEST(PolicyDocuments, KeepABoundedNumberOfEarlierVersions) {
  Harness policy;
  for (int version = 1; version <= 80; ++version) policy.fold(scenario_contract(version));
  const auto& previous = policy.state.contracts.find("acme-tickets")->previous;
  EXPECT_EQ(previous.size(), contract_versions_max);
  EXPECT_EQ(previous.back()->version, 79);
}

TEST(PolicyDocuments, AcceptAContractThatShrinksBelowWhatIsUsedAndAdmitNoGrowth) {
  Harness policy;
  given_running(policy, 8);
  auto shrunk = scenario_contract(2);
  shrunk.quota = schema::Resources(50'000, 480 * 1'024, 10'240);
  const auto done = policy.fold(shrunk);
  EXPECT_EQ(done.names(), std::vector<std::string>{"DocumentFolded"}) << "nothing is killed";
  EXPECT_TRUE(folded(done).accepted);
  EXPECT_EQ(folded(done).detail,
            "already used: 80 of 55 vCPU (145.5 %), 384 of 528 GiB RAM (72.7 %) and 800 of 11264 GiB disk (7.1 %); "
            "nothing is stopped, and no growth is admitted until the usage is within the envelope");
  EXPECT_TRUE(policy.state.usage.find("acme-tickets")->over_by_shrink);

  const auto refused = policy.fold(request_by(1), policy.next_scale());
  EXPECT_EQ(refused.only<schema::ScaleDecided>()->remedy()->str(),
            "Raise the quota of the contract to 81.819 vCPU; 0 domains would fit now.");
  const auto retirement = policy.next_scale();
  EXPECT_EQ(policy.fold(request_to(5), retirement).all<schema::ScaleAdmitted>().size(), 1u) << "scale-in goes on";

  std::vector<std::string> names;
  policy.state.domains.each("acme-tickets/web/", [&](std::string_view key, const schema::DomainBookT&) {
    names.emplace_back(key.substr(key.rfind('/') + 1));
    return names.size() < 3;
  });
  for (const auto& name : names) policy.fold(about_domain<schema::DomainStoppedT>(name), retirement);
  EXPECT_FALSE(policy.state.usage.find("acme-tickets")->over_by_shrink) << "50 of 55 vCPU";
}

TEST(PolicyDocuments, NoteThatALaterContractCoversTheUsageAgain) {
  Harness policy;
  given_running(policy, 8);
  auto shrunk = scenario_contract(2);
  shrunk.quota = schema::Resources(50'000, 480 * 1'024, 10'240);
  policy.fold(shrunk);
  policy.fold(scenario_contract(3));
  EXPECT_FALSE(policy.state.usage.find("acme-tickets")->over_by_shrink);
}

TEST(PolicyDocuments, TakeAServiceAndAnswerTheRecordThatSignalNames) {
  Harness policy;
  const EventId edge_record{99, 1, 2, Source::edge};
  const auto done = policy.fold(service_document(), {}, edge_record);
  EXPECT_EQ(folded(done).code, "created");
  EXPECT_EQ(done.only<schema::DocumentFolded>()->kind()->str(), "Service");
  EXPECT_EQ(done.only<schema::DocumentFolded>()->name()->str(), "web");
  EXPECT_EQ(done.emission<schema::DocumentFolded>().answers, edge_record);
  EXPECT_EQ(folded(policy.fold(service_document())).code, "unchanged");
  EXPECT_EQ(folded(policy.fold(service_document(0, 39))).code, "changed");
  EXPECT_EQ(policy.state.services.find("acme-tickets/web")->spec.limits().replicas_max, 39);
}

TEST(PolicyDocuments, RefuseServicesThatMakeNoSense) {
  Harness policy;
  const auto refuses = [&](auto change) {
    auto service = service_document();
    change(*service.spec);
    const auto answer = folded(policy.fold(service));
    return !answer.accepted && answer.code == "invalid" && !answer.detail.empty();
  };
  EXPECT_TRUE(refuses([](auto& spec) { spec.name = ""; }));
  EXPECT_TRUE(refuses([](auto& spec) { spec.name = "a/b"; }));
  EXPECT_TRUE(refuses([](auto& spec) { spec.name = std::string(256, 'a'); }));
  EXPECT_TRUE(refuses([](auto& spec) { spec.cell = "a b"; }));
  EXPECT_TRUE(refuses([](auto& spec) { spec.domain = schema::Resources(0, 0, 0); }));
  EXPECT_TRUE(refuses([](auto& spec) { spec.domain = schema::Resources(-1, 1, 1); }));
  EXPECT_TRUE(refuses([](auto& spec) { spec.domain = schema::Resources(domain_amount_max + 1, 1, 1); }));
  EXPECT_TRUE(refuses([](auto& spec) { spec.replicas_min = -1; }));
  EXPECT_TRUE(refuses([](auto& spec) { spec.replicas_min = spec.replicas_max + 1; }));
  EXPECT_TRUE(refuses([](auto& spec) { spec.replicas_max = 10'001; }));
  EXPECT_TRUE(refuses([](auto& spec) { spec.cooldown_in_us = -1; }));
  EXPECT_EQ(policy.state.services.size(), 0u);
}

TEST(PolicyDocuments, KeepAServiceInItsCellWhileItHasDomains) {
  Harness policy;
  given_running(policy, 1);
  auto moved = service_document();
  moved.spec->cell = "prod-eu-b";
  const auto answer = folded(policy.fold(moved));
  EXPECT_FALSE(answer.accepted);
  EXPECT_EQ(answer.code, "cell_is_fixed");
  EXPECT_NE(answer.detail.find("prod-eu-a"), std::string::npos);

  Harness empty;
  empty.fold(service_document());
  EXPECT_EQ(folded(empty.fold(moved)).code, "changed");
}

TEST(PolicyDocuments, RaiseAServiceToItsMinimumByAScaleEventOfItsOwn) {
  Harness policy;
  policy.fold(scenario_contract());
  const auto done = policy.fold(service_document(2));
  EXPECT_EQ(done.names(), (std::vector<std::string>{"DocumentFolded", "ScaleAdmitted", "ScaleDecided"}));
  const auto begun = scale_of(emitted(policy.last_step(), 1));
  EXPECT_EQ(done.emission<schema::ScaleAdmitted>().scale, begun);
  EXPECT_EQ(done.emission<schema::ScaleDecided>().scale, begun);
  const auto* decided = done.only<schema::ScaleDecided>();
  EXPECT_EQ(decided->name()->str(), "replicas.min");
  EXPECT_EQ(decided->kind(), schema::SignalKind::schedule);
  EXPECT_EQ(decided->from(), 0);
  EXPECT_EQ(decided->to(), 2);
  EXPECT_EQ(decided->signal_at_us(), policy.now.us);
  EXPECT_EQ(policy.fold(service_document(2)).names(), std::vector<std::string>{"DocumentFolded"}) << "already there";
}

TEST(PolicyDocuments, RefuseTheMinimumThatTheContractDoesNotCoverAndTryAgainWhenApplied) {
  Harness policy;
  const auto early = policy.fold(service_document(2));
  EXPECT_TRUE(folded(early).accepted);
  EXPECT_EQ(early.only<schema::ScaleDecided>()->code()->str(), "no_contract");
  policy.fold(scenario_contract());
  const auto again = policy.fold(service_document(2));
  EXPECT_EQ(folded(again).code, "unchanged");
  EXPECT_EQ(again.only<schema::ScaleDecided>()->code()->str(), "within_envelope");

  const auto large = policy.fold(service_document(12));
  EXPECT_EQ(large.only<schema::ScaleDecided>()->code()->str(), "beyond_envelope");
  ASSERT_EQ(large.mails.size(), 1u);
  EXPECT_EQ(large.mails[0].scale, large.emission<schema::ScaleDecided>().scale);
}

}  // namespace
}  // namespace virtscale::policy
