// The hash in an event's header: tells two events that should be one and are not, at the speed of memory.
//
// The one thing to know: it finds accidents (folds that differ, versions that differ), not forgers; what must withstand
// those, the ledger, stands on SHA-256 and signatures. Multiply-and-fold, after Vladimir Makarov's MUM hash (2016).
#pragma once

#include "topology/contract/event.hpp"

namespace virtscale {

/// Depends on every bit and on the length. The value is part of the recorded bytes: it never changes.
std::uint64_t event_hash(Bytes bytes);
/// The same as if the eight bytes from `blank_at` on were zero. REQUIRES: they lie within `bytes`.
std::uint64_t event_hash(Bytes bytes, std::size_t blank_at);

/// The digest of a history that had the digest `history` and goes on with these two numbers.
std::uint64_t chained(std::uint64_t history, std::uint64_t offset, std::uint64_t hash);

}  // namespace virtscale
