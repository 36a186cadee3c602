#include <algorithm>
#include <mutex>
#include <set>

#include "stages/orchestration/edges.hpp"
#include "stages/orchestration/fold.hpp"

namespace virtscale::orchestration {
namespace {

using Names = std::set<std::string>;

class Sweep : public std::enable_shared_from_this<Sweep> {
 public:
  Sweep(SweepPorts ports, SweepSettings settings) : ports_(std::move(ports)), settings_(std::move(settings)) {}

  void begin() {
    ports_.executor.post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->round();
    });
  }

 private:
  // What one round learns; its end, when the last look has dropped it, is the round's end.
  struct Round {
    std::weak_ptr<Sweep> sweep;
    Names unowned;
    bool ready = false;
    std::size_t partitions = 0;
    ~Round() {
      const auto self = sweep.lock();
      if (self && ready && partitions > 0) self->compared(std::move(unowned));
    }
  };

  void round() {
    const auto names = ports_.domains.running();
    if (!names.empty()) compare(std::make_shared<Round>(weak_from_this(), Names(names.begin(), names.end())));
    ports_.executor.after(settings_.every, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->round();
    });
  }

  void compare(const std::shared_ptr<Round>& round) {
    ports_.read_status([round](const std::vector<PartitionStatus>& all) {
      round->ready = std::ranges::all_of(all, [](const auto& one) { return one.ready && !one.stopped; });
    });
    ports_.read_state([round](const State& state) {
      ++round->partitions;
      std::erase_if(round->unowned, [&](const std::string& name) { return state.domains.find(name) != nullptr; });
    });
  }

  // On the stage's thread.
  void compared(Names unowned) {
    schema::OrphansFoundT found;
    const std::lock_guard lock(mutex_);
    std::ranges::set_intersection(unowned, suspects_, std::back_inserter(found.names));
    suspects_ = std::move(unowned);
    if (found.names.empty()) return;
    if (found.names.size() > orphans_max) found.names.resize(orphans_max);
    // A report that cannot be appended is made again by the next round.
    ports_.log.append(ports_.log.next_id(), Topic::decisions, settings_.cell, schema::encode(found, ""),
                      [](const std::string*) {});
  }

  SweepPorts ports_;
  SweepSettings settings_;
  std::mutex mutex_;
  Names suspects_;
};

}  // namespace

std::shared_ptr<void> start_orphan_sweep(SweepPorts ports, SweepSettings settings) {
  auto sweep = std::make_shared<Sweep>(std::move(ports), std::move(settings));
  sweep->begin();
  return sweep;
}

}  // namespace virtscale::orchestration
