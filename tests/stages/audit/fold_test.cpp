// What audit writes down, when, and how often.
#include <gmock/gmock.h>

#include "folding.hpp"
#include "topology/contract/note.hpp"

namespace virtscale::audit {
namespace {

using testing::HasSubstr;
using testing::Not;

const ScaleId scale{0x7f3a91c04be2};
const ScaleId later{0x111111111111};
const std::string domain = "web-7f3a91c04be2-1";

TEST(AuditFold, WritesTheLineOfTheWorkedExampleOnceItsDomainServes) {
  Folding audit;
  audit.fold(scale, admitted());
  audit.fold(scale, placed(domain));
  EXPECT_TRUE(audit.written.lines.empty());
  audit.now = {1'776'737'692'061'000};
  audit.fold(scale, serving(domain));
  ASSERT_EQ(audit.written.lines.size(), 1U);
  EXPECT_EQ(
      audit.written.lines[0],
      R"({"code":"within_envelope","contract":{"overage_percent":10,"version":1},"decision":"admitted",)"
      R"("domains":[{"address":"10.0.4.9","at_us":1776737684880000,"backend":"web","backends":9,"cell":"prod-eu-a",)"
      R"("name":"web-7f3a91c04be2-1","node":"r3.05.nd-04a2c1","numa":1,"outcome":"serving","port":8080,"zone":"zone-b"}],)"
      R"("elapsed_us":51939000,"event":"evt-7f3a91c04be2","index":0,"org":"acme",)"
      R"("projection":{"disk":{"asked":100,"committed":800,"envelope":11264,"quota":10240,"reserved":0,"unit":"GiB"},)"
      R"("ram":{"asked":49152,"committed":393216,"envelope":540672,"quota":491520,"reserved":0,"unit":"MiB"},)"
      R"("vcpu":{"asked":10000,"committed":80000,"envelope":110000,"quota":100000,"reserved":0,"unit":"mvcpu"}},)"
      R"("reason":"90 of 110 vCPU (81.8 %) after the scale: within the envelope","replicas":{"from":8,"to":9},)"
      R"("service":"web","signal":{"kind":"alert","name":"autoscale.cpu.hi","queue_depth":240,"value_milli":72000},)"
      R"("steps":[{"at_us":1776737640122000,"step":"signal"},{"at_us":1776737652418000,"step":"policy"},)"
      R"({"at_us":1776737654001000,"step":"orchestration"},{"at_us":1776737682117000,"step":"liveness"},)"
      R"({"at_us":1776737684880000,"step":"dataplane"},{"at_us":1776737692061000,"step":"audit"}]})");
}

TEST(AuditFold, WritesTheLineInWhateverOrderTheOutcomesCome) {
  Folding audit;
  audit.fold(scale, serving(domain));
  audit.fold(scale, placed(domain));
  EXPECT_TRUE(audit.written.lines.empty());
  audit.fold(scale, admitted());
  ASSERT_EQ(audit.written.lines.size(), 1U);
  EXPECT_THAT(audit.written.lines[0], HasSubstr(R"("node":"r3.05.nd-04a2c1")"));
}

TEST(AuditFold, WaitsForEveryDomain) {
  Folding audit;
  audit.fold(scale, admitted(3));
  audit.fold(scale, serving("web-7f3a91c04be2-1"));
  audit.fold(scale, serving("web-7f3a91c04be2-1"));
  audit.fold(scale, serving("web-7f3a91c04be2-3"));
  EXPECT_TRUE(audit.written.lines.empty());
  audit.fold(scale, failed("web-7f3a91c04be2-2", "no capacity in cell prod-eu-a within 30 s"));
  ASSERT_EQ(audit.written.lines.size(), 1U);
  EXPECT_THAT(audit.written.lines[0], HasSubstr(R"("decision":"failed")"));
  EXPECT_THAT(audit.written.lines[0], HasSubstr("1 of 3 domains failed: no capacity in cell prod-eu-a within 30 s"));
}

TEST(AuditFold, WritesARefusalAtOnceAndItsEndOnce) {
  Folding audit;
  audit.fold(scale, refused());
  ASSERT_EQ(audit.written.lines.size(), 1U);
  EXPECT_THAT(audit.written.lines[0], HasSubstr(R"("decision":"refused")"));
  EXPECT_THAT(audit.written.lines[0], HasSubstr(R"("binding":"vcpu")"));
  EXPECT_THAT(audit.written.lines[0], Not(HasSubstr("ends")));
  audit.fold(scale, refusal_ended("the alert no longer fires"));
  audit.fold(scale, refusal_ended("the alert no longer fires"));
  ASSERT_EQ(audit.written.lines.size(), 2U);
  EXPECT_THAT(audit.written.lines[1], HasSubstr(R"("ends":true,"event":"evt-7f3a91c04be2","index":1)"));
  EXPECT_THAT(audit.written.lines[1], HasSubstr("the refusal ended: the alert no longer fires"));
}

TEST(AuditFold, EndsARefusalHoweverManyScalesHaveClosedSince) {
  Folding audit;
  audit.fold(scale, refused());
  auto request = refused();
  request.kind = schema::SignalKind::request;
  // Invariants walk over the state: the many are folded without the bench's check.
  for (std::uint64_t i = 1; i <= closed_max + 5; ++i) {
    const auto event = schema::encode(request, audit.org);
    Arena arena;
    Outbox outbox(audit.org, {i}, arena);
    const Inbound inbound{.id = {},
                          .at = {i, 0, 0, Source::audit},
                          .scale = {i},
                          .org = audit.org,
                          .key = audit.org,
                          .now = audit.now,
                          .answers = {},
                          .event = event,
                          .request = {}};
    Fold::fold(audit.state, inbound, outbox);
  }
  EXPECT_EQ(audit.state.scales.size(), closed_max);
  EXPECT_EQ(audit.state.scales.find(scale_key("acme", scale)), nullptr);
  EXPECT_EQ(audit.state.standing.size(), 1U) << "requests' refusals do not stand";
  audit.written.lines.resize(closed_max + 6);
  audit.fold(scale, refusal_ended("the contract grew"));
  EXPECT_THAT(audit.written.lines.back(), HasSubstr("the refusal ended: the contract grew"));
  EXPECT_EQ(audit.state.standing.size(), 0U);
}

TEST(AuditFold, CountsDomainsThatWereToLeaveAndWereNotThere) {
  Folding audit;
  auto event = admitted(2);
  event.from = 8;
  event.to = 6;
  audit.fold(scale, event);
  audit.fold(scale, removed("web-aaaaaaaaaaaa-1"));
  audit.fold(scale, removed(""));
  ASSERT_EQ(audit.written.lines.size(), 1U);
  EXPECT_THAT(audit.written.lines[0], HasSubstr(R"("outcome":"removed"}],"domains_missing":1)"));
  EXPECT_THAT(audit.written.lines[0], HasSubstr(R"({"at_us":1776737690000000,"step":"orchestration"})"));
}

TEST(AuditFold, EndsTheBirthOfADomainThatALaterScaleTakesAway) {
  Folding audit;
  audit.fold(scale, admitted());
  audit.fold(later, admitted());
  audit.fold(later, removed(domain));
  ASSERT_EQ(audit.written.lines.size(), 2U);
  EXPECT_THAT(audit.written.lines[0], HasSubstr("evt-111111111111"));
  EXPECT_THAT(audit.written.lines[1], HasSubstr("evt-7f3a91c04be2"));
}

TEST(AuditFold, MakesNoLineOfAnswersDocumentsAndCopies) {
  Folding audit;
  schema::DocumentFoldedT document;
  document.kind = "Contract";
  document.name = "acme";
  document.code = "created";
  audit.fold({}, document);
  schema::ScaleAnsweredT answered;
  answered.service = "web";
  answered.decision = std::make_unique<schema::ScaleDecidedT>(admitted());
  audit.fold(scale, answered);
  EXPECT_TRUE(audit.emitted.empty());
  audit.fold(scale, refused());
  audit.fold(scale, refused());
  EXPECT_EQ(audit.written.lines.size(), 1U);
}

TEST(AuditFold, KeepsTheOwnersMailForThoseWhoAsk) {
  Folding audit;
  audit.fold(scale, refused());
  schema::OwnerNotifiedT mail;
  mail.to = "owner@acme.example";
  mail.sent = true;
  mail.attempts = 2;
  audit.fold(scale, mail);
  const auto* row = audit.state.scales.find(scale_key("acme", scale));
  ASSERT_NE(row, nullptr);
  ASSERT_NE(row->mail, nullptr);
  EXPECT_EQ(row->mail->to, "owner@acme.example");
}

TEST(AuditFold, SignsTheLinesThatGatheredWhileTheLastSignatureWasMade) {
  const SigningKey key;
  Folding audit;
  for (std::uint64_t i = 1; i <= 5; ++i) audit.fold({i}, refused());
  ASSERT_EQ(audit.requests.size(), 1U) << "one signature at a time";
  audit.sign(*key.signer);
  ASSERT_EQ(audit.written.checkpoints.size(), 1U);
  EXPECT_EQ(audit.written.checkpoints[0].size, 1U);
  EXPECT_EQ(audit.written.checkpoints[0].key, "policy-gate-2026-q1");
  audit.sign(*key.signer);
  ASSERT_EQ(audit.written.checkpoints.size(), 2U);
  EXPECT_EQ(audit.written.checkpoints[1].size, 5U);
  EXPECT_TRUE(audit.requests.empty());
  const auto verdict = check_note(audit.written.checkpoints[1].note, std::vector{key.key});
  ASSERT_EQ(verdict.fault, "");
  const auto checkpoint = parse_checkpoint(verdict.text);
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->origin, "virtscale/ledger/acme");
  CompactRange tree;
  for (const auto& line : audit.written.lines)
    tree.append(leaf_hash(std::as_bytes(std::span(line.data(), line.size()))));
  EXPECT_EQ(checkpoint->tree.root, tree.root());
  EXPECT_TRUE(is_settled(audit.state.ledgers.find("acme"), 4));
  EXPECT_FALSE(is_settled(audit.state.ledgers.find("acme"), 5));
}

TEST(AuditFold, RefusesANoteThatIsNotWhatItAskedForAndAsksAgainWithTheNextLine) {
  const SigningKey key;
  Folding audit;
  audit.fold({1}, refused());
  schema::CheckpointSignedT wrong;
  wrong.size = 1;
  wrong.key = "policy-gate-2026-q1";
  wrong.note = key.signer->sign_note("virtscale/ledger/acme\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n");
  audit.answer_oldest(schema::encode(wrong, "acme"));
  EXPECT_TRUE(audit.written.checkpoints.empty());
  EXPECT_TRUE(audit.requests.empty());
  audit.fold({2}, refused());
  audit.sign(*key.signer);
  ASSERT_EQ(audit.written.checkpoints.size(), 1U);
  EXPECT_EQ(audit.written.checkpoints[0].size, 2U);
}

TEST(AuditFold, KeepsTheLedgersOfOrgsApart) {
  Folding audit;
  audit.fold(scale, refused());
  audit.org = "globex";
  audit.written.lines.clear();
  audit.fold(scale, refused());
  EXPECT_THAT(audit.written.lines.at(0), HasSubstr(R"("index":0,"org":"globex")"));
  EXPECT_EQ(audit.requests.size(), 2U);
}

TEST(AuditFold, GivesTheSameBytesFromAStateThatWasStoredAndLoaded) {
  Folding straight;
  Folding resumed;
  for (std::uint64_t i = 1; i <= 7; ++i) {
    for (auto* audit : {&straight, &resumed}) {
      audit->fold({i}, admitted());
      audit->fold({i}, placed("web-x-1"));
    }
    Folding next;
    const auto tables = resumed.state.tables();
    const auto empty = next.state.tables();
    for (std::size_t t = 0; t < tables.size(); ++t) {
      tables[t]->each_encoded("", [&](std::string_view key, Bytes row) { return empty[t]->load(key, row); });
    }
    for (auto* audit : {&straight, &next}) audit->fold({i}, serving("web-x-1"));
    ASSERT_EQ(next.emitted.back(), straight.emitted.back());
    resumed.fold({i}, serving("web-x-1"));
  }
}

}  // namespace
}  // namespace virtscale::audit
