// A stage whose rules change: old logs stay what they were, the new rules begin where the log says so, and a program
// that has not got them stops there.
#include <gmock/gmock.h>

#include "replay/snapshot.hpp"
#include "replay/verify/verify.hpp"
#include "stages/policy/fold.hpp"
#include "tests/replay/editable_log.hpp"
#include "topology/host/edge_id.hpp"

namespace virtscale::test {
namespace {

using replay::DivergenceKind;
using replay::Refold;
using testing::HasSubstr;

using Refolds = std::vector<std::unique_ptr<Refold>>;
using Program = Refolds (*)(const LogLayout& layout);

// Policy, one version later: by the rules of epoch 2 a decision counts from a second later.
struct NextPolicy {
  using State = policy::State;
  static constexpr Source source = Source::policy;
  static constexpr Topic inbox = Topic::signals;
  static constexpr std::uint32_t epoch = policy::Fold::epoch + 1;

  static void fold(State& state, const Inbound& inbound, Outbox& outbox) noexcept {
    auto later = inbound;
    if (schema::GetEvent(inbound.event.data())->body_as_ScaleWanted() != nullptr) later.now = later.now + seconds(1);
    policy::Fold::fold(state, later, outbox);
  }
  static constexpr FoldFunction<State> fold_of(std::uint32_t of) {
    return of == epoch ? &fold : virtscale::fold_of<policy::Fold>(of);
  }
  static std::string violated_invariant(const State& state) { return policy::Fold::violated_invariant(state); }
};

// A build of it that forgot the old rules, and folds by the new ones whatever the log says.
struct ForgetfulPolicy : NextPolicy {
  static constexpr FoldFunction<State> fold_of(std::uint32_t) { return &fold; }
};

Refolds this_version(const LogLayout& layout) {
  return replay::make_refolds(layout);
}

template <class Policy>
Refolds version_with(const LogLayout& layout) {
  auto refolds = replay::make_refolds(layout);
  for (auto& refold : refolds) {
    if (refold->stage() == Source::policy)
      refold = std::make_unique<replay::RefoldOf<Policy>>(refold->inbox().partition, layout);
  }
  return refolds;
}
constexpr Program next_version = &version_with<NextPolicy>;
constexpr Program forgetful_version = &version_with<ForgetfulPolicy>;

LogLayout two_partitions() {
  LogLayout layout;
  layout.partitions = {2, 2, 1, 2, 2, 1, 1};
  return layout;
}

// The five stages in production, of one version after another.
class Epochs : public testing::Test {
 protected:
  Epochs() {
    schema::CellAppliedT cell;
    cell.name = "cell";
    append(Topic::decisions, "cell", encode(cell, ""));
    for (const auto* org : {"acme", "bolt"}) {
      schema::ContractAppliedT contract;
      contract.version = 1;
      contract.signed_ = "2025-11-02";
      contract.quota = schema::Resources(4'000, 600, 600);
      append(Topic::signals, org, encode(contract, org));
      schema::ServiceAppliedT applied;
      applied.spec = std::make_unique<schema::ServiceSpecT>();
      applied.spec->name = "web";
      applied.spec->cell = "cell";
      applied.spec->domain = schema::Resources(1'000, 64, 1);
      applied.spec->replicas_max = 100;
      applied.spec->health = std::make_unique<schema::HealthT>();
      applied.spec->health->path = "/healthz";
      append(Topic::alerts, std::string(org) + "/web", encode(applied, org));
    }
    settle();
  }

  // Another version takes over with the state as it is.
  void install(Program program) {
    auto next = program(log().layout());
    for (std::size_t i = 0; i < next.size(); ++i) replay::copy_state(*running_[i], *next[i]);
    running_ = std::move(next);
  }

  void ask_for_domains() {
    schema::ScaleRequestedT wanted;
    wanted.service = "web";
    wanted.requester = "operator";
    wanted.amount = 1;
    for (const auto* org : {"acme", "bolt", "acme"})
      append(Topic::alerts, std::string(org) + "/web", encode(wanted, org));
    settle();
  }

  void activate(std::uint32_t epoch) {
    schema::FoldActivatedT activated;
    activated.stage = static_cast<std::uint8_t>(Source::policy);
    activated.epoch = epoch;
    for (std::uint32_t p = 0; p < 2; ++p) {
      auto event = encode(activated, "");
      fill_header(event, {.id = ids_.next()});
      const LogAppend record{{Topic::signals, p}, "", event};
      log().append({&record, 1});
    }
    settle();
  }

  replay::VerifyReport verified_by(Program program) { return verify(source_, program(log().layout()), {}); }
  static std::string text_of(const replay::VerifyReport& report) {
    return report.divergence ? to_text(*report.divergence) : "no divergence";
  }

  // The epochs of the decisions, in the order of the log.
  std::vector<std::uint32_t> epochs_of_decisions() {
    std::vector<std::uint32_t> epochs;
    for (const auto* record : log().in_order()) {
      const auto* event = schema::GetEvent(record->value.data());
      if (event->body_as_ScaleDecided() != nullptr) epochs.push_back(event->header()->epoch());
    }
    return epochs;
  }

  EditableLog& log() { return static_cast<EditableLog&>(*source_.log); }

 private:
  void append(Topic to, const std::string& key, std::vector<std::byte> event) {
    fill_header(event, {.id = ids_.next()});
    const LogAppend record{
        {to, partition_of(key, log().layout().partitions[static_cast<std::size_t>(to)])}, key, event};
    log().append({&record, 1});
  }

  void settle() {
    for (bool folded = true; folded;) {
      folded = false;
      for (auto& refold : running_) folded = fold(*refold) || folded;
    }
  }

  bool fold(Refold& refold) {
    Arena arena;
    std::vector<Step> steps;
    log().read(refold.inbox(), refold.next_offset(), SIZE_MAX, [&](const LogRecord& record) {
      steps.push_back(refold.fold(record, arena));
      return steps.back().fate != Fate::halted;
    });
    std::vector<LogAppend> appends;
    for (const auto& step : steps) {
      EXPECT_NE(step.fate, Fate::halted) << step.incident;
      appends.insert(appends.end(), step.emitted.begin(), step.emitted.end());
    }
    if (!appends.empty()) log().append(appends);
    return !steps.empty();
  }

  replay::LogSource source_{
      .log = std::make_unique<EditableLog>(two_partitions()), .keys = {}, .snapshots = {}, .index = {}};
  Refolds running_ = this_version(two_partitions());
  EdgeIds ids_{7};
};

TEST_F(Epochs, ANewVersionFoldsAnOldLogByTheRulesOfItsTime) {
  ask_for_domains();
  const auto report = verified_by(next_version);
  EXPECT_FALSE(report.divergence) << text_of(report);
  EXPECT_GT(report.events, 10U);
}

TEST_F(Epochs, ANewVersionDecidesByTheOldRulesUntilItsEpochBegins) {
  install(next_version);
  ask_for_domains();
  const auto report = verified_by(this_version);
  EXPECT_FALSE(report.divergence) << text_of(report) << ": it may still be taken back";
}

TEST_F(Epochs, TheNewRulesBeginWhereTheLogSaysSoAndAllIsVerifiedAcross) {
  ask_for_domains();
  install(next_version);
  ask_for_domains();
  activate(2);
  ask_for_domains();
  EXPECT_THAT(epochs_of_decisions(), testing::ElementsAre(1, 1, 1, 1, 1, 1, 2, 2, 2));
  const auto report = verified_by(next_version);
  EXPECT_FALSE(report.divergence) << text_of(report);
}

TEST_F(Epochs, AnOlderVersionStopsThereAndSaysWhatToDo) {
  install(next_version);
  activate(2);
  ask_for_domains();
  const auto report = verified_by(this_version);
  ASSERT_TRUE(report.divergence);
  EXPECT_EQ(report.divergence->kind, DivergenceKind::halted);
  EXPECT_THAT(text_of(report), HasSubstr("epoch 2 was activated, and this program has epoch 1: install the version"));
}

TEST_F(Epochs, AVersionThatForgotTheOldRulesIsFound) {
  ask_for_domains();
  install(next_version);
  activate(2);
  ask_for_domains();
  const auto report = verified_by(forgetful_version);
  ASSERT_TRUE(report.divergence);
  EXPECT_EQ(report.divergence->kind, DivergenceKind::differs);
  EXPECT_EQ(schema::GetEvent(report.divergence->recorded->event.data())->header()->epoch(), 1U);
}

TEST_F(Epochs, AnEpochThatIsBegunTwiceBeginsOnce) {
  install(next_version);
  activate(2);
  ask_for_domains();
  activate(2);
  ask_for_domains();
  const auto report = verified_by(next_version);
  EXPECT_FALSE(report.divergence) << text_of(report);
}

}  // namespace
}  // namespace virtscale::test
