// All checks of the outside, as a run sees them.
//
// The one thing to know: every check looks at records and at the world as they come, so that what is wrong is found at
// the record that made it so.
#pragma once

#include <string>

#include "tests/simulation/checks/books.hpp"
#include "tests/simulation/checks/limits.hpp"
#include "tests/simulation/checks/machines.hpp"
#include "tests/simulation/checks/mails.hpp"
#include "tests/simulation/checks/outcomes.hpp"
#include "tests/simulation/checks/wishes.hpp"

namespace virtscale::simulation {

class Checks {
 public:
  /// Listens to the world from now on. All outlive it.
  Checks(const Stageplay& play, World& world);

  void after_record(const Recorded& record, const Step* step);
  std::string awaits() const { return machines_.awaits(); }
  void judge(const std::set<EventId>& acknowledged);
  /// Empty, or what the run lacks for the `actions` that it did.
  std::string vacuous(std::uint32_t actions) const;

 private:
  void note(const Recorded& record);
  void check_held();

  Story& story_;
  const View& view_;
  World& world_;
  Wishes wishes_;
  Books books_;
  Limits limits_;
  Outcomes outcomes_;
  Mails mails_;
  Machines machines_;
  std::size_t records_ = 0;
};

}  // namespace virtscale::simulation
