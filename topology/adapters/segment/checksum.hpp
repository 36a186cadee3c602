// CRC-32C (Castagnoli, RFC 3720 appendix B.4): the checksum of every batch, header and index on disk.
//
// The one thing to know: it finds accidents, not attackers; what must not be forged is signed in the ledger.
#pragma once

#include <cstdint>

#include "topology/contract/event.hpp"

namespace virtscale::segment {

/// The CRC-32C of `bytes`, continued from `before`, the checksum of what stands in front of them (0: nothing).
/// Uses the SSE4.2 instruction where the processor has it: about 8 bytes in 3 cycles.
std::uint32_t crc32c(std::uint32_t before, Bytes bytes);

/// The same from tables, on any processor.
std::uint32_t crc32c_portable(std::uint32_t before, Bytes bytes);

}  // namespace virtscale::segment
