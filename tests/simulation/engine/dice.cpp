#include "tests/simulation/engine/dice.hpp"

namespace virtscale::simulation {
namespace {

std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

}  // namespace

Dice::Dice(std::uint64_t seed, std::string_view name, std::uint64_t number) : state_(mixed(seed)) {
  for (const char c : name) state_ = mixed(state_ + static_cast<unsigned char>(c) + 1);
  state_ = mixed(state_ ^ mixed(number + 0x9E3779B97F4A7C15ULL));
}

std::uint64_t Dice::next() {
  state_ += 0x9E3779B97F4A7C15ULL;
  return mixed(state_);
}

}  // namespace virtscale::simulation
