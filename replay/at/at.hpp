// The state of everything as of a moment: contracts and what was used under them, services, domains, cells, ledgers.
//
// The one thing to know: a moment is a time of the log. What was recorded at that microsecond or before it has
// happened, and nothing else has.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "replay/log_source.hpp"

namespace virtscale::replay {

/// What is asked for. What is empty is not asked: without any of them, all there is.
struct AtOptions {
  Instant at{};
  std::string org{};
  std::string service{};  ///< ORG/SERVICE
  std::string cell{};
  std::function<void(std::uint64_t seen, std::uint64_t expected)> progress{};
};

/// vCPU in thousandths, RAM in MiB, disk in GiB.
struct Amounts {
  std::int64_t vcpu_milli = 0;
  std::int64_t ram_mib = 0;
  std::int64_t disk_gib = 0;
};

struct ContractAt {
  std::string org;
  std::int64_t version = 0;
  Amounts quota;
  std::int32_t overage_percent = 0;
  Amounts committed;
  Amounts reserved;
};

struct ServiceAt {
  std::string service;  ///< ORG/SERVICE
  std::string cell;
  std::int32_t min = 0;
  std::int32_t max = 0;
  std::int32_t committed = 0;
  std::int32_t reserved = 0;
  std::int32_t leaving = 0;
};

struct DomainAt {
  std::string name;
  std::string service;  ///< ORG/SERVICE
  std::string phase;    ///< `queued`, `starting`, `running`, `draining` or `stopping`
  std::string cell;
  std::string zone;
  std::string node;
  std::uint32_t numa = 0;
  std::string address;  ///< with the port; empty before it is known
};

struct NumaAt {
  std::string cell;
  std::string zone;
  std::string node;
  std::uint32_t numa = 0;
  std::int64_t vcpu_milli = 0;
  std::int64_t used_vcpu_milli = 0;
  std::int64_t ram_mib = 0;
  std::int64_t used_ram_mib = 0;
};

struct LedgerAt {
  std::string org;
  std::uint64_t lines = 0;
  std::uint64_t signed_lines = 0;
  std::uint64_t open = 0;  ///< scale events without a line
};

struct StateAt {
  std::uint64_t records = 0;  ///< that were folded
  std::vector<ContractAt> contracts;
  std::vector<ServiceAt> services;
  std::vector<DomainAt> domains;
  std::vector<NumaAt> cells;
  std::vector<LedgerAt> ledgers;
};

/// Folds everything up to the moment, from the nearest stored states. Throws LogError, SnapshotError and IndexError,
/// and std::runtime_error for a partition that cannot be folded so far.
StateAt state_at(const LogSource& source, const AtOptions& options);

}  // namespace virtscale::replay
