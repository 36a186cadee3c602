// The kinds of faults that a run may have, and how often at most.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace virtscale::simulation {

/// One kind of fault each, with a stream of its own.
enum class Fault : std::uint8_t {
  // The log
  leader_moves,    ///< a partition takes and gives nothing for a while
  slow_append,     ///< a record lands late
  slow_fetch,      ///< a reader sees a record late
  offset_gap,      ///< offsets jump
  producer_fails,  ///< a client of the log fails for good
  slow_commit,     ///< a committed offset reaches the brokers late
  garbage,         ///< somebody writes into an inbox what is no event, or another topic's
  // Disks
  slow_disk,     ///< a commit of a store takes long
  commits_lost,  ///< a crash takes the newest commits of a store
  state_lost,    ///< a process starts without its state
  // Processes
  crash,       ///< a process dies and is started again
  pause,       ///< a process stands still, and goes on without knowing
  hand_over,   ///< partitions move to another process
  overlap,     ///< the old owner does not notice a hand-over for a while
  scale,       ///< a process of a stage is started or stopped
  clock_jump,  ///< the clock of a process jumps
  // The world
  domain_slow,         ///< a domain takes its time until it listens
  domain_mute,         ///< a domain starts and never listens
  start_hangs,         ///< a start never ends: the driver gives up, and the domain is there, or not, or comes later
  error_after_doing,   ///< a driver did it, and says that it failed
  driver_error,        ///< a driver fails, nothing was done
  answer_late,         ///< a driver's answer comes very late
  probe_lies,          ///< a probe says alive of what is not, or the reverse
  balancer_restart,    ///< the load balancer comes up empty
  balancer_down,       ///< the load balancer does not answer for a while
  server_taken,        ///< somebody else takes a server out of the load balancer
  connection_lingers,  ///< a connection outlives the drain of its server
  mail_down,           ///< no mail is taken for a while
  // What comes in
  alert_late,        ///< it reaches the log long after it was raised
  alert_doubled,     ///< it comes twice
  alert_reordered,   ///< it comes after its resolution, or after a younger one
  request_repeated,  ///< a caller that was not answered asks again
};
inline constexpr std::size_t faults_count = 32;

/// Its name, as it is printed, and how often at most it happens where it may: the rate of a run is drawn from 0 to
/// this.
struct FaultKind {
  std::string_view name;
  std::uint32_t permille_max;
};
inline constexpr std::array<FaultKind, faults_count> fault_kinds = {{
    {"leader_moves", 300},
    {"slow_append", 100},
    {"slow_fetch", 100},
    {"offset_gap", 200},
    {"producer_fails", 100},
    {"slow_commit", 300},
    {"garbage", 300},
    {"slow_disk", 200},
    {"commits_lost", 500},
    {"state_lost", 500},
    {"crash", 500},
    {"pause", 300},
    {"hand_over", 300},
    {"overlap", 700},
    {"scale", 200},
    {"clock_jump", 200},
    {"domain_slow", 300},
    {"domain_mute", 100},
    {"start_hangs", 200},
    {"error_after_doing", 300},
    {"driver_error", 300},
    {"answer_late", 100},
    {"probe_lies", 200},
    {"balancer_restart", 100},
    {"balancer_down", 100},
    {"server_taken", 100},
    {"connection_lingers", 300},
    {"mail_down", 300},
    {"alert_late", 200},
    {"alert_doubled", 300},
    {"alert_reordered", 200},
    {"request_repeated", 500},
}};

constexpr std::string_view name_of(Fault kind) {
  return fault_kinds[static_cast<std::size_t>(kind)].name;
}

}  // namespace virtscale::simulation
