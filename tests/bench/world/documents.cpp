#include "tests/bench/world/documents.hpp"

#include <memory>

namespace virtscale::bench {

schema::ContractAppliedT contract_of(std::int64_t quota) {
  schema::ContractAppliedT contract;
  contract.version = 1;
  contract.signed_ = "2025-11-02";
  contract.quota = schema::Resources(quota, quota, quota);
  contract.overage_percent = 10;
  return contract;
}

schema::ServiceAppliedT service_of(const std::string& name, std::int32_t replicas_max) {
  schema::ServiceAppliedT applied;
  applied.spec = std::make_unique<schema::ServiceSpecT>();
  applied.spec->name = name;
  applied.spec->cell = "bench";
  applied.spec->domain = schema::Resources(100, 64, 1);
  applied.spec->replicas_max = replicas_max;
  applied.spec->haproxy_backend = name;
  return applied;
}

}  // namespace virtscale::bench
