#include "tests/simulation/engine/story.hpp"

#include <array>
#include <cstdio>

namespace virtscale::simulation {

void Story::add(std::string text) {
  const auto since = time_.now() - begin_;
  std::array<char, 32> at{};
  std::snprintf(at.data(), at.size(), "%10.6f  ", static_cast<double>(since.us) / 1e6);
  if (lines_.size() == lines_max) lines_.erase(lines_.begin(), lines_.begin() + lines_max / 2);
  lines_.push_back(at.data() + std::move(text));
}

void Story::violated(std::string check, std::string text) {
  tell([&] { return "VIOLATED: " + check + ": " + text; });
  violations_.push_back({std::move(check), std::move(text)});
}

}  // namespace virtscale::simulation
