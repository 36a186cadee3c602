// Takes the snapshots of a stage's partitions, on demand and on a schedule.
//
// The one thing to know: the store is copied between two commits, on the disk's executor, which is short where files
// can be linked; the upload has an executor of its own, since it may take long, and neither folding nor commits wait
// for it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>

#include "topology/host/snapshot/snapshots.hpp"
#include "topology/ports/clock.hpp"

namespace virtscale {

/// What a taker works with. All outlive it, and it outlives what runs on `uploads`: end those first.
struct SnapshotTakerPorts {
  Snapshots& snapshots;
  Executor& uploads;  ///< blocked as long as an upload lasts
  /// Where copies wait for their upload: on the disk of the state, so that files are linked, such as its directory.
  /// They have names of their own there, `policy-3.snapshot`.
  std::filesystem::path scratch;
  std::function<void(const SnapshotManifest&)> on_taken;  ///< called on `uploads`
  std::function<void(const std::string&)> tell;           ///< why one was not taken; called on any thread
};

/// Thread-safe.
class SnapshotTaker {
 public:
  static constexpr std::size_t keep_default = 3;

  /// `of` says whose, but for the partition. `keep` snapshots of each partition stay in the archive. Removes what a
  /// process before left of its stage in `scratch`; throws std::filesystem::filesystem_error if it cannot.
  SnapshotTaker(SnapshotTakerPorts ports, SnapshotOwner of, std::size_t keep = keep_default);

  /// Copies the store and posts its upload. What was not folded further since the last one is not taken again; a
  /// partition whose last is still on its way is told and passed over. Does not throw. REQUIRES: called where the store
  /// may be used, such as by StageRunner::use_stores.
  void take(std::uint32_t partition, Store& store);

  /// From now on takes none, and the one that is on its way ends after the file that is.
  void stop() { stopping_.request_stop(); }

 private:
  bool begin(std::uint32_t partition);
  void end(std::uint32_t partition);
  bool copy(std::uint32_t partition, Store& store);
  void upload(std::uint32_t partition, const SnapshotPoint& at);
  SnapshotOwner owner(std::uint32_t partition) const;
  std::string name(std::uint32_t partition) const;
  std::filesystem::path copy_of(std::uint32_t partition) const;

  const SnapshotTakerPorts ports_;
  const SnapshotOwner of_;
  const std::size_t keep_;
  std::stop_source stopping_;
  std::mutex mutex_;
  std::set<std::uint32_t> under_way_;
  std::map<std::uint32_t, std::uint64_t> taken_;  // offsets
};

/// Runs `run` on `executor` every `every`, first after that long, until what it returns is gone (a run that is under
/// way on another thread ends).
[[nodiscard]] std::shared_ptr<const void> repeat(Executor& executor, Duration every, std::function<void()> run);

}  // namespace virtscale
