#include "stages/dataplane/state.hpp"

namespace virtscale::dataplane {

State::State() = default;
State::~State() = default;

std::vector<AnyTable*> State::tables() {
  return {&backends, &homes, &departed, &departures};
}

std::string departed_key(std::uint64_t number) {
  return std::to_string(number);
}

}  // namespace virtscale::dataplane
