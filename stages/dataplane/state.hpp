// What the dataplane stage remembers: the domains on their way into traffic, in it, and on their way out.
//
// The one thing to know: a backend's row exists from DomainStarted until BackendFailed or BackendGone, and the answer
// of an effect names the domain alone, so that rows are keyed by org and domain; the service is in the row.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schemas/codec.hpp"
#include "schemas/state/dataplane_generated.h"
#include "topology/contract/key_text.hpp"
#include "topology/contract/table.hpp"

namespace virtscale::dataplane {

struct State {
  // Out of line, so that what its tables need is compiled once.
  State();
  ~State();

  Table<schema::DomainBackendT> backends{"backends"};   ///< by org/domain
  Table<schema::ServiceHomeT> homes{"homes"};           ///< by org/service
  Table<schema::DepartedDomainT> departed{"departed"};  ///< by number, as `departed_key` writes it
  Table<schema::DeparturesT> departures{"departures"};  ///< one row, with an empty key

  std::vector<AnyTable*> tables();
};

/// The key of the departure with this number.
std::string departed_key(std::uint64_t number);

}  // namespace virtscale::dataplane
