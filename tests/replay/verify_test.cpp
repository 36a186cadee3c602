// What verify proves of a sound log, and what it must find in one that was changed.
#include "replay/verify/verify.hpp"

#include <gmock/gmock.h>

#include "replay/text.hpp"
#include "stages/policy/fold.hpp"
#include "tests/replay/corpus.hpp"

namespace virtscale::test {
namespace {

using replay::DivergenceKind;
using replay::RecordPlace;
using replay::VerifyOptions;
using replay::VerifyReport;
using testing::HasSubstr;

VerifyReport verified(Corpus& corpus, VerifyOptions options = {}) {
  auto source = corpus.source();
  if (!options.keys) options.keys = corpus.keys();
  return verify(source, replay::make_refolds(corpus.log().layout()), options);
}

std::string text_of(const VerifyReport& report) {
  return report.divergence ? to_text(*report.divergence) : "no divergence";
}

std::string place_of(const Stored& record) {
  return replay::place(record.of, record.offset);
}

// Whether the divergence is at this record, or says its place.
bool names(const VerifyReport& report, const Stored& record) {
  return report.divergence && (report.divergence->at == RecordPlace{record.of, record.offset} ||
                               report.divergence->what.find(place_of(record)) != std::string::npos);
}

bool is_missing(const VerifyReport& report, const Stored& record) {
  return report.divergence && report.divergence->kind == DivergenceKind::missing &&
         report.divergence->folded->event == record.value;
}

// Whether nothing was emitted or asked because of what came from outside, so that the log is as sound without it.
bool is_last_input(Corpus& corpus, const Stored& record) {
  const auto* event = schema::GetEvent(record.value.data());
  if (event->header()->id().stage() != 0) return false;
  auto all = replay::make_refolds(corpus.log().layout());
  bool did_nothing = false;
  Arena arena;
  for (auto& refold : all) {
    if (refold->inbox() != record.of) continue;
    corpus.log().read(record.of, 0, SIZE_MAX, [&](const LogRecord& folded) {
      const auto step = refold->fold(folded, arena);
      if (folded.offset == record.offset) did_nothing = step.emitted.empty() && step.asked.empty();
      return true;
    });
  }
  return did_nothing;
}

std::vector<TopicPartition> partitions(Corpus& corpus) {
  std::vector<TopicPartition> all;
  for (const auto topic : replay::all_topics) {
    for (std::uint32_t p = 0; p < corpus.log().layout().partitions[static_cast<std::size_t>(topic)]; ++p)
      all.push_back({topic, p});
  }
  return all;
}

TEST(Verify, FindsNoDivergenceInWhatTheFoldsRecorded) {
  Corpus corpus;
  const auto report = verified(corpus);
  EXPECT_FALSE(report.divergence) << text_of(report);
  EXPECT_EQ(report.records, corpus.log().size());
  EXPECT_GT(report.events, 400);
  EXPECT_GE(report.lines, 60);
  EXPECT_GT(report.checkpoints, 20);
  EXPECT_EQ(report.signatures, report.checkpoints);
  EXPECT_EQ(report.duplicates, 0);
  EXPECT_EQ(report.not_yet_recorded, 0);
}

TEST(Verify, TellsCopiesThatARestartLeftFromEvents) {
  Corpus corpus;
  const auto before = verified(corpus).events;
  corpus.restart(Source::policy, 0, 5);
  corpus.restart(Source::orchestration, 1, 0);
  corpus.restart(Source::policy, 0, 2);
  const auto report = verified(corpus);
  EXPECT_FALSE(report.divergence) << text_of(report);
  EXPECT_EQ(report.events, before);
  EXPECT_GT(report.duplicates, 50);
}

TEST(Verify, FindsTheCopyThatIsNotTheSame) {
  Corpus corpus;
  const auto before = corpus.log().records({Topic::outcomes, 1}).size();
  corpus.restart(Source::policy, 1, 0);
  corpus.restart(Source::policy, 2, 0);
  auto& records = corpus.log().records({Topic::outcomes, 1});
  ASSERT_GT(records.size(), before);
  records[before].key += "x";
  const auto report = verified(corpus);
  ASSERT_TRUE(report.divergence);
  EXPECT_EQ(report.divergence->kind, DivergenceKind::copy);
  EXPECT_TRUE(names(report, records[before])) << text_of(report);
}

TEST(Verify, NamesTheRecordOfWhichOneByteWasChanged) {
  Corpus corpus({.orgs = 3, .requests = 20});
  std::size_t tried = 0;
  for (const auto of : partitions(corpus)) {
    for (auto& record : corpus.log().records(of)) {
      const auto whole = record.value;
      // Another byte in each: over the whole corpus every field of the header and most of the bodies are hit.
      record.value[(tried * 37) % whole.size()] ^= std::byte{1};
      const auto report = verified(corpus);
      EXPECT_TRUE(names(report, record)) << place_of(record) << " byte " << (tried * 37) % whole.size() << ": "
                                         << text_of(report);
      record.value = whole;
      ++tried;
    }
  }
  EXPECT_GT(tried, 200);
  EXPECT_FALSE(verified(corpus).divergence);
}

TEST(Verify, NamesTheEventThatWasDropped) {
  Corpus corpus({.orgs = 3, .requests = 20});
  corpus.commit();
  for (const auto of : partitions(corpus)) {
    auto& records = corpus.log().records(of);
    for (std::size_t i = 0; i < records.size(); ++i) {
      const auto whole = records;
      records.erase(records.begin() + static_cast<std::ptrdiff_t>(i));
      const auto report = verified(corpus);
      records = whole;
      // Either the place itself, or the event that a fold gives and that has no place.
      EXPECT_TRUE(names(report, whole[i]) || is_missing(report, whole[i]) || is_last_input(corpus, whole[i]))
          << place_of(whole[i]) << ": " << text_of(report);
    }
  }
}

TEST(Verify, FindsTwoEventsThatWereSwapped) {
  Corpus corpus({.orgs = 3, .requests = 20});
  std::size_t tried = 0;
  for (const auto of : partitions(corpus)) {
    auto& records = corpus.log().records(of);
    for (std::size_t i = 0; i + 1 < records.size(); ++i) {
      const auto swap = [&] {
        std::swap(records[i].key, records[i + 1].key);
        std::swap(records[i].value, records[i + 1].value);
      };
      const auto source = [](const Stored& record) {
        const auto& id = schema::GetEvent(record.value.data())->header()->id();
        return std::pair(id.stage(), id.partition());
      };
      // Of two sources, either order is one that could have been.
      if (source(records[i]).first == 0 || source(records[i]) != source(records[i + 1])) continue;
      swap();
      const auto report = verified(corpus);
      EXPECT_TRUE(report.divergence && (names(report, records[i]) || names(report, records[i + 1])))
          << place_of(records[i]) << ": " << text_of(report);
      swap();
      ++tried;
    }
  }
  EXPECT_GT(tried, 25);
}

// Policy as it would be with another idea of when it decided.
struct AlteredPolicy {
  using State = policy::State;
  static constexpr Source source = Source::policy;
  static constexpr Topic inbox = Topic::signals;
  static constexpr std::uint32_t epoch = policy::Fold::epoch;
  static void fold(State& state, const Inbound& inbound, Outbox& outbox) noexcept {
    auto later = inbound;
    if (schema::GetEvent(inbound.event.data())->body_as_ScaleWanted() != nullptr) later.now = later.now + seconds(1);
    policy::Fold::fold(state, later, outbox);
  }
  static std::string violated_invariant(const State& state) { return policy::Fold::violated_invariant(state); }
};

TEST(Verify, FindsTheFirstEventOfAFoldThatWasAltered) {
  Corpus corpus;
  const auto layout = corpus.log().layout();
  auto refolds = replay::make_refolds(layout);
  for (auto& refold : refolds) {
    if (refold->stage() == Source::policy)
      refold = std::make_unique<replay::RefoldOf<AlteredPolicy>>(refold->inbox().partition, layout);
  }
  const Stored* first = nullptr;
  for (const auto* record : corpus.log().in_order()) {
    const auto* event = schema::GetEvent(record->value.data());
    if (first == nullptr && event->body_as_ScaleDecided() != nullptr) first = record;
  }
  auto source = corpus.source();
  const auto report = verify(source, std::move(refolds), {});
  ASSERT_TRUE(report.divergence);
  EXPECT_EQ(report.divergence->kind, DivergenceKind::differs);
  EXPECT_TRUE(names(report, *first)) << place_of(*first) << ": " << text_of(report);
  EXPECT_EQ(report.divergence->led_to.size(), 2);  // the request, and the wish that came of it
  EXPECT_THAT(text_of(report), HasSubstr("ScaleWanted"));
}

TEST(Verify, TakesWhatACrashLeftAtAnyMoment) {
  std::uint64_t not_yet_recorded = 0;
  const std::size_t appends = Corpus({.orgs = 3, .requests = 20}).log().durable();
  for (Ticket last = 1; last < appends; last += 5) {
    Corpus corpus({.orgs = 3, .requests = 20});
    for (const auto of : partitions(corpus))
      std::erase_if(corpus.log().records(of), [last](const Stored& record) { return record.ticket > last; });
    const auto report = verified(corpus);
    EXPECT_FALSE(report.divergence) << last << ": " << text_of(report);
    not_yet_recorded += report.not_yet_recorded;
  }
  EXPECT_GT(not_yet_recorded, 10);
}

TEST(Verify, MissesAtTheEndWhatWasCommitted) {
  Corpus corpus;
  auto& records = corpus.log().records({Topic::ledger, 0});
  const auto cause = schema::GetEvent(records.back().value.data())->header()->id();
  const auto gone = records.back();
  records.pop_back();
  EXPECT_FALSE(verified(corpus).divergence);
  corpus.log().commit({Topic::outcomes, cause.partition()}, cause.offset());
  const auto report = verified(corpus);
  ASSERT_TRUE(report.divergence);
  EXPECT_EQ(report.divergence->kind, DivergenceKind::missing);
  EXPECT_EQ(report.divergence->folded->event, gone.value);
}

TEST(Verify, HoldsSignaturesAgainstTheKeys) {
  Corpus corpus;
  Corpus other({.orgs = 1, .requests = 1});
  const auto report = verified(corpus, {.keys = other.keys()});
  ASSERT_TRUE(report.divergence);
  EXPECT_EQ(report.divergence->kind, DivergenceKind::checkpoint);
  EXPECT_FALSE(verified(corpus, {.keys = corpus.keys()}).divergence);
}

TEST(Verify, ComparesOnlyWhatIsAskedFor) {
  Corpus corpus;
  auto& changed = corpus.log().records({Topic::signals, 1})[3];
  const std::string org = changed.key;
  changed.value.back() ^= std::byte{1};
  EXPECT_TRUE(verified(corpus).divergence);
  EXPECT_TRUE(verified(corpus, {.to = changed.timestamp + microseconds(1)}).divergence);
  EXPECT_FALSE(verified(corpus, {.to = changed.timestamp}).divergence);

  Corpus sound;
  const auto all = verified(sound);
  const auto one = verified(sound, {.org = "org-1"});
  EXPECT_FALSE(one.divergence);
  EXPECT_EQ(one.records, all.records);
  EXPECT_GT(one.events, 0);
  EXPECT_LT(one.events, all.events / 2);
  const auto middle = sound.log().records({Topic::alerts, 0})[8].timestamp;
  const auto later = verified(sound, {.from = middle});
  EXPECT_FALSE(later.divergence);
  EXPECT_LT(later.events, all.events);
  EXPECT_EQ(later.events + verified(sound, {.to = middle}).events, all.events);
}

TEST(Verify, TakesARejectedRecordAsOne) {
  Corpus corpus;
  const std::vector<std::byte> junk(100, std::byte{7});
  const LogAppend record{{Topic::signals, 0}, "x", junk};
  corpus.log().append({&record, 1});
  corpus.restart(Source::policy, 0, corpus.log().end({Topic::signals, 0}) - 1);
  const auto report = verified(corpus);
  EXPECT_FALSE(report.divergence) << text_of(report);
  EXPECT_EQ(report.rejected, 1);
}

}  // namespace
}  // namespace virtscale::test
