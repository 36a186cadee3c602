// Who owns which partition of which inbox, as the brokers and their groups know it.
#pragma once

#include <array>
#include <vector>

#include "topology/adapters/kafka/admin.hpp"

namespace virtscale::kafka {

/// The topics that a stage folds; each has a group.
inline constexpr std::array inboxes = {Topic::alerts, Topic::signals, Topic::decisions, Topic::placements,
                                       Topic::outcomes};

/// All partitions of all inboxes, in order. One attempt: see group_asker.hpp. Throws LogError if the brokers have not
/// answered after `within`.
std::vector<Owner> owners_of(const Asker& asker, const LogLayout& layout, Within within);

}  // namespace virtscale::kafka
