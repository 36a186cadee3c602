#include "stages/dataplane/state.hpp"

namespace virtscale::dataplane {

std::vector<AnyTable*> State::tables() {
  return {&backends, &homes, &departed, &departures};
}

std::string key_of(std::string_view org, std::string_view name) {
  std::string key(org);
  key += '/';
  key += name;
  return key;
}

std::string departed_key(std::uint64_t number) {
  return std::to_string(number);
}

}  // namespace virtscale::dataplane
