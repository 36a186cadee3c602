// The shadows: one fold of each inbox partition that follows the durable log and does nothing in the world.
//
// The one thing to know: owners crash, lag, overlap and forget; a shadow does not. So what an owner appends must be
// what its shadow emitted, to the byte, in the order of lane numbers, and what it believes must be what the shadow
// believes.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "replay/refold.hpp"
#include "tests/simulation/engine/outside.hpp"
#include "topology/ports/store.hpp"

namespace virtscale::simulation {

class Shadows {
 public:
  Shadows(const LogLayout& layout, Story& story);

  /// What a durable record did.
  struct Followed {
    bool copy = false;           ///< its lane number was in its partition before
    const Step* step = nullptr;  ///< of the fold; null for a topic that no stage reads. Until the next record.
  };
  /// Checks the record's place in its lane, and folds it.
  Followed follow(const Recorded& record);

  replay::Refold& of(TopicPartition inbox) { return *shadows_.find(inbox)->second.refold; }
  const replay::Refold& of(TopicPartition inbox) const { return *shadows_.find(inbox)->second.refold; }

  /// A request is about to be run: what led to it must be durable, and what its step emitted as well.
  void check_request(TopicPartition inbox, const EventId& request);
  /// Rows are about to be written: what they were folded from, and what that emitted, must be durable.
  void check_commit(TopicPartition inbox, const std::vector<StoreChange>& changes);
  /// Empty, or a timer that is due for longer than `late_max`.
  std::string overdue(Instant now, Duration late_max) const;
  /// The owner's tables must be equal to the shadow's.
  void compare(TopicPartition inbox, const std::vector<AnyTable*>& live, std::string_view owner);
  /// Every event that a shadow emitted must have landed.
  void check_all_landed();
  /// Folds everything again from nothing: the same rows must come out.
  void refold(const View& view);

 private:
  using Lane = std::pair<TopicPartition, TopicPartition>;  // from the inbox whose fold emits, to where
  struct Given {
    std::vector<std::uint64_t> hashes;  // by lane number, from 1
    std::size_t landed = 0;
  };
  struct Emission {
    Lane lane;
    std::size_t number;
  };
  struct Shadow {
    std::unique_ptr<replay::Refold> refold;
    std::map<std::uint64_t, std::vector<Emission>> emitted_by;  // of the offsets that asked for something
    std::uint64_t folds = 0;
  };

  bool take_place_in_lane(const Recorded& record);
  void expect(Shadow& shadow, const Recorded& record);
  void check_step(const Shadow& shadow, const Recorded& record);
  void check_invariant(const Shadow& shadow);
  void check_progress(TopicPartition inbox, Bytes value);
  void check_given(TopicPartition inbox, std::string_view key, Bytes value);

  LogLayout layout_;
  Story& story_;
  std::map<TopicPartition, Shadow> shadows_;  // by inbox
  std::map<Lane, Given> lanes_;
  Arena arena_;  // of the step
  Step step_;
};

/// `signals-2@17 ScaleAdmitted of acme lane 4 from policy-2`: a record for a person.
std::string brief(const Recorded& record);

}  // namespace virtscale::simulation
