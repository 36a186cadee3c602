#include "replay/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "replay/text.hpp"

namespace virtscale::replay {
namespace {

constexpr std::uint64_t bar_width = 40;
constexpr std::chrono::milliseconds first_after{500};
constexpr std::chrono::milliseconds drawn_every{200};

}  // namespace

Progress::Progress(std::string what)
    : what_(std::move(what)),
      on_terminal_(isatty(STDERR_FILENO) == 1),
      next_(std::chrono::steady_clock::now() + first_after) {}

void Progress::show(std::uint64_t seen, std::uint64_t expected) {
  if (!on_terminal_ || std::chrono::steady_clock::now() < next_) return;
  next_ = std::chrono::steady_clock::now() + drawn_every;
  drawn_ = true;
  const auto filled = std::min(bar_width, seen * bar_width / std::max<std::uint64_t>(expected, 1));
  std::fprintf(stderr, "\r%s [%s%s] %s of about %s records", what_.c_str(), std::string(filled, '#').c_str(),
               std::string(bar_width - filled, ' ').c_str(), with_commas(seen).c_str(), with_commas(expected).c_str());
}

void Progress::clear() {
  if (drawn_) std::fprintf(stderr, "\r\033[K");
  drawn_ = false;
}

}  // namespace virtscale::replay
