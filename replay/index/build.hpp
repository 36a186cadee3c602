// The making of a whole index: every partition of every stage, folded from where its file ends to where the log does;
// or written on the way by one who folds the log anyway.
#pragma once

#include <functional>
#include <map>

#include "replay/index/indexer.hpp"
#include "replay/log_source.hpp"

namespace virtscale::replay {

struct IndexReport {
  std::uint64_t records = 0;  ///< folded now
  std::uint64_t states = 0;   ///< in the index
  std::uint64_t bytes = 0;    ///< of the index
  double seconds = 0;
};

/// Makes the index of `source` in `directory`, or brings it up to the log's end; `every` as in index_every_default.
/// `progress` is told from time to time how many records were folded, and of about how many. Throws IndexError,
/// LogError, SnapshotError, and std::runtime_error for a record that cannot be folded.
IndexReport build_index(const LogSource& source, const std::filesystem::path& directory, std::uint64_t every,
                        const std::function<void(std::uint64_t, std::uint64_t)>& progress);

/// The index of a log that somebody else folds from its beginning: it takes the place of what is in the directory when
/// all was folded, and not before.
class IndexOnTheWay {
 public:
  /// `log` outlives this. Throws IndexError, also for a directory that holds anything else than an
  /// index, and std::filesystem::filesystem_error.
  IndexOnTheWay(const std::filesystem::path& directory, Log& log, std::uint64_t every);
  /// Removes what was not finished.
  ~IndexOnTheWay();
  IndexOnTheWay(const IndexOnTheWay&) = delete;
  IndexOnTheWay& operator=(const IndexOnTheWay&) = delete;

  /// Called after each record of each refold, from the first on; `finish` needs the refolds no more. Throws IndexError.
  void folded(Refold& refold, const LogRecord& record, const Step& step);
  /// All was folded. Throws std::filesystem::filesystem_error.
  void finish();

 private:
  const std::filesystem::path directory_;
  const std::filesystem::path draft_;
  Log& log_;
  const std::uint64_t every_;
  std::map<TopicPartition, std::unique_ptr<Indexer>> indexers_;
};

}  // namespace virtscale::replay
