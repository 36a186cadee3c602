// The graph of Virtscale as data: the stages, their inboxes, and who may put which event on which topic.
//
// The host rejects every record that is not in this table; tests compare it with what the folds really take and emit.
#pragma once

#include <array>
#include <string_view>

#include "topology/contract/event.hpp"

namespace virtscale::graph {

/// A stage, the one topic it consumes, and what that topic is keyed by.
struct StageNode {
  Source stage;
  std::string_view name;
  Topic inbox;
  std::string_view key;
};

inline constexpr std::array stages = {
    StageNode{Source::signal, "signal", Topic::alerts, "org/service"},
    StageNode{Source::policy, "policy", Topic::signals, "org"},
    StageNode{Source::orchestration, "orchestration", Topic::decisions, "cell"},
    StageNode{Source::dataplane, "dataplane", Topic::placements, "org/service"},
    StageNode{Source::audit, "audit", Topic::outcomes, "org"},
};

/// `event` may stand on `topic` if `from` wrote it.
struct Flow {
  Source from;
  std::string_view event;
  Topic topic;
};

inline constexpr std::array flows = {
    // The outside speaks to signal.
    Flow{Source::edge, "AlertRaised", Topic::alerts},
    Flow{Source::edge, "AlertResolved", Topic::alerts},
    Flow{Source::edge, "AlertUnroutable", Topic::alerts},
    Flow{Source::edge, "ScaleRequested", Topic::alerts},
    Flow{Source::edge, "ScheduleDue", Topic::alerts},
    Flow{Source::edge, "ServiceApplied", Topic::alerts},
    // Signal speaks to policy.
    Flow{Source::signal, "ScaleWanted", Topic::signals},
    Flow{Source::signal, "AlertCleared", Topic::signals},
    Flow{Source::signal, "ServiceApplied", Topic::signals},
    Flow{Source::edge, "ContractApplied", Topic::signals},
    Flow{Source::edge, "CalendarApplied", Topic::signals},
    Flow{Source::edge, "PostmortemDrafted", Topic::signals},
    Flow{Source::edge, "PostmortemClosed", Topic::signals},
    Flow{Source::edge, "MailSent", Topic::signals},
    Flow{Source::edge, "MailFailed", Topic::signals},
    // Policy decides.
    Flow{Source::policy, "ScaleAdmitted", Topic::decisions},
    Flow{Source::policy, "ScaleDecided", Topic::outcomes},
    Flow{Source::policy, "ScaleAnswered", Topic::outcomes},
    Flow{Source::policy, "RefusalEnded", Topic::outcomes},
    Flow{Source::policy, "DocumentFolded", Topic::outcomes},
    Flow{Source::policy, "OwnerNotified", Topic::outcomes},
    // Orchestration places, starts and stops.
    Flow{Source::edge, "CellApplied", Topic::decisions},
    Flow{Source::edge, "OrphansFound", Topic::decisions},
    Flow{Source::edge, "DomainSpawned", Topic::decisions},
    Flow{Source::edge, "SpawnFailed", Topic::decisions},
    Flow{Source::edge, "DomainHalted", Topic::decisions},
    Flow{Source::edge, "HaltFailed", Topic::decisions},
    Flow{Source::orchestration, "DomainStarted", Topic::placements},
    Flow{Source::orchestration, "DomainRetired", Topic::placements},
    Flow{Source::orchestration, "DomainRunning", Topic::signals},
    Flow{Source::orchestration, "DomainNotStarted", Topic::signals},
    Flow{Source::orchestration, "DomainStopped", Topic::signals},
    Flow{Source::orchestration, "DomainPlaced", Topic::outcomes},
    Flow{Source::orchestration, "DomainFailed", Topic::outcomes},
    Flow{Source::orchestration, "DomainRemoved", Topic::outcomes},
    Flow{Source::orchestration, "DocumentFolded", Topic::outcomes},
    // Dataplane probes and joins.
    Flow{Source::edge, "LoadBalancerRestarted", Topic::placements},
    Flow{Source::edge, "StraysFound", Topic::placements},
    Flow{Source::edge, "LivenessPassed", Topic::placements},
    Flow{Source::edge, "LivenessFailed", Topic::placements},
    Flow{Source::edge, "BackendAdded", Topic::placements},
    Flow{Source::edge, "BackendRefused", Topic::placements},
    Flow{Source::edge, "BackendDrained", Topic::placements},
    Flow{Source::edge, "DrainFailed", Topic::placements},
    Flow{Source::dataplane, "DomainServing", Topic::outcomes},
    Flow{Source::dataplane, "BackendGone", Topic::decisions},
    Flow{Source::dataplane, "BackendFailed", Topic::decisions},
    // Audit writes it down.
    Flow{Source::edge, "CheckpointSigned", Topic::outcomes},
    Flow{Source::audit, "LineAppended", Topic::ledger},
    Flow{Source::audit, "CheckpointPublished", Topic::ledger},
};

/// The host of every stage takes these on its inbox, and writes rejected records here.
inline constexpr std::array host_events = {std::string_view("TimerFired"), std::string_view("FoldActivated")};
inline constexpr std::string_view rejection = "RecordRejected";

/// The node of a stage. REQUIRES: `stage` is not `edge`.
constexpr const StageNode& node_of(Source stage) {
  return stages[static_cast<std::size_t>(stage) - 1];
}

namespace detail {
constexpr bool stages_are_in_order_of_source() {
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (static_cast<std::size_t>(stages[i].stage) != i + 1) return false;
  }
  return true;
}
constexpr bool every_inbox_has_one_stage() {
  for (const auto& a : stages) {
    for (const auto& b : stages) {
      if (a.stage != b.stage && a.inbox == b.inbox) return false;
    }
  }
  return true;
}
constexpr bool no_flow_is_named_twice() {
  for (std::size_t i = 0; i < flows.size(); ++i) {
    for (std::size_t j = i + 1; j < flows.size(); ++j) {
      if (flows[i].from == flows[j].from && flows[i].event == flows[j].event && flows[i].topic == flows[j].topic)
        return false;
    }
  }
  return true;
}
}  // namespace detail
static_assert(detail::stages_are_in_order_of_source());
static_assert(detail::every_inbox_has_one_stage(), "one stage, one inbox");
static_assert(detail::no_flow_is_named_twice());

}  // namespace virtscale::graph
