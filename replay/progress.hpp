// A progress bar on stderr, for people: on a terminal only, so that a pipe gets nothing of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace virtscale::replay {

class Progress {
 public:
  /// `what` stands before the bar.
  explicit Progress(std::string what);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Draws the bar, five times a second at most, and not in the first half second.
  void show(std::uint64_t seen, std::uint64_t expected);
  /// Takes it off the terminal.
  void clear();

 private:
  std::string what_;
  bool on_terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace virtscale::replay
