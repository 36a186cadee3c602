// A campaign: many seeds, on all cores.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/simulation/engine/run.hpp"

namespace virtscale::simulation {

struct CampaignSettings {
  std::uint64_t first = 1;
  std::uint64_t seeds = 500;
  std::uint64_t minutes = 0;  ///< if not 0: as many seeds as are begun within them
  std::uint64_t jobs = 0;     ///< threads, each with a seed at a time; 0: as many as there are cores
  /// Failures after which no more seeds are begun.
  std::size_t failures_max = 10;
};

struct CampaignResult {
  std::map<std::uint64_t, std::string> failed;  ///< by seed: the check
  std::uint64_t seeds = 0;
  std::uint64_t repeated = 0;  ///< of them, run twice to see that the bytes are the same
  std::uint64_t records = 0;
  std::uint64_t steps = 0;
  std::uint64_t embedded = 0;  ///< seeds of that shape
  Duration simulated;
  Duration settled_max;
  std::array<std::uint64_t, faults_count> faults{};
  double seconds = 0;

  std::string as_text() const;
  std::string as_json() const;
};

class Campaign {
 public:
  /// Each so-manieth seed is run twice.
  static constexpr std::uint64_t repeated_every = 50;

  explicit Campaign(CampaignSettings settings);
  /// Runs all, or until there are too many failures. Shows progress on a terminal.
  void go();
  const CampaignResult& result() const { return result_; }
  /// The seeds that are being run by any campaign of this program.
  static std::vector<std::uint64_t> running();

 private:
  void work(std::size_t job);
  bool another(std::uint64_t& seed);
  void add(const Plan& plan, const Report& report);
  void show_progress();

  CampaignSettings settings_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::atomic<std::uint64_t> begun_ = 0;
  std::mutex mutex_;
  CampaignResult result_;
};

}  // namespace virtscale::simulation
