// Machines: what runs in the world is what was admitted, and in the end exactly what the states say.
#pragma once

#include <map>
#include <set>
#include <string>

#include "tests/simulation/engine/outside.hpp"
#include "tests/simulation/world/world.hpp"

namespace virtscale::simulation {

class Machines {
 public:
  Machines(Story& story, const View& view, const World& world) : story_(story), view_(view), world_(world) {}

  // Records that were folded.
  void note_signal(const Recorded& record);
  void note_decision(const Recorded& record);
  void note_placement(const Recorded& record);
  void note_outcome(const Recorded& record);

  /// A machine comes to be in the world.
  void note_begin(const Machine& machine);
  /// It is stopped.
  void note_end(const Machine& machine);
  /// A server comes into a pool.
  void note_server(const std::string& backend, const std::string& server);

  /// Empty once states and world are at rest and agree; otherwise the first thing that is awaited.
  std::string awaits() const;

 private:
  void note_given_back(const Recorded& record, const std::string& domain);
  std::string awaits_of_policy(std::set<std::string>& held) const;
  std::string awaits_of_orchestration(const std::set<std::string>& held) const;
  std::string awaits_of_dataplane() const;
  std::string awaits_of_audit() const;
  std::string awaits_of_pools(const std::map<std::string, std::string>& serving) const;
  std::uint32_t partitions_of(Topic topic) const { return view_.layout().partitions[static_cast<std::size_t>(topic)]; }

  Story& story_;
  const View& view_;
  const World& world_;
  std::set<std::string> admitted_;  // names
  std::set<std::string> started_;   // names that the dataplane was told of
  std::set<std::string> alive_;     // names of which a probe said so
};

}  // namespace virtscale::simulation
