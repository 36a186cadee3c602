// What the commands share: text, snapshots, changes, causes.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "replay/causes.hpp"
#include "replay/changes.hpp"
#include "replay/history.hpp"
#include "replay/snapshot.hpp"
#include "replay/text.hpp"
#include "replay/verify/firsts.hpp"
#include "replay/verify/verify.hpp"
#include "schemas/print/print.hpp"
#include "tests/replay/corpus.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale::test {
namespace {

namespace fs = std::filesystem;

TEST(Instants, AreWrittenAndReadBack) {
  using replay::parse_instant;
  EXPECT_EQ(replay::to_text(Instant{1'776'737'640'122'456}), "2026-04-21T02:14:00.122456Z");
  EXPECT_EQ(replay::to_text(Instant{-1}), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(parse_instant("2026-04-21T02:14:00.122456Z"), Instant{1'776'737'640'122'456});
  EXPECT_EQ(parse_instant("2026-04-21T04:14:00.5+02:00"), Instant{1'776'737'640'500'000});
  EXPECT_EQ(parse_instant("2026-04-20T21:44:00-04:30"), Instant{1'776'737'640'000'000});
  EXPECT_EQ(parse_instant("2026-04-21"), Instant{1'776'729'600'000'000});
  EXPECT_EQ(parse_instant("1776737640122456"), Instant{1'776'737'640'122'456});
  for (const auto* wrong : {"", "now", "2026-04-31", "2026-4-21", "2026-04-21T02:14Z", "2026-04-21T02:14:00",
                            "2026-04-21T24:14:00Z", "2026-04-21T02:14:00.Z", "2026-04-21T02:14:00Zz", "-1",
                            "99999999999999999999", "2026--4-21", "2026-04-21T02:14:00.1234567Z"})
    EXPECT_FALSE(parse_instant(wrong)) << wrong;
}

class Nobody final : public replay::Onlooker {
 public:
  void after(const LogRecord&, replay::Refold*, Step&) override {}
};

TEST(Snapshot, AndWhatIsBehindItGiveTheSameState) {
  const TemporaryDirectory folder;
  const auto& directory = folder.path();
  Corpus corpus;
  const auto layout = corpus.log().layout();
  const auto middle = corpus.log().in_order()[corpus.log().size() / 2]->timestamp;
  Nobody nobody;
  auto first = replay::make_refolds(layout);
  replay::History half(corpus.log(), replay::all_topics);
  half.stop_at(middle);
  for (auto& refold : first) half.fold(*refold);
  half.run(nobody);
  for (auto& refold : first) write_snapshot(directory, *refold);

  auto whole = replay::make_refolds(layout);
  auto later = replay::make_refolds(layout);
  replay::History all(corpus.log(), replay::all_topics);
  replay::History rest(corpus.log(), replay::all_topics);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    load_snapshot(directory, *later[i]);
    EXPECT_EQ(later[i]->next_offset(), first[i]->next_offset());
    all.fold(*whole[i]);
    rest.fold(*later[i]);
  }
  all.run(nobody);
  rest.run(nobody);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(later[i]->books().progress().digest, whole[i]->books().progress().digest);
    EXPECT_EQ(later[i]->violated_invariant(), "");
  }

  // What stands before the snapshot may be gone: the rest is verified all the same.
  for (const auto topic : replay::all_topics) {
    for (std::uint32_t p = 0; p < layout.partitions[static_cast<std::size_t>(topic)]; ++p)
      std::erase_if(corpus.log().records({topic, p}), [&](const Stored& record) { return record.timestamp < middle; });
  }
  auto source = corpus.source();
  source.snapshots = directory;
  const auto report = verify(source, replay::make_refolds(layout), {.keys = corpus.keys()});
  EXPECT_FALSE(report.divergence) << to_text(*report.divergence);
  EXPECT_GT(report.events, 100U);
  EXPECT_GT(report.signatures, 5U);
}

TEST(Snapshot, ThatIsDamagedIsRefused) {
  const TemporaryDirectory folder;
  const auto& directory = folder.path();
  const auto refold = replay::make_refold(Source::policy, 0, LogLayout{});
  write_snapshot(directory, *refold);
  const auto file = snapshot_file(directory, *refold);
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(20).put('x');
  EXPECT_THROW(load_snapshot(directory, *replay::make_refold(Source::policy, 0, LogLayout{})), replay::SnapshotError);
  fs::resize_file(file, 30);
  EXPECT_THROW(load_snapshot(directory, *replay::make_refold(Source::policy, 0, LogLayout{})), replay::SnapshotError);
}

TEST(Changes, AreTheRowsBeforeAndAfterARecord) {
  Corpus corpus({.orgs = 1, .requests = 4});
  const auto layout = corpus.log().layout();
  const auto of = corpus.log().records({Topic::signals, 0}).empty() ? TopicPartition{Topic::signals, 1}
                                                                    : TopicPartition{Topic::signals, 0};
  const auto inbox = corpus.log().records(of).empty() ? TopicPartition{Topic::signals, 2} : of;
  const auto policy = replay::make_refold(Source::policy, inbox.partition, layout);
  replay::ChangeFollower follower(*policy);
  bool contract_made = false;
  bool usage_changed = false;
  corpus.log().read(inbox, 0, SIZE_MAX, [&](const LogRecord& record) {
    Arena arena;
    policy->fold(record, arena);
    for (const auto& change : follower.changes()) {
      EXPECT_NE(change.before, change.after);
      contract_made = contract_made || (change.table->name() == "contracts" && !change.before && change.after);
      usage_changed = usage_changed || (change.table->name() == "usage" && change.before && change.after);
      EXPECT_FALSE(change.after && schema::print_row(*change.after, change.table->type()).empty());
    }
    return true;
  });
  EXPECT_TRUE(contract_made);
  EXPECT_TRUE(usage_changed);
}

TEST(Causes, GoBackToTheEdge) {
  Corpus corpus({.orgs = 1, .requests = 1});
  const Stored* line = nullptr;
  for (const auto* record : corpus.log().in_order()) {
    if (schema::GetEvent(record->value.data())->body_as_LineAppended() != nullptr) line = record;
  }
  ASSERT_NE(line, nullptr);
  const auto causes = replay::causes_of(corpus.log(), line->value);
  ASSERT_GT(causes.size(), 6U);
  EXPECT_EQ(replay::body_name(causes.front().value), "ScaleRequested");
  EXPECT_EQ(replay::body_name(causes.back().value), "DomainServing");
}

TEST(FirstPlaces, FindAnyEventOfALongLaneInBoundedMemory) {
  EditableLog log{LogLayout{}};
  replay::FirstPlaces firsts;
  const EventId source{0, 0, 0, Source::policy};
  constexpr std::uint64_t events = 20'000;
  for (std::uint64_t n = 1; n <= events; ++n) {
    auto event = encode(schema::MailSentT(), "");
    fill_header(event, {.id = source, .lane = n});
    const LogAppend record{{Topic::outcomes, 0}, "k", event};
    log.append({&record, 1});
    firsts.note(n, n - 1);
  }
  for (const std::uint64_t n : {1UL, 2UL, 3UL, 9'999UL, 10'000UL, 17UL, events}) {
    const auto found = firsts.find(log, {Topic::outcomes, 0}, source, n);
    ASSERT_TRUE(found) << n;
    EXPECT_EQ(found->at.offset, n - 1);
  }
  EXPECT_FALSE(firsts.find(log, {Topic::outcomes, 0}, source, events + 1));
}

}  // namespace
}  // namespace virtscale::test
