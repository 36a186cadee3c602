// The crew: the roles that a process plays over one log, with their threads, and what they serve.
//
// The one thing to know: the roles share nothing but the log. Each has a thread of its own; what plays in one process
// here plays in five elsewhere, with the same code.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "compose/site/ledger_mirror.hpp"
#include "compose/site/site.hpp"
#include "topology/host/log_edge.hpp"
#include "topology/host/role.hpp"

namespace virtscale {

/// Which stage serves this path; signal has all that is no other's.
Source stage_serving(std::string_view path);

class Crew {
 public:
  using OpenStore = std::function<std::unique_ptr<Store>(std::string_view stage, std::uint32_t partition)>;

  /// `log` outlives it, and `site` the log. Throws std::exception with what is wrong and what to do.
  Crew(Site& site, Log& log, const std::vector<Source>& stages, OpenStore open_store);
  /// Ends the threads; what was not drained is folded again by the next owner.
  ~Crew();

  /// REQUIRES: the stage is one of the crew's.
  Role& role(Source stage) { return *roles_.at(stage); }
  bool plays(Source stage) const { return roles_.contains(stage); }

  void start_edges();
  void stop_edges();
  /// Folds no more, and writes every state; returns when that is done.
  void drain();
  /// Calls `tell` once with the partitions of all roles, in the order of the pipeline, on a thread of a stage.
  void read_status(std::function<void(std::vector<PartitionStatus>)> tell);
  /// The paths of the crew's own stages; called for no other.
  HttpHandler routes();

 private:
  std::unique_ptr<Role> make_role(Source stage, RoleParts parts);
  std::unique_ptr<Role> make_signal(RoleParts parts);
  void read_status_from(std::map<Source, std::unique_ptr<Role>>::iterator role, std::vector<PartitionStatus> gathered,
                        std::function<void(std::vector<PartitionStatus>)> tell);

  Site& site_;
  Log& log_;
  std::map<Source, ThreadInUse> threads_;
  ThreadInUse disk_;
  ThreadInUse edges_;
  ThreadInUse blocking_;
  ThreadInUse mirroring_;  // null without the audit stage
  LogEdge edge_;
  std::unique_ptr<LedgerMirror> mirror_;
  std::map<Source, std::unique_ptr<Role>> roles_;
};

}  // namespace virtscale
