// One *.scn file, run: each command in its order, then everything that was recorded folded again.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/scenarios/script.hpp"
#include "tests/scenarios/world.hpp"

namespace virtscale::test {

/// What is not as the file says is a test failure that names the file and the line.
class Scenario {
 public:
  explicit Scenario(std::filesystem::path file) : file_(std::move(file)) {}

  /// Performs the file's commands.
  void run();
  /// Folds each stage's inbox again, `records` at a time: what a stage emitted depends on its inbox alone, not on how
  /// it was cut.
  void refold_in_chunks_of(std::size_t records);
  /// Everything that was recorded so far.
  World& world() { return world_; }

 private:
  void perform(const Command& command);
  void settle(const Command& command);
  void copy_records(Topic topic, MemoryLog& to);

  std::filesystem::path file_;
  World world_;
};

/// The names of all scenarios, sorted, without `.scn`.
std::vector<std::string> scenario_names();
/// The file of one.
std::filesystem::path scenario_file(const std::string& name);

}  // namespace virtscale::test
