// Writes the changed rows of one partition to its store, behind the log: never anything that the log could still lose.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "topology/contract/table.hpp"
#include "topology/ports/clock.hpp"
#include "topology/ports/log.hpp"
#include "topology/ports/store.hpp"

namespace virtscale {

/// Used on the stage's executor; the store itself is used on `disk`. One commit is under way at a time. After a commit
/// that failed nothing is written any more, since what comes later does not stand without it.
class StateWriter : public std::enable_shared_from_this<StateWriter> {
 public:
  using Failed = std::function<void(const std::string&)>;

  StateWriter(Log& log, TopicPartition inbox, Store& store, Executor& executor, Executor& disk, Failed failed);

  /// Fills the tables from the store. Throws StoreError for a row that cannot be read.
  static void load(Store& store, const std::vector<AnyTable*>& tables, std::string_view stage);

  /// True if a commit may be prepared now.
  bool idle() const { return !prepared_ && !writing_ && uses_ == 0; }
  /// Takes the changed rows of `tables` as they are now; they are written once the log is durable up to `after`, and
  /// the log is then told that `folded` is committed. REQUIRES: `idle()`.
  void prepare(const std::vector<AnyTable*>& tables, Ticket after, std::uint64_t folded);
  /// Writes what was prepared if the log has become durable that far.
  void write_durable();
  /// Calls `use` on `disk` with the store between two commits, the next of which waits for it. It must not throw.
  void use_store(std::function<void(Store&)> use);
  /// Drops what was prepared and waits for the log.
  void give_up();
  /// Called on the executor when the writer is idle next.
  void when_idle(std::function<void()> call);

 private:
  struct Prepared {
    Ticket after;
    std::uint64_t folded;
    std::vector<StoreChange> changes;
    Arena arena;  // where the changes lie
  };

  void written(std::uint64_t folded, const std::string* error);
  void tell_if_idle();

  Log& log_;
  TopicPartition inbox_;
  Store& store_;
  Executor& executor_;
  Executor& disk_;
  Failed failed_;
  std::optional<Prepared> prepared_;
  bool writing_ = false;
  bool broken_ = false;
  std::size_t uses_ = 0;
  std::function<void()> when_idle_;
};

}  // namespace virtscale
