#include "stages/policy/state.hpp"

#include <algorithm>

namespace virtscale::policy {

std::vector<AnyTable*> State::tables() {
  return {&contracts, &usage, &services, &domains, &refusals, &requests, &calendars, &postmortems};
}

std::string key_of(std::string_view first, std::string_view second) {
  std::string key;
  key.reserve(first.size() + 1 + second.size());
  return key.append(first).append(1, '/').append(second);
}

std::string key_of(std::string_view first, std::string_view second, std::string_view third) {
  std::string key;
  key.reserve(first.size() + second.size() + third.size() + 2);
  return key.append(first).append(1, '/').append(second).append(1, '/').append(third);
}

std::int32_t replicas_now(const schema::ServiceBookT& book) {
  return std::max(0, book.committed + book.reserved - book.leaving);
}

}  // namespace virtscale::policy
