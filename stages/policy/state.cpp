#include "stages/policy/state.hpp"

#include <algorithm>

namespace virtscale::policy {

std::vector<AnyTable*> State::tables() {
  return {&contracts, &usage, &services, &domains, &refusals, &requests, &calendars, &postmortems};
}

std::int32_t replicas_now(const schema::ServiceBookT& book) {
  return std::max(0, book.committed + book.reserved - book.leaving);
}

}  // namespace virtscale::policy
