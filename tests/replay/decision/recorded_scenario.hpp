// A scenario's records as an embedded log on disk, as `virtscale up` would have left them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/scenarios/scenario.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale::test {

/// Runs tests/scenarios/NAME.scn, and writes each record with its time, in the order of the log, to a log of its own.
class RecordedScenario {
 public:
  explicit RecordedScenario(const std::string& name);
  RecordedScenario(const RecordedScenario&) = delete;
  RecordedScenario& operator=(const RecordedScenario&) = delete;

  const std::filesystem::path& directory() const { return directory_.path(); }
  /// The org's ledger lines.
  const std::vector<std::string>& lines(const std::string& org) const;

 private:
  void write(Log& from) const;

  TemporaryDirectory directory_;
  mutable std::map<std::string, std::vector<std::string>> lines_;
  mutable Scenario scenario_;
};

}  // namespace virtscale::test
