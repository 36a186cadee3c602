#include "topology/host/snapshot/taker.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace virtscale {
namespace {

namespace fs = std::filesystem;

constexpr const char* copy_ending = ".snapshot";

struct Repeated {
  Executor& executor;
  Duration every;
  std::function<void()> run;
};

void run_later(const std::shared_ptr<const Repeated>& repeated) {
  repeated->executor.after(repeated->every, [weak = std::weak_ptr(repeated)] {
    const auto still = weak.lock();
    if (!still) return;
    still->run();
    run_later(still);
  });
}

}  // namespace

SnapshotTaker::SnapshotTaker(SnapshotTakerPorts ports, SnapshotOwner of, std::size_t keep)
    : ports_(std::move(ports)), of_(std::move(of)), keep_(keep) {
  fs::create_directories(ports_.scratch);
  std::vector<fs::path> left;
  for (const auto& entry : fs::directory_iterator(ports_.scratch)) {
    const auto file = entry.path().filename().string();
    if (file.starts_with(of_.stage + "-") && file.find(copy_ending) != file.npos) left.push_back(entry.path());
  }
  for (const auto& path : left) fs::remove_all(path);
}

fs::path SnapshotTaker::copy_of(std::uint32_t partition) const {
  return ports_.scratch / (name(partition) + copy_ending);
}

SnapshotOwner SnapshotTaker::owner(std::uint32_t partition) const {
  auto whole = of_;
  whole.partition = partition;
  return whole;
}

std::string SnapshotTaker::name(std::uint32_t partition) const {
  return of_.stage + "-" + std::to_string(partition);
}

bool SnapshotTaker::begin(std::uint32_t partition) {
  const std::lock_guard lock(mutex_);
  return under_way_.insert(partition).second;
}

void SnapshotTaker::end(std::uint32_t partition) {
  std::error_code ignored;
  fs::remove_all(copy_of(partition), ignored);
  const std::lock_guard lock(mutex_);
  under_way_.erase(partition);
}

void SnapshotTaker::take(std::uint32_t partition, Store& store) {
  if (stopping_.stop_requested()) return;
  if (!begin(partition)) {
    return ports_.tell("no snapshot of " + name(partition) +
                       " now: the last one is still on its way to the archive; take them less often");
  }
  if (!copy(partition, store)) end(partition);
}

// True if the upload is posted, which ends it.
bool SnapshotTaker::copy(std::uint32_t partition, Store& store) {
  try {
    const auto at = point_in(store);
    if (!at) return false;
    {
      const std::lock_guard lock(mutex_);
      const auto last = taken_.find(partition);
      if (last != taken_.end() && last->second == at->folded) return false;
    }
    store.checkpoint(copy_of(partition));
    ports_.uploads.post([this, partition, at = *at] { upload(partition, at); });
    return true;
  } catch (const std::exception& error) {
    ports_.tell("no snapshot of " + name(partition) + ": " + error.what());
    return false;
  }
}

void SnapshotTaker::upload(std::uint32_t partition, const SnapshotPoint& at) {
  const auto whose = owner(partition);
  std::optional<SnapshotManifest> made;
  try {
    const auto there = ports_.snapshots.newest_first(whose);
    if (there.empty() || there.front() < at.folded)
      made = ports_.snapshots.put(whose, at, copy_of(partition), stopping_.get_token());
    {
      const std::lock_guard lock(mutex_);
      taken_[partition] = at.folded;
    }
    ports_.snapshots.prune(whose, keep_);
  } catch (const std::exception& error) {
    ports_.tell("the snapshot of " + name(partition) + " at offset " + std::to_string(at.folded) +
                " was not finished: " + error.what());
  }
  end(partition);
  if (made) ports_.on_taken(*made);
}

std::shared_ptr<const void> repeat(Executor& executor, Duration every, std::function<void()> run) {
  const auto repeated = std::make_shared<const Repeated>(Repeated{executor, every, std::move(run)});
  run_later(repeated);
  return repeated;
}

}  // namespace virtscale
