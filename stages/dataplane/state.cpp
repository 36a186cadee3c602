#include "stages/dataplane/state.hpp"

namespace virtscale::dataplane {

std::vector<AnyTable*> State::tables() {
  return {&backends, &homes};
}

std::string key_of(std::string_view org, std::string_view name) {
  std::string key(org);
  key += '/';
  key += name;
  return key;
}

}  // namespace virtscale::dataplane
