// What only a log in files does: locks, layouts, readers beside a writer, full disks and killed processes.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <thread>

#include "tests/topology/log/segment_fixture.hpp"
#include "topology/adapters/segment/checksum.hpp"
#include "topology/ports/sequential_log.hpp"

namespace virtscale {
namespace {

using testing::AllOf;
using testing::HasSubstr;

using SegmentLogTest = SegmentLogFiles;

TEST(Checksum, IsTheOneOfTheStandard) {
  EXPECT_EQ(segment::crc32c(0, bytes_of("123456789")), 0xe3069283U);
  EXPECT_EQ(segment::crc32c(0, bytes_of(std::string(32, '\0'))), 0x8a9136aaU);  // RFC 3720, B.4
}

TEST(Checksum, IsTheSameOnAnyProcessorAndInPieces) {
  std::string text;
  for (std::size_t size = 0; size < 200; ++size) {
    EXPECT_EQ(segment::crc32c(7, bytes_of(text)), segment::crc32c_portable(7, bytes_of(text))) << size;
    const std::string_view all = text;
    const std::uint32_t half = segment::crc32c(0, bytes_of(all.substr(0, size / 3)));
    EXPECT_EQ(segment::crc32c(half, bytes_of(all.substr(size / 3))), segment::crc32c(0, bytes_of(all)));
    text += static_cast<char>(size * 37);
  }
}

// Long texts are read in three stripes side by side.
TEST(Checksum, IsTheSameOnAnyProcessorWhenTextsAreLong) {
  std::string text;
  for (std::size_t size = 0; size < 5'000; ++size) {
    if (size % 256 < 2 || size % 256 == 255 || size % 101 == 0) {
      EXPECT_EQ(segment::crc32c(7, bytes_of(text)), segment::crc32c_portable(7, bytes_of(text))) << size;
    }
    text += static_cast<char>(size * 37 + size / 256);
  }
}

TEST_F(SegmentLogTest, NamesTheProcessThatHoldsTheDirectory) {
  const OpenedSegmentLog opened = open();
  EXPECT_THAT(complaint(), HasSubstr("in use by process " + std::to_string(::getpid()) + " "));
}

TEST_F(SegmentLogTest, NamesAnotherProcessThatHoldsTheDirectory) {
  std::array<int, 2> ready{}, finish{};
  ASSERT_EQ(::pipe(ready.data()) + ::pipe(finish.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const OpenedSegmentLog opened = open();
    char byte = 0;
    const bool told = ::write(ready[1], "x", 1) == 1 && ::close(finish[1]) == 0 && ::read(finish[0], &byte, 1) == 0;
    ::_exit(told ? 0 : 1);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_THAT(complaint(), HasSubstr("in use by process " + std::to_string(child) + " "));
  for (const int fd : {ready[0], ready[1], finish[0], finish[1]}) ::close(fd);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(complaint(), "");
}

TEST_F(SegmentLogTest, NamesWhatDiffersFromTheLayoutThatItWasMadeWith) {
  fill(1);
  options_.layout.partitions[1] = 4;
  EXPECT_THAT(complaint(), HasSubstr("was made with 1 partitions of topic signals, not 4"));
  options_.layout = {.key_hash = "fnv"};
  EXPECT_THAT(complaint(), HasSubstr("was made with the key hash murmur2, not fnv"));
}

TEST_F(SegmentLogTest, RefusesALayoutThatItCannotWrite) {
  options_.layout.partitions[2] = 0;
  EXPECT_THAT(complaint(), HasSubstr("topic decisions has 0 partitions"));
  options_.layout.partitions[2] = 1'025;
  EXPECT_THAT(complaint(), HasSubstr("choose 1 to 1024"));
}

TEST_F(SegmentLogTest, SaysWhyADirectoryCannotBeUsed) {
  write_contents(directory_.path() / "file", "not a directory");
  options_.directory = directory_.path() / "file" / "log";
  EXPECT_THAT(complaint(), AllOf(HasSubstr(options_.directory.string()), HasSubstr("Not a directory")));
}

TEST_F(SegmentLogTest, CountsOffsetsFromZeroWithoutAGap) {
  fill(5);
  fill(5);
  std::uint64_t expected = 0;
  for (const ReadRecord& record : read_records(*open().log, alerts_)) EXPECT_EQ(record.offset, expected++);
  EXPECT_EQ(expected, 20U);
}

TEST_F(SegmentLogTest, GoesOnInTimeWhenItIsOpenedUnderAClockThatJumpedBack) {
  fill(1);
  clock_.set({1'000'000 - hours(1).us});
  fill(1);
  for (const ReadRecord& record : read_records(*open().log, alerts_)) EXPECT_EQ(record.timestamp_us, 1'000'000);
}

TEST_F(SegmentLogTest, KeepsCommitsAcrossSegmentsAndOpenings) {
  options_.segment_bytes_max = 4'096;
  {
    const OpenedSegmentLog opened = open();
    opened.log->commit(alerts_, 3);
    opened.log->commit({Topic::ledger, 0}, 0);
  }
  fill_unsynced(100);
  EXPECT_EQ(open().log->committed(alerts_), 3U);
  EXPECT_EQ(open().log->committed({Topic::ledger, 0}), 0U);
}

TEST_F(SegmentLogTest, WritesACommitDownWithoutAnAppend) {
  const OpenedSegmentLog opened = open();
  opened.log->commit(alerts_, 3);
  const auto is_there = [&] { return open_segment_log_to_read(options_.directory).log->committed(alerts_) == 3U; };
  for (int n = 0; n < 1'000 && !is_there(); ++n) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(is_there());
}

TEST_F(SegmentLogTest, TakesABatchThatIsLargerThanASegment) {
  options_.segment_bytes_max = 4'096;
  const std::vector<std::string> large(5, std::string(900'000, 'x'));
  {
    const OpenedSegmentLog opened = open();
    append(*opened.log, alerts_, {"before"});
    append(*opened.log, alerts_, large);
    append(*opened.log, alerts_, {"after"});
    EXPECT_EQ(read_values(*opened.log, alerts_).size(), 7U);
  }
  const auto values = read_values(*open().log, alerts_);
  ASSERT_EQ(values.size(), 7U);
  EXPECT_EQ(values[5], large[4]);
  EXPECT_EQ(values[6], "after");
}

TEST_F(SegmentLogTest, ReadsFromTheFileWhatIsNoLongerInMemory) {
  options_.hot_bytes_max = 0;
  const OpenedSegmentLog opened = open();
  for (int n = 0; n < 50; ++n) append(*opened.log, alerts_, {std::to_string(n), std::string(100'000, 'x')});
  opened.log->sync();
  append(*opened.log, alerts_, {"last"});
  const auto values = read_values(*opened.log, alerts_);
  ASSERT_EQ(values.size(), 101U);
  for (std::size_t n = 0; n < 50; ++n) EXPECT_EQ(values[2 * n], std::to_string(n));
}

TEST_F(SegmentLogTest, CanBeReadBesideItsWriter) {
  options_.segment_bytes_max = 4'096;
  fill_unsynced(60);
  const OpenedSegmentLog writer = open();
  const OpenedSegmentLog reader = open_segment_log_to_read(options_.directory);
  EXPECT_EQ(read_values(*reader.log, alerts_), read_values(*writer.log, alerts_));
  EXPECT_EQ(reader.log->layout(), options_.layout);
  EXPECT_EQ(reader.recovery.records, 120U);
  EXPECT_THROW(append(*reader.log, alerts_, {"a"}), LogError);
  EXPECT_THROW(reader.log->commit(alerts_, 1), LogError);
}

/// `topic/partition@offset value` of each record that the walk has left.
std::vector<std::string> rest_of(Walk& walk) {
  std::vector<std::string> records;
  const auto note = [&](const LogRecord& record) {
    records.push_back(std::string(name_of(record.from.topic)) + "/" + std::to_string(record.from.partition) + "@" +
                      std::to_string(record.offset) + " " +
                      std::string(reinterpret_cast<const char*>(record.value.data()),
                                  std::min<std::size_t>(record.value.size(), 10)));
  };
  while (walk.next(note)) {
  }
  return records;
}

// Batches of several partitions, small ones and some that are larger than what is read at once, in many segments.
TEST_F(SegmentLogTest, IsWalkedInTheOrderInWhichItWasAppended) {
  options_.segment_bytes_max = 64U << 10U;
  options_.layout.partitions[static_cast<std::size_t>(Topic::signals)] = 2;
  const TopicPartition places[] = {alerts_, {Topic::signals, 0}, {Topic::signals, 1}, {Topic::ledger, 0}};
  std::vector<std::string> wanted;
  std::map<TopicPartition, std::uint64_t> offsets;
  {
    const OpenedSegmentLog writer = open();
    for (std::size_t n = 0; n < 300; ++n) {
      const auto value = std::to_string(n) + std::string(n % 97 == 50 ? 700'000 : n % 13 * 100, ' ');
      std::vector<LogAppend> batch;
      for (std::size_t i = 0; i < 1 + n % 4; ++i) {
        const auto to = places[(n + i * 3) % 4];
        batch.push_back({to, "key", bytes_of(value)});
        wanted.push_back(std::string(name_of(to.topic)) + "/" + std::to_string(to.partition) + "@" +
                         std::to_string(offsets[to]++) + " " + value.substr(0, 10));
      }
      writer.log->append(batch);
      if (n % 50 == 0) writer.log->commit(alerts_, n);
    }
  }
  const OpenedSegmentLog reader = open_segment_log_to_read(options_.directory);
  auto& log = dynamic_cast<SequentialLog&>(*reader.log);
  const PartitionOffset beginning[] = {{places[0], 0}, {places[1], 0}, {places[2], 0}, {places[3], 0}};
  EXPECT_EQ(rest_of(*log.walk(beginning)), wanted);

  // From the middle: all from the batch that has the first of the places on.
  const PartitionOffset middle[] = {{places[3], 60}, {places[1], 50}, {places[2], 1'000'000}};
  const auto tail = rest_of(*log.walk(middle));
  ASSERT_LT(tail.size(), wanted.size());
  EXPECT_TRUE(std::equal(tail.begin(), tail.end(), wanted.end() - static_cast<std::ptrdiff_t>(tail.size())));
  const auto first = [&](const std::string& place) {
    return std::find_if(tail.begin(), tail.end(), [&](const auto& record) { return record.starts_with(place); });
  };
  EXPECT_NE(first("signals/0@50 "), tail.end());
  EXPECT_LT(std::min(first("signals/0@50 "), first("ledger/0@60 ")) - tail.begin(), 4);

  const PartitionOffset nowhere[] = {{places[2], 1'000'000}};
  EXPECT_TRUE(rest_of(*log.walk(nowhere)).empty());
}

TEST_F(SegmentLogTest, AWalkNamesTheDamageThatItComesTo) {
  fill(20);
  auto bytes = contents_of(last_segment());
  bytes[bytes.find("second of 7")] ^= 1;
  const OpenedSegmentLog reader = open_segment_log_to_read(options_.directory);  // it was whole when it was opened
  write_contents(last_segment(), bytes);
  const PartitionOffset beginning[] = {{alerts_, 0}};
  const auto walk = dynamic_cast<SequentialLog&>(*reader.log).walk(beginning);
  try {
    rest_of(*walk);
    FAIL() << "the walk went past the damage";
  } catch (const LogError& error) {
    EXPECT_THAT(error.what(), HasSubstr("0000000001.segment"));
  }
}

TEST_F(SegmentLogTest, LeavesTheFilesAloneWhenOpenedToRead) {
  options_.segment_bytes_max = 4'096;
  fill_unsynced(60);
  append_unconfirmed({"torn"});
  std::filesystem::remove(options_.directory / "0000000001.index");
  std::filesystem::resize_file(last_segment(), std::filesystem::file_size(last_segment()) - 1);
  const std::string before = contents_of(last_segment());
  const OpenedSegmentLog reader = open_segment_log_to_read(options_.directory);
  EXPECT_EQ(read_values(*reader.log, alerts_).size(), 120U);
  EXPECT_GT(reader.recovery.bytes_cut, 0U);
  EXPECT_EQ(contents_of(last_segment()), before);
  EXPECT_FALSE(std::filesystem::exists(options_.directory / "0000000001.index"));
}

TEST_F(SegmentLogTest, SaysThatThereIsNoLogToRead) {
  EXPECT_THROW(open_segment_log_to_read(directory_.path()), LogError);
  EXPECT_THROW(open_segment_log_to_read(directory_.path() / "nothing"), LogError);
}

/// Lets files of this process grow to `bytes` at most, as a disk that is full would.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  sighandler_t handler_;
  rlimit before_{};
};

/// Appends until the log fails; the last ticket that was durable then.
Ticket append_until_failed(Log& log, TopicPartition to) {
  for (;;) {
    try {
      append(log, to, {std::string(1'000, 'x')});
      log.sync();
    } catch (const LogError&) {
      return log.durable();
    }
  }
}

TEST_F(SegmentLogTest, FailsForGoodWhenTheDiskIsFullAndLosesNothingThatWasDurable) {
  Ticket durable = 0;
  {
    const FileSizeLimit limit(200'000);
    const OpenedSegmentLog opened = open();
    std::atomic<int> failures = 0;
    std::string reason;
    const auto failing = opened.log->on_failure([&](const std::string& why) {
      reason = why;
      ++failures;
    });
    durable = append_until_failed(*opened.log, alerts_);
    EXPECT_THROW(append(*opened.log, alerts_, {"one more"}), LogError);
    EXPECT_THROW(opened.log->sync(), LogError);
    for (int n = 0; n < 1'000 && failures == 0; ++n) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(failures, 1);
    EXPECT_THAT(reason, AllOf(HasSubstr("cannot write " + last_segment().string()), HasSubstr("start again")));
    EXPECT_EQ(opened.log->durable(), durable);
    std::string late;
    const auto too_late = opened.log->on_failure([&](const std::string& why) { late = why; });
    EXPECT_EQ(late, reason);
  }
  EXPECT_GT(durable, 100U);
  const OpenedSegmentLog opened = open();
  EXPECT_EQ(opened.log->end(alerts_), durable);
  append(*opened.log, alerts_, {"there is room again"});
  opened.log->sync();
}

TEST_F(SegmentLogTest, LetsAppendersThatWaitForRoomKnowOfTheFailure) {
  const FileSizeLimit limit(100'000);
  const OpenedSegmentLog opened = open();
  const std::vector<std::string> large(20, std::string(900'000, 'x'));
  EXPECT_THROW(
      {
        for (int n = 0; n < 10; ++n) append(*opened.log, alerts_, large);
      },
      LogError);
}

/// Appends batches of ten numbered records for ever, and tells the parent each ticket that has become durable.
[[noreturn]] void append_until_killed(const SegmentLogOptions& options, int tell) {
  const OpenedSegmentLog opened = open_segment_log(options);
  Log& log = *opened.log;
  const auto listening = log.on_durable([&] {
    const Ticket durable = log.durable();
    if (::write(tell, &durable, sizeof durable) != sizeof durable) ::_exit(1);
  });
  for (std::uint64_t number = log.end({Topic::alerts, 0});;) {
    std::vector<std::string> values;
    for (int n = 0; n < 10; ++n) values.push_back(std::to_string(number++));
    append(log, {Topic::alerts, 0}, values);
  }
}

/// The last ticket that the child told before it was killed.
Ticket run_and_kill(const SegmentLogOptions& options, std::chrono::milliseconds after) {
  std::array<int, 2> told{};
  if (::pipe(told.data()) != 0) throw std::runtime_error("no pipe");
  const pid_t child = ::fork();
  if (child == 0) append_until_killed(options, told[1]);
  ::close(told[1]);
  std::thread killer([&] {
    std::this_thread::sleep_for(after);
    ::kill(child, SIGKILL);
  });
  Ticket last = 0;
  for (Ticket ticket = 0; ::read(told[0], &ticket, sizeof ticket) == sizeof ticket;) last = ticket;
  killer.join();
  ::waitpid(child, nullptr, 0);
  ::close(told[0]);
  return last;
}

TEST_F(SegmentLogTest, HasEverythingThatWasDurableWhenItsProcessIsKilled) {
  options_.segment_bytes_max = 256U << 10U;
  Ticket told = 0;
  for (int round = 0; round < 8; ++round) {
    told = run_and_kill(options_, std::chrono::milliseconds(20 + 17 * round));
    const OpenedSegmentLog opened = open();
    ASSERT_GE(opened.log->durable(), told);
    const auto values = read_values(*opened.log, alerts_);
    ASSERT_GE(values.size(), told * 10);
    ASSERT_EQ(values.size() % 10, 0U) << "a batch was recovered in part";
    for (std::size_t n = 0; n < values.size(); ++n) ASSERT_EQ(values[n], std::to_string(n));
  }
  EXPECT_GT(told, 0U) << "no process lived long enough to show anything";
}

}  // namespace
}  // namespace virtscale
