// The story of a run: what happened, for a person. And the verdict: what must not have happened.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/simulation/engine/virtual_time.hpp"

namespace virtscale::simulation {

/// What a check found. The first one ends the run.
struct Violation {
  std::string check;  ///< such as `lanes have no gap`
  std::string text;   ///< what, where, with the records concerned
};

/// Lines in the order of time. Nothing is kept unless somebody will read it: texts are made by a function.
class Story {
 public:
  enum class Reader : std::uint8_t { nobody, somebody };
  /// Newer lines take the place of older ones beyond this.
  static constexpr std::size_t lines_max = 20'000;

  Story(const VirtualTime& time, Reader reader) : time_(time), begin_(time.now()), reader_(reader) {}

  template <class MakeText>
  void tell(MakeText make_text) {
    if (reader_ == Reader::somebody) add(make_text());
  }
  /// A promise is broken: the run ends after this event.
  void violated(std::string check, std::string text);
  const std::vector<Violation>& violations() const { return violations_; }
  /// Chronological, each line with the seconds since the begin.
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  void add(std::string text);

  const VirtualTime& time_;
  Instant begin_;
  Reader reader_;
  std::vector<std::string> lines_;
  std::vector<Violation> violations_;
};

}  // namespace virtscale::simulation
