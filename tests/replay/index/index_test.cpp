// An index of states: what begins from it is what begins from nothing, and what is not of this log is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "replay/capsule_file.hpp"
#include "replay/index/build.hpp"
#include "replay/index/state_index.hpp"
#include "replay/text.hpp"
#include "replay/verify/verify.hpp"
#include "tests/replay/index/busy_day.hpp"

namespace virtscale::replay {
namespace {

namespace fs = std::filesystem;
using test::bytes_of;
using test::nothing;
using testing::HasSubstr;

constexpr std::uint64_t every = 400;

std::vector<std::string> rows_of(Refold& refold) {
  std::vector<std::string> rows;
  for (const auto* table : refold.tables()) {
    table->each_encoded("", [&](std::string_view key, Bytes value) {
      rows.push_back(std::string(table->name()) + " " + std::string(key) + " " +
                     std::string(reinterpret_cast<const char*>(value.data()), value.size()));
      return true;
    });
  }
  return rows;
}

// Compares the states before some records of each partition, folded with the index and without.
void expect_states_as_from_nothing(const LogSource& source) {
  StateIndex none(*source.log);
  StateIndex index(source);
  for (const auto& partition : make_refolds(source.log->layout())) {
    const auto end = source.log->end(partition->inbox());
    for (const auto offset : {std::uint64_t{0}, std::uint64_t{1}, end / 3, end / 2, end - end / 5, end}) {
      SCOPED_TRACE(place(partition->inbox(), offset));
      const auto number = partition->inbox().partition;
      const auto slow = make_refold(partition->stage(), number, source.log->layout());
      const auto quick = make_refold(partition->stage(), number, source.log->layout());
      fold_to(*source.log, none, *slow, offset);
      index.load(*quick, offset);
      EXPECT_LE(quick->next_offset(), offset);
      EXPECT_EQ(quick->next_offset(), index.nearest(partition->inbox(), offset));
      const auto again = make_refold(partition->stage(), number, source.log->layout());
      fold_to(*source.log, index, *again, offset);
      EXPECT_EQ(again->next_offset(), slow->next_offset());
      EXPECT_EQ(rows_of(*again), rows_of(*slow));
      EXPECT_EQ(again->violated_invariant(), "");
    }
  }
}

class Index : public testing::Test {
 protected:
  void SetUp() override { test::record_a_busy_day(day(), layout()); }

  static LogLayout layout() {
    LogLayout layout;
    layout.partitions = {1, 2, 1, 2, 1, 1, 1};
    return layout;
  }
  fs::path day() const { return folder_.path() / "day"; }
  fs::path beside() const { return day() / index_name; }
  LogSource source() const { return open_log_source(day().string()); }
  IndexReport build() const {
    auto log = source();
    return build_index(log, beside(), every, nothing);
  }
  std::string refusal() const {
    try {
      const auto log = source();
      StateIndex index(log);
      for (const auto& refold : make_refolds(log.log->layout())) index.load(*refold, UINT64_MAX);
    } catch (const IndexError& error) {
      return error.what();
    }
    return "";
  }

  TemporaryDirectory folder_;
};

TEST_F(Index, GivesTheStatesThatAllRecordsGive) {
  const auto report = build();
  const auto log = source();
  EXPECT_EQ(log.index, beside());
  EXPECT_GT(report.states, 20U);
  const Sections policy(beside(), Source::policy, 0);
  EXPECT_EQ(std::ranges::count(policy.heads(), SectionKind::whole, &SectionHead::kind) > 0, true);
  const Sections audit(beside(), Source::audit, 0);
  EXPECT_THAT(audit.heads(), testing::Contains(testing::Field(&SectionHead::kind, SectionKind::changes)))
      << "or rows that were erased are not tried";
  expect_states_as_from_nothing(log);
}

TEST_F(Index, GoesOnWhereItEnded) {
  const auto first = build();
  const auto again = build();
  EXPECT_EQ(again.states, first.states);
  EXPECT_LT(again.records, first.records / 5);
  expect_states_as_from_nothing(source());
}

TEST_F(Index, ThatACrashCutOffAnywhereIsGoodUpToThere) {
  build();
  const auto file = sections_file(beside(), Source::audit, 0);
  const auto bytes = fs::file_size(file);
  for (const auto cut : {bytes - 1, bytes / 2, bytes / 3, std::uint64_t{100}, std::uint64_t{0}}) {
    SCOPED_TRACE(cut);
    fs::resize_file(file, cut);
    EXPECT_EQ(refusal(), "");
    expect_states_as_from_nothing(source());
    build();
    EXPECT_EQ(fs::file_size(file), bytes);
  }
}

TEST_F(Index, ThatIsDamagedIsRefused) {
  build();
  const auto file = sections_file(beside(), Source::policy, 0);
  const auto bytes = fs::file_size(file);
  for (const auto at : {std::uint64_t{20}, std::uint64_t{60}, bytes - 50}) {
    std::fstream damaged(file, std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekg(static_cast<std::streamoff>(at));
    const auto byte = static_cast<char>(damaged.get() ^ 1);
    damaged.seekp(static_cast<std::streamoff>(at)).put(byte);
    damaged.close();
    EXPECT_THAT(refusal(), testing::AllOf(HasSubstr("policy-0.states"), HasSubstr("make it anew"))) << at;
    fs::remove_all(beside());
    build();
  }
}

TEST_F(Index, OfAnotherLogIsRefused) {
  const auto other = folder_.path() / "other";
  test::record_a_busy_day(other, layout(), 2);
  build();
  fs::copy(beside(), other / index_name);
  fs::rename(other, folder_.path() / "swapped");
  fs::rename(day(), other);
  fs::rename(folder_.path() / "swapped", day());
  EXPECT_THAT(refusal(), testing::AllOf(HasSubstr("another history"), HasSubstr("--no-index")));
  EXPECT_THROW(build(), IndexError);
}

TEST_F(Index, SaysWhichPartsOfThePartitionsAScaleEventIsIn) {
  build();
  const auto log = source();
  StateIndex index(log);
  std::size_t narrow = 0;
  for (const auto& decision : test::decisions_in(*log.log)) {
    const TopicPartition outcomes{Topic::outcomes, 0};
    const auto parts = index.parts_with(outcomes, decision.scale);
    ASSERT_FALSE(parts.empty());
    std::uint64_t in_them = 0;
    for (const auto& part : parts) in_them += part.to - part.from;
    narrow += in_them < log.log->end(outcomes) / 2 ? 1 : 0;
    log.log->read(outcomes, 0, SIZE_MAX, [&](const LogRecord& record) {
      const auto* event = schema::verify_event(record.value);
      if (event->header()->scale() != decision.scale.value) return true;
      EXPECT_TRUE(std::ranges::any_of(parts, [&](const OffsetRange& part) {
        return part.from <= record.offset && record.offset < part.to;
      })) << record.offset;
      return true;
    });
  }
  EXPECT_GT(narrow, 20U);
}

TEST_F(Index, IsWrittenByOneAtATime) {
  build();
  const auto log = source();
  const auto one = make_refold(Source::policy, 0, log.log->layout());
  const auto two = make_refold(Source::policy, 0, log.log->layout());
  const Indexer writing(beside(), *one, *log.log, every);
  try {
    const Indexer also(beside(), *two, *log.log, every);
    FAIL() << "two write one file";
  } catch (const IndexError& error) {
    EXPECT_THAT(error.what(), HasSubstr("another process is writing it"));
  }
}

TEST_F(Index, WrittenOnTheWayOfAVerificationIsTheSameToTheByte) {
  build();
  auto log = source();
  const auto on_the_way = folder_.path() / "on-the-way";
  {
    IndexOnTheWay index(on_the_way, *log.log, every);
    VerifyOptions options;
    options.folded = [&](Refold& refold, const LogRecord& record, const Step& step) {
      index.folded(refold, record, step);
    };
    const auto report = verify(log, make_refolds(log.log->layout()), options);
    EXPECT_FALSE(report.divergence);
    EXPECT_FALSE(fs::exists(on_the_way));
    index.finish();
  }
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(beside())) {
    ++files;
    EXPECT_EQ(bytes_of(on_the_way / entry.path().filename()), bytes_of(entry.path())) << entry.path();
  }
  EXPECT_GE(files, 5U);
}

TEST_F(Index, ReplacesNothingButAnIndex) {
  const auto log = source();
  std::ofstream(folder_.path() / "precious.txt") << "mine";
  EXPECT_THROW(IndexOnTheWay(folder_.path(), *log.log, every), IndexError);
  build();
  IndexOnTheWay(beside().string() + "/", *log.log, every).finish();
  EXPECT_TRUE(fs::is_empty(beside()));
}

}  // namespace
}  // namespace virtscale::replay
