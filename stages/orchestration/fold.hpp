// The orchestration stage: an admitted scale becomes domains on NUMA nodes, or the newest domains leave theirs.
//
// The one thing to know: a domain's row lives from its admission until its end was told to policy and audit, and
// whatever may still run has a row or is swept as an orphan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "stages/orchestration/state.hpp"
#include "topology/contract/stage.hpp"

namespace virtscale::orchestration {

/// How long a domain waits for room in its cell.
inline constexpr Duration queue_wait_max = seconds(30);
/// How many nodes are tried before a start is given up.
inline constexpr std::uint32_t placements_max = 3;
/// The pause before a domain that could not be stopped is stopped again. There is no last time.
inline constexpr Duration halt_pause = seconds(30);
/// Waiting domains that are looked at in vain for one NUMA node that was freed: keeps a step within 0.1 ms.
inline constexpr std::size_t queue_misses_max = 1'000;
/// Domains that one scale-in can retire: ten times what policy admits.
inline constexpr std::int64_t retired_max = 100'000;
/// Orphans that one sweep stops; the next one finds the rest.
inline constexpr std::size_t orphans_max = 1'000;
/// Bytes of a reason that came from the outside.
inline constexpr std::size_t reason_bytes_max = 500;

struct Fold {
  using State = orchestration::State;
  static constexpr Source source = Source::orchestration;
  static constexpr Topic inbox = Topic::decisions;
  static constexpr std::uint32_t epoch = 1;

  static void fold(State& state, const Inbound& inbound, Outbox& outbox) noexcept;
  static std::string violated_invariant(const State& state);
};

}  // namespace virtscale::orchestration
