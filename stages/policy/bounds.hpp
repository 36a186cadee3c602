// The bounds of the policy stage, each with its reason.
//
// The one thing to know: with the amounts bounded here, every sum and every comparison of the gate is exact in 64 bits,
// or in 128 where two bounded amounts are multiplied.
#pragma once

#include <cstddef>
#include <cstdint>

#include "topology/contract/units.hpp"

namespace virtscale::policy {

/// A scale changes at most this many replicas, and a service has at most this many.
inline constexpr std::int64_t replicas_bound_max = 10'000;

/// One domain, in each dimension: a million vCPU, about a PiB of memory, about an EiB of disk. No machine is larger.
inline constexpr std::int64_t domain_amount_max = 1'000'000'000;

/// A quota, in each dimension. A thousand of the largest domains; times 100 + overage it is far below 2^63.
inline constexpr std::int64_t quota_amount_max = 1'000'000'000'000;

/// Names of services; the record's key holds org/service in 1,024 bytes.
inline constexpr std::size_t name_bytes_max = 255;

/// An Idempotency-Key; clients send UUIDs or a few words.
inline constexpr std::size_t idempotency_key_bytes_max = 255;

/// Answers under an Idempotency-Key are kept this long: a client that retries has long given up.
inline constexpr Duration request_remembered = hours(24);

/// The same violation is mailed again after this long at the earliest, and at most this many are told apart.
inline constexpr Duration violation_remembered = hours(24);
inline constexpr std::size_t violations_mailed_max = 32;

/// Earlier versions of a contract that are kept for people; the log has them all.
inline constexpr std::size_t contract_versions_max = 64;

}  // namespace virtscale::policy
