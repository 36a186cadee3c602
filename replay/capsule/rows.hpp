// The state of a partition as rows: taken from a refold at one moment, narrowed to the orgs of interest, and put into
// another refold.
//
// The one thing to know: rows of other orgs are left out because no fold of one org's records reads them; whether that
// is so for these records is tried when the capsule is made (rebuild.hpp).
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "replay/refold.hpp"

namespace virtscale::replay {

/// One row of a table.
struct StateRow {
  std::string table;
  std::string key;
  std::vector<std::byte> value;
};

/// The state of one partition of a stage before the record with `next_offset`.
struct PartitionState {
  Source stage{};
  TopicPartition inbox;
  std::uint64_t next_offset = 0;
  std::vector<StateRow> rows;
};

/// Who is of interest. An org in a capsule is in with all that is its own, but for the scale events that are closed:
/// of them, those named here.
struct Interest {
  std::set<std::string, std::less<>> orgs;
  std::set<ScaleId> scales;
};

/// All rows of a refold.
PartitionState state_of(Refold& refold);

/// Leaves what belongs to these orgs, and what belongs to no org, such as nodes.
void narrow(PartitionState& state, const Interest& interest);

/// A refold with this state. REQUIRES: the rows are of tables of its stage.
std::unique_ptr<Refold> refold_of(const PartitionState& state, const LogLayout& layout);

/// The end of a lane: its last number, and the hash of the event that bore it.
struct LaneEnd {
  std::uint64_t number = 0;
  std::uint64_t hash = 0;
};
/// Sets what the partition has last seen of a lane from a partition of `stage`, as if it had folded what is left out.
void set_lane_seen(PartitionState& state, Source stage, std::uint32_t partition, const LaneEnd& end);
/// Sets what the partition has last given to `target`.
void set_lane_given(PartitionState& state, TopicPartition target, const LaneEnd& end);

}  // namespace virtscale::replay
