// BLAKE2b (RFC 7693), unkeyed: what scale events are named by.
//
// Our own, because folds link against nothing but the standard library; tests compare it with libsodium's.
#pragma once

#include <cstdint>
#include <cstring>

#include "topology/contract/event.hpp"

namespace virtscale {

/// The first 8 bytes, little-endian, of the 32-byte BLAKE2b digest of `bytes`.
std::uint64_t blake2b_64(Bytes bytes);

/// The 32-byte BLAKE2b digest (BLAKE2b-256).
std::array<std::byte, 32> blake2b_256(Bytes bytes);

}  // namespace virtscale
