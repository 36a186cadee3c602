#include "topology/contract/sha256.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace virtscale {
namespace {

constexpr std::size_t block_bytes = 64;

// FIPS 180-4, 4.2.2.
alignas(16) constexpr std::array<std::uint32_t, 64> round_constants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// FIPS 180-4, 5.3.3.
constexpr std::array<std::uint32_t, 8> first_state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

std::uint32_t big_endian(const std::byte* at) {
  return std::uint32_t{std::to_integer<std::uint32_t>(at[0])} << 24 | std::to_integer<std::uint32_t>(at[1]) << 16 |
         std::to_integer<std::uint32_t>(at[2]) << 8 | std::to_integer<std::uint32_t>(at[3]);
}

std::uint32_t small_sigma0(std::uint32_t x) {
  return std::rotr(x, 7) ^ std::rotr(x, 18) ^ (x >> 3);
}
std::uint32_t small_sigma1(std::uint32_t x) {
  return std::rotr(x, 17) ^ std::rotr(x, 19) ^ (x >> 10);
}
std::uint32_t big_sigma0(std::uint32_t x) {
  return std::rotr(x, 2) ^ std::rotr(x, 13) ^ std::rotr(x, 22);
}
std::uint32_t big_sigma1(std::uint32_t x) {
  return std::rotr(x, 6) ^ std::rotr(x, 11) ^ std::rotr(x, 25);
}

std::array<std::uint32_t, 64> schedule(const std::byte* block) {
  std::array<std::uint32_t, 64> w;
  for (std::size_t t = 0; t < 16; ++t) w[t] = big_endian(block + 4 * t);
  for (std::size_t t = 16; t < 64; ++t) w[t] = small_sigma1(w[t - 2]) + w[t - 7] + small_sigma0(w[t - 15]) + w[t - 16];
  return w;
}

// FIPS 180-4, 6.2.2, in its own names.
void compress_block(std::uint32_t* state, const std::byte* block) {
  const auto w = schedule(block);
  auto [a, b, c, d, e, f, g, h] =
      std::array{state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]};
  for (std::size_t t = 0; t < 64; ++t) {
    const auto t1 = h + big_sigma1(e) + ((e & f) ^ (~e & g)) + round_constants[t] + w[t];
    const auto t2 = big_sigma0(a) + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  const std::array working{a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < working.size(); ++i) state[i] += working[i];
}

template <std::size_t lanes>
void compress_portable(std::array<Sha256::Lane, lanes> side_by_side, std::size_t blocks) {
  for (const auto& lane : side_by_side) {
    for (std::size_t i = 0; i < blocks; ++i) compress_block(lane.state, lane.blocks + i * block_bytes);
  }
}

// clang before 19 cannot ask a processor for them, and is not what we ship: fuzzers take the portable way.
#if defined(__x86_64__) && !defined(__clang__)
// The SHA extensions work on the state as two vectors, ABEF and CDGH, and do two rounds at a time: Intel's
// "Intel SHA Extensions" paper, 2013. Group `g` of four rounds uses the message words 4g to 4g + 3, which lie in a ring
// of four vectors.
__attribute__((target("sha,sse4.1,ssse3"))) inline __m128i load_words(const std::byte* at) {
  const auto swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  return _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)), swap);
}

__attribute__((target("sha,sse4.1,ssse3"))) inline __m128i next_words(const __m128i* ring, std::size_t group) {
  const auto w0 = ring[group % 4];
  const auto w1 = ring[(group + 1) % 4];
  const auto w2 = ring[(group + 2) % 4];
  const auto w3 = ring[(group + 3) % 4];
  const auto partial = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));
  return _mm_sha256msg2_epu32(partial, w3);
}

template <std::size_t lanes>
__attribute__((target("sha,sse4.1,ssse3"))) void compress_with_instructions(
    std::array<Sha256::Lane, lanes> side_by_side, std::size_t blocks) {
  __m128i abef[lanes];
  __m128i cdgh[lanes];
#pragma GCC unroll 2
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    const auto* state = reinterpret_cast<const __m128i*>(side_by_side[lane].state);
    const auto cdab = _mm_shuffle_epi32(_mm_loadu_si128(state), 0xb1);
    const auto efgh = _mm_shuffle_epi32(_mm_loadu_si128(state + 1), 0x1b);
    abef[lane] = _mm_alignr_epi8(cdab, efgh, 8);
    cdgh[lane] = _mm_blend_epi16(efgh, cdab, 0xf0);
  }
  for (; blocks > 0; --blocks) {
    __m128i abef_before[lanes];
    __m128i cdgh_before[lanes];
    __m128i ring[lanes][4];
#pragma GCC unroll 2
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      abef_before[lane] = abef[lane];
      cdgh_before[lane] = cdgh[lane];
#pragma GCC unroll 4
      for (std::size_t i = 0; i < 4; ++i) ring[lane][i] = load_words(side_by_side[lane].blocks + 16 * i);
      side_by_side[lane].blocks += block_bytes;
    }
#pragma GCC unroll 16
    for (std::size_t group = 0; group < 16; ++group) {
      const auto constants = _mm_load_si128(reinterpret_cast<const __m128i*>(round_constants.data() + 4 * group));
#pragma GCC unroll 2
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        const auto words = _mm_add_epi32(ring[lane][group % 4], constants);
        if (group < 12) ring[lane][group % 4] = next_words(ring[lane], group);
        cdgh[lane] = _mm_sha256rnds2_epu32(cdgh[lane], abef[lane], words);
        abef[lane] = _mm_sha256rnds2_epu32(abef[lane], cdgh[lane], _mm_shuffle_epi32(words, 0x0e));
      }
    }
#pragma GCC unroll 2
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      abef[lane] = _mm_add_epi32(abef[lane], abef_before[lane]);
      cdgh[lane] = _mm_add_epi32(cdgh[lane], cdgh_before[lane]);
    }
  }
#pragma GCC unroll 2
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    auto* state = reinterpret_cast<__m128i*>(side_by_side[lane].state);
    const auto feba = _mm_shuffle_epi32(abef[lane], 0x1b);
    const auto dchg = _mm_shuffle_epi32(cdgh[lane], 0xb1);
    _mm_storeu_si128(state, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128(state + 1, _mm_alignr_epi8(dchg, feba, 8));
  }
}

bool has_instructions() {
  return __builtin_cpu_supports("sha") && __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("ssse3");
}
#endif

}  // namespace

Sha256::Sha256(Sha256Engine engine)
    : compress_one_(compress_portable<1>), compress_two_(compress_portable<2>), state_(first_state) {
#if defined(__x86_64__) && !defined(__clang__)
  if (engine == Sha256Engine::fastest && has_instructions()) {
    compress_one_ = compress_with_instructions<1>;
    compress_two_ = compress_with_instructions<2>;
  }
#else
  static_cast<void>(engine);
#endif
}

void Sha256::update(Bytes bytes) {
  if (bytes.empty()) return;
  length_ += bytes.size();
  if (filled_ > 0) {
    const auto taken = std::min(block_bytes - filled_, bytes.size());
    std::memcpy(block_.data() + filled_, bytes.data(), taken);
    filled_ += taken;
    bytes = bytes.subspan(taken);
    if (filled_ < block_bytes) return;
    compress(block_.data(), 1);
  }
  const auto whole = bytes.size() / block_bytes;
  compress(bytes.data(), whole);
  const auto rest = bytes.subspan(whole * block_bytes);
  filled_ = rest.size();
  if (!rest.empty()) std::memcpy(block_.data(), rest.data(), rest.size());
}

Bytes Sha256::complete_block(Bytes bytes) {
  const auto missing = filled_ == 0 ? 0 : std::min(block_bytes - filled_, bytes.size());
  update(bytes.first(missing));
  return bytes.subspan(missing);
}

void Sha256::update_both(Sha256& a, Bytes to_a, Sha256& b, Bytes to_b) {
  to_a = a.complete_block(to_a);
  to_b = b.complete_block(to_b);
  const auto both = std::min(to_a.size(), to_b.size()) / block_bytes;
  a.compress_two_({Lane{a.state_.data(), to_a.data()}, Lane{b.state_.data(), to_b.data()}}, both);
  a.length_ += both * block_bytes;
  b.length_ += both * block_bytes;
  a.update(to_a.subspan(both * block_bytes));
  b.update(to_b.subspan(both * block_bytes));
}

Digest Sha256::finish() {
  constexpr std::size_t length_at = block_bytes - 8;
  block_[filled_++] = std::byte{0x80};
  if (filled_ > length_at) {
    std::memset(block_.data() + filled_, 0, block_bytes - filled_);
    compress(block_.data(), 1);
    filled_ = 0;
  }
  std::memset(block_.data() + filled_, 0, length_at - filled_);
  const auto bits = length_ * 8;
  for (std::size_t i = 0; i < 8; ++i) block_[length_at + i] = static_cast<std::byte>(bits >> (56 - 8 * i));
  compress(block_.data(), 1);
  Digest digest;
  for (std::size_t i = 0; i < digest.size(); ++i)
    digest[i] = static_cast<std::byte>(state_[i / 4] >> (24 - 8 * (i % 4)));
  return digest;
}

Digest sha256(Bytes bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

}  // namespace virtscale
