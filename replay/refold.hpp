// A refold: one partition of one stage, folded again from its inbox, whatever the stage's types are.
//
// The one thing to know: it runs the very function that production runs (topology/host/partition.hpp), so whatever
// differs from what was recorded differs because the records or the code do.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "topology/host/partition.hpp"

namespace virtscale::replay {

/// An event that a step emitted, kept beyond it.
struct Emitted {
  TopicPartition to;
  std::string key;
  std::vector<std::byte> event;
};
inline Emitted kept_of(const LogAppend& emitted) {
  return {emitted.to, std::string(emitted.key), {emitted.value.begin(), emitted.value.end()}};
}

class Refold {
 public:
  virtual ~Refold() = default;
  virtual Source stage() const = 0;
  virtual TopicPartition inbox() const = 0;
  /// Takes the record that follows the last one; REQUIRES as Partition::fold_one. Everything that the record did is in
  /// the step, what it emitted in `arena`; nothing of it is acted upon.
  virtual Step fold(const LogRecord& record, Arena& arena) = 0;
  /// The stage's tables, then those of the books: what a snapshot holds (AnyTable::each_encoded), and what changed
  /// since it was last asked (AnyTable::drain_changes). REQUIRES: `rebuild()` follows if rows are loaded.
  virtual std::vector<AnyTable*> tables() = 0;
  virtual void rebuild() = 0;
  virtual const Books& books() const = 0;
  /// Of the inbox; 0 before the first record.
  virtual std::uint64_t next_offset() const = 0;
  virtual Instant stream_time() const = 0;
  /// Empty if the state is sound; a walk over the state.
  virtual std::string violated_invariant() const = 0;
};

/// The refold of a stage whose types are known: `dynamic_cast` a Refold to it to read its state.
template <Stage S>
class RefoldOf final : public Refold {
 public:
  RefoldOf(std::uint32_t partition, const LogLayout& layout) : partition_(partition, layout) {}

  Source stage() const override { return S::source; }
  TopicPartition inbox() const override { return {S::inbox, partition_.number()}; }
  Step fold(const LogRecord& record, Arena& arena) override { return partition_.fold_one(record, arena); }
  std::vector<AnyTable*> tables() override { return partition_.tables(); }
  void rebuild() override { partition_.rebuild(); }
  const Books& books() const override { return partition_.books(); }
  std::uint64_t next_offset() const override { return partition_.next_offset(); }
  Instant stream_time() const override { return partition_.stream_time(); }
  std::string violated_invariant() const override { return S::violated_invariant(partition_.state()); }
  const typename S::State& state() const { return partition_.state(); }

 private:
  Partition<S> partition_;
};

/// A stage's partition with nothing folded yet. REQUIRES: `stage` is not `edge`.
std::unique_ptr<Refold> make_refold(Source stage, std::uint32_t partition, const LogLayout& layout);

/// One for each partition of this stage's inbox.
std::vector<std::unique_ptr<Refold>> make_refolds(Source stage, const LogLayout& layout);
/// One for each partition of every stage's inbox, in the order of the pipeline.
std::vector<std::unique_ptr<Refold>> make_refolds(const LogLayout& layout);

}  // namespace virtscale::replay
