// Snapshots: copies of a partition's state in an archive, so that an owner without state need not fold from the
// beginning.
//
// The one thing to know: a snapshot only saves time. Each is checked against its manifest, its own progress and the log
// before it is used; one that does not hold is told and passed over for the next older, and without any the state is
// folded from the log.
//
// The objects of a snapshot are `<log>/<stage>-<partition>/<folded offset, 20 digits>/`, then `<file>.<digest>` for
// each file of the store, and `manifest.json`, put last. Files bear their digest since two owners that do not know of
// each other may write the same state in different files: whichever manifest stands in the end, its files are there.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "topology/host/snapshot/manifest.hpp"
#include "topology/ports/archive.hpp"
#include "topology/ports/store.hpp"

namespace virtscale {

/// Opens the store in a directory. Throws StoreError.
using OpenStore = std::function<std::unique_ptr<Store>(const std::string& directory)>;

/// What a snapshot must fit to be used.
struct SnapshotNeed {
  SnapshotOwner owner;
  std::uint32_t epoch_max = 0;  ///< the epoch of this program's fold
  std::uint64_t log_end = 0;    ///< of the inbox partition, now
};

/// How far the store is folded; nothing if it has no state yet. Throws StoreError.
std::optional<SnapshotPoint> point_in(Store& store);

/// Thread-safe as far as its archive is, and `tell` must be. All calls block for as long as the archive needs.
class Snapshots {
 public:
  /// `tell` gets a sentence for each snapshot that is not used. The archive must outlive this.
  Snapshots(Archive& archive, OpenStore open, std::function<void(const std::string&)> tell);

  /// Puts the store's copy in `checkpoint`, which is folded up to `at`; gives up between two files once it is asked to
  /// `stop`. Throws ArchiveError and SnapshotError.
  SnapshotManifest put(const SnapshotOwner& owner, const SnapshotPoint& at, const std::filesystem::path& checkpoint,
                       const std::stop_token& stop = {});

  /// The folded offsets of the partition's complete snapshots. Throws ArchiveError.
  std::vector<std::uint64_t> newest_first(const SnapshotOwner& owner);

  /// Makes `into`, which must not exist, of the newest snapshot that holds; a crash leaves it whole or not there.
  /// Nothing if there is none, or the archive does not answer: that is told.
  std::optional<SnapshotManifest> fetch(const SnapshotNeed& need, const std::filesystem::path& into);

  /// Removes all but the newest `keep` snapshots (at least 1), and what crashes left of older ones. Throws
  /// ArchiveError.
  void prune(const SnapshotOwner& owner, std::size_t keep);

 private:
  SnapshotManifest fetch_one(const SnapshotNeed& need, std::uint64_t folded, const std::filesystem::path& into);
  void get(const std::string& name, const std::filesystem::path& file);

  Archive& archive_;
  OpenStore open_;
  std::function<void(const std::string&)> tell_;
};

}  // namespace virtscale
