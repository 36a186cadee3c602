// The making of an index: one partition's states, stored while it is folded.
//
// The one thing to know: it goes on where the file ends. What stands there and is not of this log any more, since the
// log's newest records were lost in a crash, is cut off.
#pragma once

#include <fstream>
#include <map>
#include <memory>
#include <tuple>

#include "replay/index/section.hpp"
#include "topology/ports/log.hpp"

namespace virtscale::replay {

/// Records of a whole log between two stored states of each partition: what is folded to come from one to a place
/// behind it takes some tenths of a second.
inline constexpr std::uint64_t index_every_default = 100'000;
/// A partition's own share of that is never less.
inline constexpr std::uint64_t partition_every_min = 100;
/// Where a state is large beside what is folded, such as audit's, states are so many times further apart at most, until
/// one takes no more than this share of the records between.
inline constexpr std::uint64_t distance_max = 3;
inline constexpr std::uint64_t state_share = 16;

/// Of `every` records of the whole log, those of this partition, as far as offsets tell.
std::uint64_t share_of(const Log& log, TopicPartition partition, std::uint64_t every);

/// The index of one partition, being written. One at a time writes a file, and a reader may read it meanwhile.
class Indexer {
 public:
  /// Opens or makes the file, and gives `refold` the newest state in it; if there is one, `refold` must have folded
  /// nothing but a snapshot. The refold outlives this, and is drained of its changes by it. Throws IndexError: another
  /// process is writing it, it is of another log, or cannot be written.
  Indexer(const std::filesystem::path& index, Refold& refold, Log& log, std::uint64_t every);
  ~Indexer();
  Indexer(const Indexer&) = delete;
  Indexer& operator=(const Indexer&) = delete;

  /// Called after each record that the refold has folded, with what it did. Throws IndexError.
  void folded(const LogRecord& record, const Step& step);

  std::size_t sections() const { return sections_; }
  /// Of the file.
  std::uint64_t bytes() const { return bytes_; }

 private:
  void lock();
  void go_on(Sections& sections, Log& log);
  void note_scale(const schema::Event& event);
  void note_lane(TopicPartition where, const schema::Event& event);
  bool is_due() const;
  void store(const LogRecord& record);

  Refold& refold_;
  const std::filesystem::path file_;
  const std::uint64_t every_;
  std::ofstream out_;
  int lock_ = -1;
  std::vector<std::uint64_t> scales_;  // since the last section; some more than once
  // By the lane: where it leads, and from which partition of a stage.
  std::map<std::tuple<TopicPartition, Source, std::uint32_t>, Witness> witnesses_;
  std::optional<std::uint64_t> first_offset_;  // of the next section
  std::uint64_t record_bytes_ = 0;             // since the last section
  std::uint64_t rows_bytes_ = 0;               // of the last section
  std::uint64_t whole_bytes_ = 0;              // rows of the last section that had all
  std::uint64_t changes_bytes_ = 0;            // rows of those since
  std::size_t sections_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace virtscale::replay
