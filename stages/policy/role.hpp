// The role of policy: the fold, its mails, and the status of orgs.
#pragma once

#include <memory>

#include "topology/host/role.hpp"
#include "topology/ports/effects.hpp"

namespace virtscale::policy {

/// How often the usage of orgs is shown anew among the metrics.
inline constexpr Duration usage_shown_every = seconds(5);

/// `mail` outlives it.
std::unique_ptr<Role> make_role(RoleParts parts, Mail& mail);

}  // namespace virtscale::policy
