// The stores of partitions in one directory, each filled from its newest snapshot if there is no state yet.
//
// The one thing to know: a state belongs to the one log it was folded from. The file `LOG` beside the partitions'
// folders names it, and a process on another log does not start.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "topology/host/snapshot/snapshots.hpp"

namespace virtscale {

/// Writes the log's name for itself to `state`/LOG, or compares it with what stands there; makes `state` if it is
/// absent. Throws StoreError with both names and what to do: state of another log, or of a log that nothing names.
void claim_state(const std::filesystem::path& state, const std::string& log);

struct PartitionStoresOptions {
  std::filesystem::path state;     ///< partitions are folders in it: `policy-3`
  OpenStore open;                  ///< opens or makes a store
  Log& log;                        ///< outlives the stores
  std::string log_identity;        ///< the log's name for itself
  std::uint32_t epoch = 0;         ///< of this program's folds
  Snapshots* snapshots = nullptr;  ///< null: no archive; a lost state is folded from the beginning
  std::function<void(const SnapshotManifest&)> on_fetched{};  ///< a state begins with this snapshot
};

class PartitionStores {
 public:
  /// Claims the directory for the log. Throws StoreError.
  explicit PartitionStores(PartitionStoresOptions options);

  /// The partition's store. One without state, which has folded nothing yet or is lost, is made of the newest snapshot
  /// that holds: that may take as long as a download does. `stage` is a name of graph.hpp. Throws StoreError.
  std::unique_ptr<Store> open(std::string_view stage, std::uint32_t partition);

 private:
  std::unique_ptr<Store> open_or_fetch(const std::filesystem::path& directory, const SnapshotNeed& wanted);
  SnapshotNeed need(std::string_view stage, std::uint32_t partition) const;

  const PartitionStoresOptions options_;
};

}  // namespace virtscale
