// SHA-256 (FIPS 180-4): what ledger lines and tree nodes are hashed with.
//
// Our own, because folds link against nothing but the standard library. It uses the processor's SHA instructions where
// there are some, found out at run time; tests compare both ways with OpenSSL's and NIST's vectors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "topology/contract/event.hpp"

namespace virtscale {

using Digest = std::array<std::byte, 32>;

/// Which code compresses blocks. Both give the same digests; `portable` is there to be tested on every machine.
enum class Sha256Engine { fastest, portable };

/// A digest that is computed piece by piece.
class Sha256 {
 public:
  /// What an engine works on: a message's state, and the blocks that follow in it.
  struct Lane {
    std::uint32_t* state;
    const std::byte* blocks;
  };

  explicit Sha256(Sha256Engine engine = Sha256Engine::fastest);
  /// Adds bytes to the message, up to 2^61 − 1 in all.
  void update(Bytes bytes);
  /// Adds bytes to two messages side by side, which takes less time than one after the other: a round waits for the one
  /// before it, and meanwhile there is room for the other message's. REQUIRES: both have the same engine.
  static void update_both(Sha256& a, Bytes to_a, Sha256& b, Bytes to_b);
  /// The digest of all that was added. The object is used up then.
  Digest finish();

 private:
  template <std::size_t lanes>
  using Compress = void (*)(std::array<Lane, lanes> side_by_side, std::size_t blocks);

  void compress(const std::byte* blocks, std::size_t count) { compress_one_({Lane{state_.data(), blocks}}, count); }
  /// Adds what the block that was begun still takes; returns the rest.
  Bytes complete_block(Bytes bytes);

  Compress<1> compress_one_;
  Compress<2> compress_two_;
  std::array<std::uint32_t, 8> state_;
  std::array<std::byte, 64> block_;
  std::size_t filled_ = 0;    // bytes of `block_`
  std::uint64_t length_ = 0;  // bytes of the message
};

/// The digest of `bytes`.
Digest sha256(Bytes bytes);

}  // namespace virtscale
