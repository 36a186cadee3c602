#include "topology/adapters/segment/checksum.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace virtscale::segment {
namespace {

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

/// Slicing by 8 (Kounavis and Berry, 2005): table k advances a byte over k more bytes. The polynomial is reflected.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0x82f63b78U : 0U);
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < tables.size(); ++k)
    for (std::uint32_t byte = 0; byte < 256; ++byte)
      tables[k][byte] = (tables[k - 1][byte] >> 8) ^ tables[0][tables[k - 1][byte] & 0xffU];
  return tables;
}

constexpr Tables tables = make_tables();

std::uint64_t load_word(const std::byte* from) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

#if defined(__x86_64__)
// One CRC instruction takes three cycles and begins every cycle: three stripes are read side by side, and their sums
// put together as if one had followed the other. (Gopal et al., "Fast CRC Computation for iSCSI Polynomial Using CRC32
// Instruction", Intel, 2011.)
constexpr std::size_t stripe = 256;

// x to the power `n` modulo the polynomial, reflected.
constexpr std::uint64_t power_of_x(std::size_t n) {
  std::uint32_t power = 0x80000000U;
  for (; n > 0; --n) power = (power >> 1) ^ ((power & 1U) != 0 ? 0x82f63b78U : 0U);
  return power;
}

// The sum `crc` as it is after `zeros` more bytes of zero. The product of two reflected factors is x too high, and the
// instruction multiplies by x^32.
template <std::size_t zeros>
__attribute__((target("sse4.2,pclmul"))) std::uint64_t behind(std::uint64_t crc) {
  constexpr auto power = static_cast<long long>(power_of_x(8 * zeros - 33));
  const auto product =
      _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<long long>(crc)), _mm_cvtsi64_si128(power), 0);
  return _mm_crc32_u64(0, static_cast<std::uint64_t>(_mm_cvtsi128_si64(product)));
}

__attribute__((target("sse4.2,pclmul"))) std::uint32_t crc32c_by_instruction(std::uint32_t before, Bytes bytes) {
  std::uint64_t crc = static_cast<std::uint32_t>(~before);
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 3 * stripe; at += 3 * stripe, left -= 3 * stripe) {
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (std::size_t i = 0; i < stripe; i += 8) {
      crc = _mm_crc32_u64(crc, load_word(at + i));
      second = _mm_crc32_u64(second, load_word(at + stripe + i));
      third = _mm_crc32_u64(third, load_word(at + 2 * stripe + i));
    }
    crc = behind<2 * stripe>(crc) ^ behind<stripe>(second) ^ third;
  }
  for (; left >= 8; at += 8, left -= 8) crc = _mm_crc32_u64(crc, load_word(at));
  auto rest = static_cast<std::uint32_t>(crc);
  for (; left > 0; ++at, --left) rest = _mm_crc32_u8(rest, static_cast<unsigned char>(*at));
  return ~rest;
}
#endif

using Checksum = std::uint32_t (*)(std::uint32_t, Bytes);

Checksum fastest() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul")) return crc32c_by_instruction;
#endif
  return crc32c_portable;
}

}  // namespace

std::uint32_t crc32c_portable(std::uint32_t before, Bytes bytes) {
  std::uint32_t crc = ~before;
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {
    const std::uint64_t word = load_word(at) ^ crc;
    crc = 0;
    for (std::size_t k = 0; k < 8; ++k) crc ^= tables[7 - k][(word >> (8 * k)) & 0xffU];
  }
  for (; left > 0; ++at, --left) crc = (crc >> 8) ^ tables[0][(crc ^ static_cast<std::uint32_t>(*at)) & 0xffU];
  return ~crc;
}

std::uint32_t crc32c(std::uint32_t before, Bytes bytes) {
  static const Checksum checksum = fastest();
  return checksum(before, bytes);
}

}  // namespace virtscale::segment
