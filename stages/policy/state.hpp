// What the policy stage remembers: contracts, services, and the books of what is used under which contract.
//
// The one thing to know: `usage` and the counts in `services` are sums over `domains`, kept as running totals so that a
// decision costs the same however many services there are (invariants.hpp checks them).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schemas/codec.hpp"
#include "schemas/state/policy_generated.h"
#include "topology/contract/table.hpp"

namespace virtscale::policy {

struct State {
  Table<schema::OrgContractT> contracts{"contracts"};    ///< by org
  Table<schema::OrgUsageT> usage{"usage"};               ///< by org
  Table<schema::ServiceBookT> services{"services"};      ///< by org/service
  Table<schema::DomainBookT> domains{"domains"};         ///< by org/service/domain
  Table<schema::StandingRefusalT> refusals{"refusals"};  ///< by org/service/fingerprint
  Table<schema::AnsweredRequestT> requests{"requests"};  ///< by org/Idempotency-Key

  std::vector<AnyTable*> tables();
};

/// `first/second`, and `first/second/third`: keys of rows and of records.
std::string key_of(std::string_view first, std::string_view second);
std::string key_of(std::string_view first, std::string_view second, std::string_view third);

/// Domains that serve the service or will, without those that are on their way out. Never negative.
std::int32_t replicas_now(const schema::ServiceBookT& book);

}  // namespace virtscale::policy
