// Strays: servers in the balancer whose domains have left it. An owner that was taken for dead may put one back after
// its successor has drained it.
//
// The one thing to know: only what this partition has taken out itself is drained again. Whatever else is in the
// balancer is somebody else's, be it another org's or an operator's.
#pragma once

#include "stages/dataplane/fold_departure.hpp"

namespace virtscale::dataplane {

/// Remembers that a backend, if it was behind a balancer, has left it. The oldest of departed_max is forgotten.
void remember_departure(Step& step, const schema::DomainBackendT& backend);

/// Asks for the drain of those that have departed, and are not being drained already.
void on_strays_found(Step& step, const schema::StraysFound& event);
/// A drain ended, well or not: if the domain is a stray and is seen again, it is drained again.
void on_stray_drained(Step& step, std::string_view domain);

}  // namespace virtscale::dataplane
