// What SegmentLog finds after crashes and accidents: a torn tail is cut off and reported, damage is an error with a
// place.
#include "tests/topology/log/segment_fixture.hpp"
#include "topology/adapters/segment/recovery.hpp"

namespace virtscale {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class SegmentRecovery : public SegmentLogFiles {
 protected:
  /// Many sealed segments and their indexes.
  void fill_segments() {
    options_.segment_bytes_max = 4'096;
    fill_unsynced(100);
    ASSERT_GE(segments_in(options_.directory).size(), 3U);
  }
};

TEST_F(SegmentRecovery, ReportsNothingToDoAfterACleanEnd) {
  fill(3);
  const OpenedSegmentLog opened = open();
  EXPECT_EQ(opened.recovery.records, 6U);
  EXPECT_EQ(opened.recovery.segments, 1U);
  EXPECT_EQ(opened.recovery.bytes_cut, 0U);
  EXPECT_THAT(opened.recovery.reason, IsEmpty());
}

TEST_F(SegmentRecovery, CutsATailOffThatWasTornAtAnyByte) {
  fill(3);
  const std::size_t good = std::filesystem::file_size(last_segment());
  append_unconfirmed({"torn"});
  const std::string whole = contents_of(last_segment());
  const std::string durable = contents_of(watermark());
  for (std::size_t size = good + 1; size < whole.size(); ++size) {
    write_contents(last_segment(), whole.substr(0, size));
    write_contents(watermark(), durable);
    // To read only, since the syncs of an owner would take most of the test's time; now and then as an owner.
    const bool as_owner = size % 16 == 0;
    const OpenedSegmentLog opened = as_owner ? open() : open_segment_log_to_read(options_.directory);
    ASSERT_EQ(opened.recovery.bytes_cut, size - good) << "cut at " << size;
    ASSERT_THAT(opened.recovery.reason, HasSubstr(last_segment().string() + ", byte " + std::to_string(good)));
    ASSERT_EQ(read_values(*opened.log, alerts_).size(), 6U);
    ASSERT_EQ(opened.log->end(alerts_), 6U);
    ASSERT_EQ(std::filesystem::file_size(last_segment()), as_owner ? good : size);
  }
}

TEST_F(SegmentRecovery, GoesOnBehindATailThatWasCutOff) {
  fill(1);
  append_unconfirmed({"torn"});
  std::filesystem::resize_file(last_segment(), std::filesystem::file_size(last_segment()) - 3);
  append(*open().log, alerts_, {"next"});
  EXPECT_THAT(read_values(*open().log, alerts_), testing::ElementsAre("first of 0", "second of 0", "next"));
}

TEST_F(SegmentRecovery, CutsOffWhatWasNeverABatch) {
  fill(2);
  const std::size_t good = std::filesystem::file_size(last_segment());
  std::ofstream(last_segment(), std::ios::app) << std::string(10'000, '\0') << "not a batch";
  const OpenedSegmentLog opened = open();
  EXPECT_EQ(opened.recovery.bytes_cut, 10'011U);
  EXPECT_EQ(opened.recovery.records, 4U);
  EXPECT_EQ(std::filesystem::file_size(last_segment()), good);
}

TEST_F(SegmentRecovery, KeepsAWholeBatchThatWasNotKnownToBeDurable) {
  fill(1);
  append_unconfirmed({"whole"});
  EXPECT_EQ(read_values(*open().log, alerts_).size(), 3U);
}

TEST_F(SegmentRecovery, CutsOffAllOfAGroupThatWasWrittenOutOfOrder) {
  fill(1);
  const std::size_t good = std::filesystem::file_size(last_segment());
  // Two batches that would go into one sync, before which the machine stops: its disk may have any of their pages.
  auto found = segment::recover(options_.directory, segment::Repair::none);
  segment::Shelf shelf(found->place, 0);
  segment::Tape tape(found->start, options_.segment_bytes_max, clock_, shelf);
  const std::vector<LogAppend> batch = {{alerts_, "key", bytes_of("a value")}};
  tape.append(batch);
  tape.append(batch);
  std::string group = contents_of(last_segment());
  for (const segment::Slice& slice : tape.take())
    group.append(reinterpret_cast<const char*>(slice.view().data()), slice.view().size());
  write_contents(last_segment(), group);
  flip_bit(last_segment(), good + 60);
  const OpenedSegmentLog opened = open();
  EXPECT_THAT(opened.recovery.reason, HasSubstr("with 1 whole batches behind the tear"));
  EXPECT_EQ(opened.log->end(alerts_), 2U);
  EXPECT_EQ(std::filesystem::file_size(last_segment()), good);
}

TEST_F(SegmentRecovery, NamesFileAndByteOfAnyFlippedBitInTheLastSegment) {
  fill(4);
  const std::string whole = contents_of(last_segment());
  for (std::size_t byte = 0; byte < whole.size(); byte += 5) {
    flip_bit(last_segment(), byte);
    const std::string said = complaint();
    ASSERT_THAT(said, AllOf(HasSubstr(last_segment().string() + ", byte "), HasSubstr("put back a copy"))) << byte;
    ASSERT_NE(contents_of(last_segment()), whole) << "the file was changed";
    write_contents(last_segment(), whole);
  }
  EXPECT_EQ(complaint(), "");
}

TEST_F(SegmentRecovery, SeesAFlippedBitByLaterBatchesAloneToo) {
  fill(4);
  std::filesystem::remove(watermark());
  flip_bit(last_segment(), std::filesystem::file_size(last_segment()) / 2);
  EXPECT_THAT(complaint(), HasSubstr("batches up to 3 were durable"));
}

TEST_F(SegmentRecovery, RefusesALastSegmentThatIsShorterThanWhatWasDurable) {
  fill(4);
  std::filesystem::resize_file(last_segment(), std::filesystem::file_size(last_segment()) - 1);
  EXPECT_THAT(complaint(), HasSubstr("batch 4 is damaged or cut off, and batches up to 4 were durable"));
}

TEST_F(SegmentRecovery, RefusesASealedSegmentThatWasCut) {
  fill_segments();
  const std::filesystem::path cut = segments_in(options_.directory)[1];
  const std::uintmax_t size = std::filesystem::file_size(cut);
  std::filesystem::resize_file(cut, size / 2);
  EXPECT_THAT(complaint(), HasSubstr(cut.string() + ", byte " + std::to_string(size / 2)));
}

TEST_F(SegmentRecovery, NamesASegmentThatIsMissing) {
  fill_segments();
  const auto files = segments_in(options_.directory);
  for (const std::size_t missing : {std::size_t{0}, std::size_t{1}, files.size() - 1}) {
    const std::filesystem::path away = directory_.path() / "away";
    std::filesystem::rename(files[missing], away);
    if (missing + 1 < files.size()) {
      EXPECT_THAT(complaint(), AllOf(HasSubstr(files[missing].string()), HasSubstr("is missing")));
    } else {
      EXPECT_THAT(complaint(), HasSubstr("were durable"));
    }
    std::filesystem::rename(away, files[missing]);
  }
  EXPECT_EQ(complaint(), "");
}

TEST_F(SegmentRecovery, FindsAFlippedBitInASealedSegmentWhenItIsRead) {
  fill_segments();
  const std::filesystem::path file = segments_in(options_.directory)[1];
  flip_bit(file, std::filesystem::file_size(file) / 2);
  const OpenedSegmentLog opened = open();
  EXPECT_THAT(complaint_of_reading(*opened.log), HasSubstr(file.string() + ", byte "));
}

TEST_F(SegmentRecovery, MakesAnIndexAgainThatIsMissingOrDamaged) {
  fill_segments();
  const auto wanted = read_values(*open().log, alerts_);
  std::filesystem::remove(options_.directory / "0000000001.index");
  flip_bit(options_.directory / "0000000002.index", 30);
  const OpenedSegmentLog opened = open();
  EXPECT_EQ(opened.recovery.indexes_made, 2U);
  EXPECT_EQ(read_values(*opened.log, alerts_), wanted);
}

TEST_F(SegmentRecovery, SaysWhatToDoAboutADamagedIndexThatIsInUse) {
  fill_segments();
  const std::filesystem::path index = options_.directory / "0000000001.index";
  flip_bit(index, std::filesystem::file_size(index) - 20);
  const OpenedSegmentLog opened = open();
  EXPECT_THAT(complaint_of_reading(*opened.log), AllOf(HasSubstr(index.string()), HasSubstr("delete this file")));
}

TEST_F(SegmentRecovery, FindsDamageWhileItMakesAnIndexAgain) {
  fill_segments();
  const std::filesystem::path file = segments_in(options_.directory)[0];
  std::filesystem::remove(options_.directory / "0000000001.index");
  flip_bit(file, std::filesystem::file_size(file) / 2);
  EXPECT_THAT(complaint(), HasSubstr(file.string() + ", byte "));
}

TEST_F(SegmentRecovery, RemovesASegmentThatWasBeingMade) {
  fill_segments();
  const auto wanted = read_values(*open().log, alerts_);
  const auto files = segments_in(options_.directory);
  for (const std::size_t bytes : {0, 5, 100}) {
    const std::uint32_t number = static_cast<std::uint32_t>(files.size()) + 1;
    std::array<char, 24> name{};
    std::snprintf(name.data(), name.size(), "%010u.segment", number);
    write_contents(options_.directory / name.data(), contents_of(files.back()).substr(0, bytes));
    const OpenedSegmentLog opened = open();
    EXPECT_EQ(opened.recovery.bytes_cut, bytes);
    EXPECT_THAT(opened.recovery.reason, HasSubstr("was being made"));
    EXPECT_EQ(read_values(*opened.log, alerts_), wanted);
    EXPECT_EQ(segments_in(options_.directory), files);
  }
}

TEST_F(SegmentRecovery, RefusesADamagedHeaderOfTheLastSegment) {
  fill_segments();
  const std::filesystem::path last = last_segment();
  flip_bit(last, 33);
  EXPECT_THAT(complaint(), HasSubstr(last.string() + ", byte 0"));
  EXPECT_TRUE(std::filesystem::exists(last));
}

TEST_F(SegmentRecovery, RefusesASegmentOfAnotherLog) {
  fill_segments();
  const std::filesystem::path first = options_.directory;
  options_.directory = directory_.path() / "other";
  fill_segments();
  std::filesystem::copy_file(segments_in(first).back(), last_segment(),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(complaint(), HasSubstr("another log's"));
}

TEST_F(SegmentRecovery, IsNotMisledByABatchInsideOfAValue) {
  fill(3);
  const std::string batches = contents_of(last_segment());
  const std::size_t good = batches.size();
  append_unconfirmed({batches, batches});
  flip_bit(last_segment(), good + 50);
  const OpenedSegmentLog opened = open();
  EXPECT_THAT(opened.recovery.reason, HasSubstr("with 0 whole batches behind the tear"));
  EXPECT_EQ(opened.log->end(alerts_), 6U);
}

}  // namespace
}  // namespace virtscale
