// The states of a stage process: opened from the disk or from a snapshot, and snapshots of them, on a schedule and on
// demand.
#pragma once

#include <memory>
#include <string>

#include "compose/site/crew.hpp"
#include "topology/host/snapshot/partition_stores.hpp"
#include "topology/host/snapshot/taker.hpp"

namespace virtscale {

class Snapshotting {
 public:
  /// Claims the data directory's state for the log of this name. `site` and `log` outlive it. Throws std::exception
  /// with what is wrong and what to do.
  Snapshotting(Site& site, Log& log, const std::string& identity, Source stage);
  ~Snapshotting();

  /// Opens the store of a partition; see PartitionStores.
  Crew::OpenStore opener();
  /// Takes snapshots of what `role` owns, as often as the settings say, until `stop`. `role` outlives that.
  void start(Role& role);
  void stop();
  /// Begins a snapshot of each partition that `role` owns; false if the settings name no place for them.
  bool take(Role& role);

 private:
  SnapshotOwner owner(const std::string& identity) const;

  Site& site_;
  Log& log_;
  Source stage_;
  std::unique_ptr<Archive> archive_;  // null: none
  std::unique_ptr<Snapshots> snapshots_;
  std::unique_ptr<PartitionStores> stores_;
  std::unique_ptr<ExecutorThread> uploads_;
  std::unique_ptr<SnapshotTaker> taker_;
  std::shared_ptr<const void> schedule_;
};

}  // namespace virtscale
