// Properties over thousands of random histories, each from its seed.
//
// The one thing to know: a world model beside the fold plays orchestration: it starts, fails, retires and stops the
// domains that were admitted, in any order, and invariants are checked after every step by the harness.
#include <algorithm>
#include <map>
#include <random>

#include "tests/stages/policy/harness.hpp"

namespace virtscale::policy {
namespace {

constexpr int histories = 1'500;
constexpr int steps_of_history = 60;

// What a world has seen, to be compared and to show that it was not vacuous.
struct Tally {
  int requests = 0;
  int answered = 0;
  int admitted = 0;
  int refused = 0;
  int stopped = 0;
  int shrunk = 0;
  int standing_ended = 0;
};

class World {
 public:
  World(std::uint64_t seed, bool contract_shrinks) : random_(seed), contract_shrinks_(contract_shrinks) {
    take(policy.fold(contract()));
    take(policy.fold(service_document(0, 30)));
    take(policy.fold(service_document(1, 12, "api")));
  }

  void step() {
    policy.now = policy.now + milliseconds(draw(90'000));
    switch (draw(10)) {
      case 0:
      case 1:
      case 2:
        return ask_by_request();
      case 3:
      case 4:
        return ask_by_alert();
      case 5:
        return clear_alert();
      case 6:
        return change_documents();
      default:
        return move_a_domain();
    }
  }

  // No usage row may be beyond the envelope while the contract only grows; with the flag only after a shrink.
  void check_envelope() {
    const auto* usage = policy.state.usage.find("acme-tickets");
    if (usage == nullptr) return;
    if (!contract_shrinks_) {
      ASSERT_FALSE(usage->over_by_shrink);
    }
    const auto& terms = *policy.state.contracts.find("acme-tickets")->terms;
    const auto total = plus(amounts_of(usage->committed), amounts_of(usage->reserved));
    for (std::size_t i = 0; i < dimensions_count; ++i) {
      const auto quota = amounts_of(terms.quota)[i];
      if (!usage->over_by_shrink) {
        ASSERT_LE(total[i] * 100, quota * (100 + terms.overage_percent));
      }
    }
  }

  // Everything that was admitted ends, and the books must be empty.
  void end_everything() {
    while (!domains_.empty()) move_a_domain();
    const auto* usage = policy.state.usage.find("acme-tickets");
    if (usage == nullptr) return;
    ASSERT_EQ(amounts_of(usage->committed), Amounts{});
    ASSERT_EQ(amounts_of(usage->reserved), Amounts{});
    for (const auto* key : {"acme-tickets/web", "acme-tickets/api"}) {
      const auto& book = *policy.state.services.find(key);
      ASSERT_EQ(book.committed + book.reserved, 0) << key;
    }
  }

  std::vector<std::vector<std::byte>> recording;  // every emitted event and asked mail
  Tally tally;
  Harness policy;

 private:
  struct Domain {
    std::string service;
    ScaleId birth;
    ScaleId retirement{};
    bool runs = false;
  };

  std::uint64_t draw(std::uint64_t bound) { return random_() % bound; }
  std::string service() { return draw(3) == 0 ? "api" : "web"; }

  schema::ContractAppliedT contract() {
    auto contract = scenario_contract(++version_, overages_on_offer[draw(4)]);
    if (contract_shrinks_) {
      contract.quota = schema::Resources(std::int64_t(draw(150'000)), 480 * 1'024, std::int64_t(draw(2'000)));
      ++tally.shrunk;
      return contract;
    }
    contract.overage_percent = std::max(contract.overage_percent, overage_);
    overage_ = contract.overage_percent;
    return contract;
  }

  void ask_by_request() {
    const bool to = draw(2) == 0;
    const auto amount = static_cast<std::int32_t>(to ? draw(16) : draw(12)) - (to ? 0 : 5);
    const auto key = draw(4) == 0 ? "k" + std::to_string(draw(5)) : std::string();
    const auto done = policy.fold(
        request_for(to ? schema::ScaleMode::to : schema::ScaleMode::by, amount, key, service()), policy.next_scale());
    ++tally.requests;
    int answers = 0;
    for (const auto& emitted : done.events) answers += emitted.answers == caller ? 1 : 0;
    ASSERT_EQ(answers, 1) << "each request has exactly one answer";
    ++tally.answered;
    take(done);
  }

  void ask_by_alert() {
    auto wanted = alert_by(draw(2) == 0 ? 1 : -1, "f" + std::to_string(draw(3)));
    wanted.service = service();
    const auto done = policy.fold(wanted, policy.next_scale());
    ASSERT_LE(done.all<schema::ScaleDecided>().size(), 1u);
    take(done);
  }

  void clear_alert() {
    schema::AlertClearedT cleared;
    cleared.service = service();
    cleared.name = "autoscale.cpu.hi";
    cleared.fingerprint = "f" + std::to_string(draw(3));
    take(policy.fold(cleared));
  }

  void change_documents() {
    if (draw(2) == 0) return take(policy.fold(contract()));
    const auto min = static_cast<std::int32_t>(draw(3));
    take(policy.fold(service_document(min, min + static_cast<std::int32_t>(draw(20)), service())));
  }

  void move_a_domain() {
    if (domains_.empty()) return;
    auto chosen = std::next(domains_.begin(), static_cast<std::ptrdiff_t>(draw(domains_.size())));
    const auto name = chosen->first;
    auto& domain = chosen->second;
    if (domain.retirement) return end(chosen, domain.retirement);
    if (!domain.runs && draw(3) != 0) {
      domain.runs = true;
      return take(policy.fold(about_domain<schema::DomainRunningT>(name, domain.service), domain.birth));
    }
    end(chosen, domain.birth);
  }

  void end(std::map<std::string, Domain>::iterator chosen, ScaleId by) {
    const auto [name, domain] = *chosen;
    domains_.erase(chosen);
    ++tally.stopped;
    take(domain.runs ? policy.fold(about_domain<schema::DomainStoppedT>(name, domain.service), by)
                     : policy.fold(about_domain<schema::DomainNotStartedT>(name, domain.service), by));
  }

  void take(const Done& done) {
    for (const auto& emitted : done.events) recording.push_back(emitted.bytes);
    for (const auto& mail : done.mails) recording.emplace_back(mail.event.begin(), mail.event.end());
    for (const auto* decided : done.all<schema::ScaleDecided>())
      ++(decided->decision() == schema::Decision::admitted ? tally.admitted : tally.refused);
    tally.standing_ended += static_cast<int>(done.all<schema::RefusalEnded>().size());
    for (const auto* admission : done.all<schema::ScaleAdmitted>())
      carry_out(*admission, done.emission<schema::ScaleAdmitted>().scale);
  }

  void carry_out(const schema::ScaleAdmitted& admission, ScaleId scale) {
    if (admission.names() != nullptr) {
      for (const auto* name : *admission.names()) domains_[name->str()] = {admission.service()->str(), scale};
    }
    for (auto missing = admission.from() - admission.to(); missing > 0; --missing)
      retire_one(admission.service()->str(), scale);
  }

  void retire_one(const std::string& service, ScaleId scale) {
    const auto stays = [&](const auto& entry) { return entry.second.service == service && !entry.second.retirement; };
    const auto found = std::find_if(domains_.begin(), domains_.end(), stays);
    if (found != domains_.end()) {
      found->second.retirement = scale;
      return;
    }
    take(policy.fold(about_domain<schema::DomainStoppedT>("", service), scale));
  }

  std::mt19937_64 random_;
  bool contract_shrinks_;
  std::int64_t version_ = 0;
  std::int32_t overage_ = 0;
  std::map<std::string, Domain> domains_;
};

void live(World& world) {
  for (int step = 0; step < steps_of_history && !::testing::Test::HasFailure(); ++step) {
    world.step();
    world.check_envelope();
  }
  world.end_everything();
}

Tally live_many(bool contract_shrinks) {
  Tally sum;
  for (int seed = 0; seed < histories && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(static_cast<std::uint64_t>(seed), contract_shrinks);
    live(world);
    sum.requests += world.tally.requests;
    sum.answered += world.tally.answered;
    sum.admitted += world.tally.admitted;
    sum.refused += world.tally.refused;
    sum.stopped += world.tally.stopped;
    sum.standing_ended += world.tally.standing_ended;
  }
  return sum;
}

void expect_much_happened(const Tally& tally) {
  EXPECT_EQ(tally.requests, tally.answered);
  EXPECT_GT(tally.admitted, histories * 5);
  EXPECT_GT(tally.refused, histories * 2);
  EXPECT_GT(tally.stopped, histories * 5);
  EXPECT_GT(tally.standing_ended, histories / 10);
}

TEST(PolicyProperties, NoEnvelopeIsExceededWhileNoContractShrinks) {
  expect_much_happened(live_many(false));
}

TEST(PolicyProperties, OnlyAShrinkingContractPutsUsageBeyondTheEnvelope) {
  expect_much_happened(live_many(true));
}

TEST(PolicyProperties, TheSameRecordsGiveTheSameBytes) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    World first(seed, seed % 2 == 0);
    World second(seed, seed % 2 == 0);
    live(first);
    live(second);
    ASSERT_EQ(first.recording, second.recording) << "seed " << seed;
    const auto rows = [](State& state) {
      std::vector<std::pair<std::string, std::vector<std::byte>>> all;
      for (auto* table : state.tables()) {
        table->each_encoded("", [&](std::string_view key, Bytes value) {
          all.emplace_back(std::string(table->name()) + ":" + std::string(key),
                           std::vector<std::byte>(value.begin(), value.end()));
          return true;
        });
      }
      return all;
    };
    ASSERT_EQ(rows(first.policy.state), rows(second.policy.state)) << "seed " << seed;
  }
}

// A state that was written and read again goes on with the same bytes as one that never left memory.
TEST(PolicyProperties, AStateThatWasStoredGoesOnAsIfItHadNotBeen) {
  Harness kept;
  Harness stored;
  for (auto* policy : {&kept, &stored}) {
    given_running(*policy, 11);
    policy->fold(alert_by(1), policy->next_scale());
    policy->fold(request_by(1, "k"), policy->next_scale());
  }
  State read_again;
  const auto from = stored.state.tables();
  const auto to = read_again.tables();
  for (std::size_t i = 0; i < from.size(); ++i) {
    Arena rows;
    from[i]->drain_changes(rows, [&](std::string_view key, const Bytes* value) {
      ASSERT_NE(value, nullptr);
      ASSERT_TRUE(to[i]->load(key, *value)) << from[i]->name() << " " << key;
    });
    ASSERT_EQ(from[i]->size(), to[i]->size());
  }
  const auto next = kept.next_scale();
  for (const auto& wanted : {alert_by(1), request_by(1, "k"), request_by(-2), request_by(2)}) {
    const auto expected = kept.fold(wanted, next);
    const auto bytes = encode(wanted, "acme-tickets");
    const Inbound inbound{.id = kept.last_id(),
                          .at = kept.last_step(),
                          .scale = next,
                          .org = "acme-tickets",
                          .key = "acme-tickets",
                          .now = kept.now,
                          .answers = {},
                          .event = bytes,
                          .request = {}};
    Arena arena;
    Outbox outbox(inbound.org, inbound.scale, arena);
    Fold::fold(read_again, inbound, outbox);
    ASSERT_EQ(outbox.emissions().size(), expected.events.size());
    for (std::size_t i = 0; i < expected.events.size(); ++i)
      EXPECT_TRUE(std::ranges::equal(outbox.emissions()[i].event, expected.events[i].bytes));
  }
}

// The test of the tests above: books that were tampered with are noticed.
TEST(PolicyInvariants, NoticeBooksThatDoNotAddUp) {
  const auto tampered = [](auto change) {
    Harness policy;
    given_running(policy, 3);
    policy.fold(request_by(1), policy.next_scale());
    change(policy.state);
    return Fold::violated_invariant(policy.state);
  };
  EXPECT_EQ(tampered([](State&) {}), "");
  EXPECT_EQ(tampered([](State& state) { state.usage.modify("acme-tickets").reserved = schema::Resources(0, 0, 0); }),
            "usage of acme-tickets is not the sum of its domains");
  EXPECT_EQ(tampered([](State& state) { state.usage.erase("acme-tickets"); }),
            "domains of acme-tickets are in no usage row");
  EXPECT_EQ(tampered([](State& state) { ++state.services.modify("acme-tickets/web").committed; }),
            "counts of service acme-tickets/web are not those of its domains");
  EXPECT_EQ(tampered([](State& state) { state.services.modify("acme-tickets/web").leaving = -1; }),
            "service acme-tickets/web has fewer than no domains leaving");
  EXPECT_EQ(tampered([](State& state) { state.services.erase("acme-tickets/web"); }),
            "domains belong to service acme-tickets/web, which is unknown");
  EXPECT_EQ(tampered([](State& state) { state.contracts.erase("acme-tickets"); }),
            "org acme-tickets uses something without a contract");
  EXPECT_EQ(tampered([](State& state) { state.contracts.modify("acme-tickets").terms->quota = schema::Resources(); }),
            "org acme-tickets is beyond its envelope, though no contract shrank");
  EXPECT_EQ(tampered([](State& state) { state.usage.modify("acme-tickets").over_by_shrink = true; }),
            "org acme-tickets is within its envelope, but noted as beyond it");
}

}  // namespace
}  // namespace virtscale::policy
