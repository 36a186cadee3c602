// The documents that benches apply: one kind of contract and one kind of service.
#pragma once

#include <cstdint>
#include <string>

#include "schemas/codec.hpp"

namespace virtscale::bench {

/// A contract with so much of each dimension, in its own unit, and 10 % of overage.
schema::ContractAppliedT contract_of(std::int64_t quota);

/// A service of up to `replicas_max` domains in the cell `bench`, without health checks; its backend has its name.
schema::ServiceAppliedT service_of(const std::string& name, std::int32_t replicas_max = 10'000);

}  // namespace virtscale::bench
