// One SegmentLog in a directory, for tests that look at its files.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/topology/log/files.hpp"
#include "tests/topology/log/records.hpp"
#include "topology/adapters/memory/manual_clock.hpp"
#include "topology/adapters/segment/segment_log.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale {

class SegmentLogFiles : public testing::Test {
 protected:
  static constexpr TopicPartition alerts_{Topic::alerts, 0};

  OpenedSegmentLog open() { return open_segment_log(options_); }
  std::filesystem::path last_segment() const { return segments_in(options_.directory).back(); }
  std::filesystem::path watermark() const { return options_.directory / "durable"; }

  /// What opening the log says is wrong with it; empty if nothing is.
  std::string complaint() {
    try {
      open();
      return "";
    } catch (const LogError& error) {
      return error.what();
    }
  }

  /// What reading the whole partition says is wrong with it.
  static std::string complaint_of_reading(Log& log) {
    try {
      read_values(log, alerts_);
      return "";
    } catch (const LogError& error) {
      return error.what();
    }
  }

  /// Appends and syncs `count` batches of two records.
  void fill(int count) {
    const OpenedSegmentLog opened = open();
    for (int n = 0; n < count; ++n) {
      append(*opened.log, alerts_, {"first of " + std::to_string(n), "second of " + std::to_string(n)});
      opened.log->sync();
    }
  }

  /// Appends `count` batches of two records, of which a segment of 4 KiB takes about thirty.
  void fill_unsynced(int count) {
    const OpenedSegmentLog opened = open();
    for (int n = 0; n < count; ++n)
      append(*opened.log, alerts_, {"first of " + std::to_string(n), "second of " + std::to_string(n)});
  }

  /// Leaves the files as a crash does that comes after a batch was written and before it was known to be synced.
  void append_unconfirmed(const std::vector<std::string>& values) {
    const std::string before = contents_of(watermark());
    append(*open().log, alerts_, values);
    write_contents(watermark(), before);
  }

  TemporaryDirectory directory_;
  ManualClock clock_{Instant{1'000'000}};
  SegmentLogOptions options_{.directory = directory_.path() / "log", .clock = &clock_};
};

}  // namespace virtscale
