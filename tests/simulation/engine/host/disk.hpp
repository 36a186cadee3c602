// The disk of one partition's state on one machine, and the port `Store` over it.
//
// The one thing to know: a commit is there whole or not at all; a crash of the machine takes the newest ones.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/simulation/engine/dice.hpp"
#include "topology/ports/store.hpp"

namespace virtscale::simulation {

class Disk final : public Store {
 public:
  /// Called with each commit, before it is written.
  using Written = std::function<void(const std::vector<StoreChange>&)>;
  /// So many of the newest commits may be lost at a crash; older ones were synced long ago.
  static constexpr std::size_t losable_max = 3;

  explicit Disk(Written written) : written_(std::move(written)) {}

  void scan(std::string_view prefix, const std::function<void(std::string_view key, Bytes value)>& visit) override;
  void commit(const std::vector<StoreChange>& changes) override;
  /// No run takes snapshots: throws StoreError.
  void checkpoint(const std::string& directory) override;

  /// The machine crashes: a drawn number of the newest commits is gone. Returns how many.
  std::size_t lose_newest(Dice& dice);
  /// It is another machine, or another disk.
  void lose_everything();
  bool empty() const { return rows_.empty() && newest_.empty(); }

 private:
  // A change that is kept beyond its commit.
  struct Change {
    std::string key;
    std::optional<std::string> value;
  };

  void apply(const std::vector<Change>& changes);

  Written written_;
  std::map<std::string, std::string, std::less<>> rows_;
  std::deque<std::vector<Change>> newest_;  // not in `rows_` yet
};

}  // namespace virtscale::simulation
