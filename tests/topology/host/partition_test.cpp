// fold_one: ids, lanes, copies, gaps, answers, timers, and records that are not allowed.
#include "topology/host/partition.hpp"

#include <gmock/gmock.h>

#include "tests/topology/host/small_stage.hpp"

namespace virtscale {
namespace {

using test::event_of;
using testing::HasSubstr;
using testing::SizeIs;

std::uint64_t hash_in(Bytes event) {
  return schema::verify_event(event)->header()->hash();
}

class PartitionFold : public testing::Test {
 protected:
  Step fold(const std::vector<std::byte>& event, Instant at = {1'000'000}, std::string_view key = "acme") {
    return partition.fold_one(
        {.from = {Topic::signals, 0}, .offset = offset++, .timestamp = at, .key = key, .value = event}, arena);
  }
  static EventId edge(std::uint32_t n) { return {77, 0, n, Source::edge}; }
  static EventId signal(std::uint64_t at) { return {at, 0, 0, Source::signal}; }
  static std::vector<std::byte> activation(std::uint32_t epoch, Source stage = Source::policy) {
    schema::FoldActivatedT activated;
    activated.stage = static_cast<std::uint8_t>(stage);
    activated.epoch = epoch;
    return event_of(activated, {.id = edge(1'000 + epoch)}, "");
  }
  static const schema::Event& body(const LogAppend& emitted) {
    return *schema::GetEvent(reinterpret_cast<const std::uint8_t*>(emitted.value.data()));
  }
  static const schema::RefusalEnded& ended(const Step& step) { return *body(step.emitted[0]).body_as_RefusalEnded(); }

  Arena arena;
  Partition<test::SmallFold> partition{0, LogLayout{}};
  std::uint64_t offset = 0;
};

TEST_F(PartitionFold, DerivesIdsFromTheRecordThatCausedThem) {
  const auto step = fold(event_of(test::contract(), {.id = edge(1)}));
  ASSERT_THAT(step.emitted, SizeIs(1));
  const auto& header = *body(step.emitted[0]).header();
  EXPECT_EQ(id_of(header.id()), (EventId{0, 0, 0, Source::policy}));
  EXPECT_EQ(id_of(header.answers()), edge(1));
  EXPECT_EQ(header.lane(), 1u);
  EXPECT_EQ(header.scale(), scale_of({0, 0, 0, Source::policy}).value);
  ASSERT_THAT(step.asked, SizeIs(1));
  EXPECT_EQ(step.asked[0].id, (EventId{0, 0, 1, Source::policy}));
}

TEST_F(PartitionFold, HashesTheValueWithTheHashZeroAsTheLanesFirst) {
  const auto step = fold(event_of(test::contract(), {.id = edge(1)}));
  std::vector<std::byte> event(step.emitted[0].value.begin(), step.emitted[0].value.end());
  auto& header = schema::mutable_header(event);
  const auto recorded = header.hash();
  header.mutate_hash(0);
  EXPECT_EQ(chained(0, 1, event_hash(event)), recorded);
}

TEST_F(PartitionFold, TheSameRecordsGiveTheSameBytesInAnotherPartitionObject) {
  Partition<test::SmallFold> other{0, LogLayout{}};
  for (std::uint32_t i = 0; i < 50; ++i) {
    const auto event = event_of(test::contract(i), {.id = edge(i)});
    const LogRecord record{{Topic::signals, 0}, i, {1'000 * i}, "acme", event};
    const auto a = partition.fold_one(record, arena);
    const auto b = other.fold_one(record, arena);
    ASSERT_TRUE(std::ranges::equal(a.emitted[0].value, b.emitted[0].value));
  }
  EXPECT_EQ(partition.books().progress().digest, other.books().progress().digest);
}

TEST_F(PartitionFold, DropsWhatALaneHasBroughtBefore) {
  const auto first = event_of(test::cleared("a"), {.id = signal(1), .lane = 1});
  const auto second = event_of(test::cleared("b"), {.id = signal(2), .lane = 2, .previous = hash_in(first)});
  EXPECT_EQ(fold(first).fate, Fate::folded);
  EXPECT_EQ(fold(second).fate, Fate::folded);
  const auto copy = fold(first);
  EXPECT_EQ(copy.fate, Fate::duplicate);
  EXPECT_TRUE(copy.emitted.empty());
  EXPECT_EQ(fold(second).fate, Fate::duplicate);
}

TEST_F(PartitionFold, HaltsAtAGapInALane) {
  fold(event_of(test::cleared("a"), {.id = signal(1), .lane = 1}));
  const auto step = fold(event_of(test::cleared("c"), {.id = signal(3), .lane = 3}));
  EXPECT_EQ(step.fate, Fate::halted);
  EXPECT_THAT(step.incident, HasSubstr("lane number 3 follows 1"));
}

TEST_F(PartitionFold, HaltsWhenOneLaneNumberBringsOtherBytes) {
  fold(event_of(test::cleared("a"), {.id = signal(1), .lane = 1}));
  const auto step = fold(event_of(test::cleared("other"), {.id = signal(1), .lane = 1}));
  EXPECT_EQ(step.fate, Fate::halted);
  EXPECT_THAT(step.incident, HasSubstr("different contents"));
}

// tests/model: two owners whose folds differed in an event that is not compared itself, be it behind the committed
// offset or one of which the copy is below the last number.
TEST_F(PartitionFold, HaltsWhenTheNextOfALaneContinuesAnotherHistory) {
  const auto first = event_of(test::cleared("a"), {.id = signal(1), .lane = 1});
  const auto other = event_of(test::cleared("other"), {.id = signal(1), .lane = 1});
  fold(first);
  const auto step = fold(event_of(test::cleared("b"), {.id = signal(2), .lane = 2, .previous = hash_in(other)}));
  EXPECT_EQ(step.fate, Fate::halted);
  EXPECT_THAT(step.incident, HasSubstr("does not continue what came before"));
}

TEST_F(PartitionFold, HaltsWhenACopyOfTheLastContinuesAnotherHistory) {
  const auto first = event_of(test::cleared("a"), {.id = signal(1), .lane = 1});
  const auto other = event_of(test::cleared("other"), {.id = signal(1), .lane = 1});
  fold(first);
  fold(event_of(test::cleared("b"), {.id = signal(2), .lane = 2, .previous = hash_in(first)}));
  EXPECT_EQ(fold(other).fate, Fate::duplicate);
  const auto step = fold(event_of(test::cleared("b"), {.id = signal(2), .lane = 2, .previous = hash_in(other)}));
  EXPECT_EQ(step.fate, Fate::halted);
  EXPECT_THAT(step.incident, HasSubstr("came twice with different contents"));
}

TEST_F(PartitionFold, EmitsALaneThatIsChained) {
  const auto first = fold(event_of(test::contract(1), {.id = edge(1)})).emitted[0].value;
  const auto second = fold(event_of(test::contract(2), {.id = edge(2)})).emitted[0].value;
  EXPECT_EQ(header_hash(first, 0), hash_in(first));
  EXPECT_EQ(header_hash(second, hash_in(first)), hash_in(second));
  EXPECT_NE(header_hash(second, 0), hash_in(second));
}

TEST_F(PartitionFold, HaltsAtAnOlderEpochOfASource) {
  const auto first = event_of(test::cleared("a"), {.id = signal(1), .lane = 1, .epoch = 2});
  fold(first);
  const auto step =
      fold(event_of(test::cleared("b"), {.id = signal(2), .lane = 2, .previous = hash_in(first), .epoch = 1}));
  EXPECT_EQ(step.fate, Fate::halted);
  EXPECT_THAT(step.incident, HasSubstr("epoch 1 after epoch 2"));
}

TEST_F(PartitionFold, HaltsAtAnEpochThatItDoesNotHave) {
  const auto step = fold(activation(9));
  EXPECT_EQ(step.fate, Fate::halted);
  EXPECT_THAT(step.incident, HasSubstr("epoch 9 was activated, and this program has epoch 1: install the version"));
}

TEST_F(PartitionFold, TakesNoEpochThatIsNoNewerOrOfAnotherStage) {
  EXPECT_EQ(fold(activation(1)).fate, Fate::unasked);
  EXPECT_EQ(fold(activation(0)).fate, Fate::unasked);
  EXPECT_EQ(fold(activation(9, Source::audit)).fate, Fate::unasked);
  EXPECT_EQ(partition.books().progress().epoch, first_epoch);
}

TEST_F(PartitionFold, FoldsByTheRulesOfTheEpochThatIsActive) {
  Partition<test::LaterFold> later{0, LogLayout{}};
  const auto take = [&](const std::vector<std::byte>& event) {
    return later.fold_one({{Topic::signals, 0}, offset++, {1}, "acme", event}, arena);
  };
  auto event = event_of(test::cleared("a"), {.id = signal(1), .lane = 1});
  EXPECT_EQ(take(activation(2)).fate, Fate::folded);
  const auto before = take(event);
  EXPECT_EQ(ended(before).reason()->str(), "AlertCleared");
  EXPECT_EQ(body(before.emitted[0]).header()->epoch(), 2U);
  EXPECT_EQ(take(activation(3)).fate, Fate::folded);
  EXPECT_EQ(take(activation(2)).fate, Fate::unasked) << "an epoch is never taken back";
  event = event_of(test::cleared("b"), {.id = signal(2), .lane = 2, .previous = hash_in(event)});
  const auto after = take(event);
  EXPECT_EQ(ended(after).reason()->str(), "by the newest rules");
  EXPECT_EQ(body(after.emitted[0]).header()->epoch(), 3U);
}

TEST_F(PartitionFold, HaltsWhereTheRulesOfTheEpochAreGone) {
  Partition<test::LaterFold> later{0, LogLayout{}};
  const auto event = event_of(test::contract(), {.id = edge(1)});
  const auto step = later.fold_one({{Topic::signals, 0}, 0, {1}, "acme", event}, arena);
  EXPECT_EQ(step.fate, Fate::halted) << "a log begins in epoch 1";
  EXPECT_THAT(step.incident, HasSubstr("an older version folds it"));
  EXPECT_EQ(later.next_offset(), 0U);
}

TEST_F(PartitionFold, FoldsAnAnswerOnceAndGivesItTheRequestsOrgAndScale) {
  const auto asked = fold(event_of(test::contract(), {.id = edge(1)})).asked[0];
  schema::MailSentT sent;
  const auto answer = event_of(sent, {.id = edge(2), .answers = asked.id}, "");
  const auto step = fold(answer, {2'000'000}, "any key");
  ASSERT_EQ(step.fate, Fate::folded);
  EXPECT_EQ(ended(step).reason()->str(), "MailSent");
  EXPECT_EQ(body(step.emitted[0]).org()->str(), "acme");
  EXPECT_EQ(body(step.emitted[0]).header()->scale(), asked.scale.value);
  EXPECT_EQ(fold(answer, {2'000'000}, "any key").fate, Fate::unasked);
  EXPECT_EQ(partition.books().pending_count(), 0u);
}

TEST_F(PartitionFold, FoldsATimerOnceAndOnlyAsItIsSet) {
  fold(event_of(test::contract(), {.id = edge(1)}), {5'000'000});
  schema::TimerFiredT fired;
  fired.key = "t";
  fired.due_us = 1;
  EXPECT_EQ(fold(event_of(fired, {.id = edge(2)}, "")).fate, Fate::unasked);
  fired.due_us = 6'000'000;
  EXPECT_EQ(fold(event_of(fired, {.id = edge(3)}, ""), {5'999'999}).fate, Fate::unasked) << "rung by a clock ahead";
  const auto step = fold(event_of(fired, {.id = edge(3)}, ""), {6'000'000});
  ASSERT_EQ(step.fate, Fate::folded);
  EXPECT_EQ(body(step.emitted[0]).org()->str(), "acme");
  EXPECT_EQ(fold(event_of(fired, {.id = edge(4)}, "")).fate, Fate::unasked);
}

TEST_F(PartitionFold, StreamTimeNeverGoesBack) {
  fold(event_of(test::contract(), {.id = edge(1)}), {9'000'000});
  fold(event_of(test::contract(2), {.id = edge(2)}), {1'000'000});
  EXPECT_EQ(partition.stream_time(), Instant{9'000'000});
}

TEST_F(PartitionFold, PutsWhatItCannotReadWholeIntoDeadLetters) {
  const std::string text = "not an event at all";
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  const auto step = fold({begin, begin + text.size()});
  EXPECT_EQ(step.fate, Fate::rejected);
  ASSERT_THAT(step.emitted, SizeIs(1));
  EXPECT_EQ(step.emitted[0].to.topic, Topic::deadletters);
  const auto& rejected = *body(step.emitted[0]).body_as_RecordRejected();
  EXPECT_EQ(std::string(rejected.value()->begin(), rejected.value()->end()), text);
  EXPECT_THAT(rejected.reason()->str(), HasSubstr("not an Event"));
}

TEST_F(PartitionFold, CutsAForeignKeyThatNoDeadLetterCouldBear) {
  const std::string key(key_bytes_max + 1, 'k');
  const auto step = fold(event_of(test::contract(), {.id = edge(1)}), {1'000'000}, key);
  EXPECT_EQ(step.fate, Fate::rejected);
  ASSERT_THAT(step.emitted, SizeIs(1));
  EXPECT_EQ(step.emitted[0].key.size(), key_bytes_max);
  const auto& rejected = *body(step.emitted[0]).body_as_RecordRejected();
  EXPECT_THAT(rejected.reason()->str(), HasSubstr("a key has at most 1024"));
}

TEST_F(PartitionFold, RejectsAnEventThatMayNotStandOnItsInbox) {
  schema::DomainStoppedT stopped;
  stopped.domain = stopped.service = "web";
  EXPECT_EQ(fold(event_of(stopped, {.id = edge(1)})).fate, Fate::rejected) << "only orchestration may say so";
  EXPECT_EQ(fold(event_of(stopped, {.id = {1, 0, 0, Source::orchestration}, .lane = 1})).fate, Fate::folded);
}

TEST_F(PartitionFold, SurvivesEveryTruncationAndEveryFlippedByte) {
  const auto good = event_of(test::contract(), {.id = edge(1)});
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_NE(fold({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(cut)}).fate, Fate::halted);
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto bad = good;
    bad[at] ^= std::byte{0xff};
    (void)fold(bad);  // any fate will do; AddressSanitizer watches
  }
}

TEST_F(PartitionFold, RejectsARecordInAPartitionThatItsKeyDoesNotBelongTo) {
  LogLayout layout;
  layout.partitions[static_cast<std::size_t>(Topic::signals)] = 8;
  const auto right = partition_of("acme", 8);
  Partition<test::SmallFold> wrong{(right + 1) % 8, layout};
  const auto event = event_of(test::contract(), {.id = edge(1)});
  const auto step = wrong.fold_one({{Topic::signals, (right + 1) % 8}, 0, {1}, "acme", event}, arena);
  EXPECT_EQ(step.fate, Fate::rejected);
}

TEST(Admission, RejectsAnAlertUnderAnothersKey) {
  schema::AlertRaisedT raised;
  raised.service = "web";
  raised.name = "cpu";
  raised.fingerprint = "f";
  const auto event = event_of(raised, {.id = {77, 0, 1, Source::edge}});
  const AllowedEvents allowed(Topic::alerts);
  const auto reason_for = [&](std::string_view key) {
    std::string reason;
    const LogRecord record{
        .from = {Topic::alerts, 0}, .offset = 0, .timestamp = {}, .key = key, .value = event, .ticket = 0};
    return admit(record, allowed, 1, reason) == nullptr ? reason : std::string();
  };
  EXPECT_EQ(reason_for("acme/web"), "");
  for (const auto* key : {"", "acme", "acme/", "acme/we", "acme/web2", "acmeXweb", "beta/web"}) {
    EXPECT_THAT(reason_for(key), HasSubstr("the key of an alert")) << key;
  }
}

TEST_F(PartitionFold, RejectsAnOrgWhoseNameCanBeNoKey) {
  for (const auto& org : {std::string(2'000, 'a'), std::string("acme/web")}) {
    const auto step = fold(event_of(test::contract(), {.id = edge(1)}, org));
    ASSERT_EQ(step.fate, Fate::rejected) << org;
    EXPECT_THAT(body(step.emitted[0]).body_as_RecordRejected()->reason()->str(),
                HasSubstr("an org, a service or a cell has at most 255 bytes, and no '/'"));
  }
}

// A few thousand bytes that say one long text a thousand times.
std::vector<std::byte> bomb() {
  flatbuffers::FlatBufferBuilder builder;
  const auto text = builder.CreateString(std::string(4'000, 'x'));
  const std::vector<flatbuffers::Offset<flatbuffers::String>> again(1'000, text);
  const auto words = builder.CreateVector(again);
  const auto name = builder.CreateString("web");
  const schema::Resources domain;
  schema::ServiceSpecBuilder spec(builder);
  spec.add_name(name);
  spec.add_cell(name);
  spec.add_domain(&domain);
  spec.add_command(words);
  const auto body = schema::CreateServiceApplied(builder, spec.Finish());
  const auto org = builder.CreateString("acme");
  const schema::Header header;
  schema::EventBuilder event(builder);
  event.add_header(&header);
  event.add_org(org);
  event.add_body_type(schema::Body::ServiceApplied);
  event.add_body(body.Union());
  schema::FinishEventBuffer(builder, event.Finish());
  const auto* begin = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  return {begin, begin + builder.GetSize()};
}

TEST(Admission, RejectsABodyOfALaterSchema) {
  // 64 above a body that is allowed: the same bit of a set of 64.
  auto event = event_of(test::contract(), {.id = {77, 0, 1, Source::edge}});
  auto* table = reinterpret_cast<flatbuffers::Table*>(schema::GetMutableEvent(event.data()));
  const auto number = static_cast<std::uint8_t>(static_cast<unsigned>(schema::Body::ContractApplied) + 64);
  ASSERT_TRUE(table->SetField<std::uint8_t>(schema::Event::VT_BODY_TYPE, number, 0));
  std::string reason;
  const LogRecord record{{Topic::signals, 0}, 0, {}, "acme", event, 0};
  EXPECT_EQ(admit(record, AllowedEvents(Topic::signals), 1, reason), nullptr);
  EXPECT_THAT(reason, HasSubstr("of a later schema"));
}

TEST(Admission, RejectsWhatUnpacksToMoreThanAnEvent) {
  auto event = bomb();
  ASSERT_LT(event.size(), 10'000U);
  std::string reason;
  const auto admitted = [&] {
    return admit({{Topic::alerts, 0}, 0, {}, "acme/web", event, 0}, AllowedEvents(Topic::alerts), 1, reason);
  };
  EXPECT_EQ(admitted(), nullptr);
  EXPECT_THAT(reason, HasSubstr("unpacks to more than 1000000 bytes"));
}

}  // namespace
}  // namespace virtscale
