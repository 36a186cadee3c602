// Membership: which partitions of a stage's inbox are this process's own, when there may be other processes.
//
// The one thing to know: ownership saves work, it does not keep the promise. A process that does not know yet that it
// has lost a partition writes the same bytes as the new owner, and they are dropped as copies (architecture, section
// 4).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "topology/contract/event.hpp"

namespace virtscale {

/// A partition of an inbox, and who folds it, as the log's keeper knows it.
struct Owner {
  TopicPartition inbox;
  std::string member;  ///< empty: nobody at this moment
  std::string url;     ///< where the member serves HTTP, such as `http://10.0.0.7:7072`; empty if it does not say
  std::uint64_t end_offset = 0;
  std::int64_t committed_offset = -1;  ///< the last that is folded and whose outcome is durable; -1: none
};

/// What a member is told. Called one after another, on a thread of the membership's own, which waits for the return.
struct MemberCalls {
  /// These are ours from now on, until they are revoked. May be none: others have them all. Has 5 minutes.
  std::function<void(const std::vector<std::uint32_t>& partitions)> assigned;
  /// These will be another's once this returns: write their state, and let go. It has 20 s; whoever takes longer is
  /// taken for dead, and nothing is lost.
  std::function<void(const std::vector<std::uint32_t>& partitions)> revoked;
};

class Membership {
 public:
  virtual ~Membership() = default;
  /// Becomes one of the owners of `inbox`. Called once. Returns at once.
  virtual void join(Topic inbox, MemberCalls calls) = 0;
  /// Gives everything up (`revoked` is called) and leaves, so that others take over at once. Returns when that is done,
  /// after 25 s at the latest. No call comes after that.
  virtual void leave() = 0;
  /// All partitions of all inboxes. May ask the network; throws LogError if it does not answer within 5 s.
  virtual std::vector<Owner> owners() = 0;
};

}  // namespace virtscale
