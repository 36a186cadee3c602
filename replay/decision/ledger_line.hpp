// A ledger line, read back from its canonical JSON: the figures that everything told about a decision must equal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/contract/units.hpp"

namespace virtscale::replay {

struct LedgerStep {
  std::string name;  ///< signal, policy, orchestration, liveness, dataplane, audit
  Instant at;
};

struct LedgerDomain {
  std::string name;
  std::string node;
  std::string zone;
  std::string cell;
  std::int64_t numa = 0;
  std::string outcome;  ///< pending, serving, failed, removed
  std::string reason;   ///< of a failure
  std::int64_t backends = 0;
};

/// One dimension, in its unit: mvcpu, MiB or GiB.
struct LedgerProjection {
  std::string dimension;  ///< vcpu, ram, disk
  std::int64_t committed = 0;
  std::int64_t reserved = 0;
  std::int64_t asked = 0;
  std::int64_t quota = 0;
  std::int64_t envelope = 0;
};

/// What stages/audit/line.cpp wrote. Members that a line does not have are empty.
struct LedgerLine {
  std::uint64_t index = 0;
  std::string event;
  std::string org;
  std::string service;
  std::string decision;  ///< admitted, refused, failed
  std::string code;
  std::string reason;
  std::string remedy;
  std::string binding;
  std::string requester;
  std::int64_t contract_version = 0;
  std::int64_t overage_percent = 0;
  std::int64_t elapsed_us = 0;
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::string signal_kind;  ///< alert, request, schedule
  std::string signal_name;
  std::int64_t value_milli = 0;
  std::int64_t queue_depth = -1;  ///< -1: not told
  bool ends = false;              ///< the second line of a refusal that stood
  std::vector<LedgerStep> steps;
  std::vector<LedgerDomain> domains;
  std::vector<LedgerProjection> projection;  ///< vcpu, ram, disk
};

/// Nothing if it is not a ledger line.
std::optional<LedgerLine> parse_line(std::string_view line);

}  // namespace virtscale::replay
