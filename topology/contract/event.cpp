#include "topology/contract/event.hpp"

#include <charconv>
#include <cstring>

#include "topology/contract/blake2b.hpp"

namespace virtscale {
namespace {

constexpr std::string_view scale_prefix = "evt-";
constexpr std::size_t scale_digits = 12;
constexpr std::uint64_t scale_mask = (std::uint64_t{1} << 48) - 1;

template <class Integer>
std::byte* put(std::byte* to, Integer value) {
  std::memcpy(to, &value, sizeof value);
  return to + sizeof value;
}

}  // namespace

ScaleId scale_of(const EventId& first) {
  std::array<std::byte, 17> id;
  put(put(put(put(id.data(), static_cast<std::uint8_t>(first.stage)), first.partition), first.offset), first.index);
  const auto value = blake2b_64(id) & scale_mask;
  return {value == 0 ? 1 : value};
}

FixedText<16> text_of(ScaleId scale) {
  constexpr FixedText<4> prefix{'e', 'v', 't', '-'};
  static_assert(std::string_view(prefix) == scale_prefix);
  return joined(prefix, hex_digits<scale_digits>(scale.value));
}

std::string to_string(ScaleId scale) {
  return std::string(std::string_view(text_of(scale)));
}

ScaleId parse_scale(std::string_view text) {
  if (!text.starts_with(scale_prefix)) return {};
  text.remove_prefix(scale_prefix.size());
  if (text.size() != scale_digits || text.find_first_not_of("0123456789abcdef") != text.npos) return {};
  ScaleId scale;
  std::from_chars(text.data(), text.data() + text.size(), scale.value, 16);
  return scale;
}

// The constants are MurmurHash2's with the seed that Kafka's org.apache.kafka.common.utils.Utils.murmur2 uses.
std::uint32_t partition_of(std::string_view key, std::uint32_t partitions) {
  constexpr std::uint32_t m = 0x5bd1e995;
  auto h = std::uint32_t{0x9747b28c} ^ static_cast<std::uint32_t>(key.size());
  std::size_t at = 0;
  for (; at + 4 <= key.size(); at += 4) {
    std::uint32_t k;
    std::memcpy(&k, key.data() + at, 4);
    k *= m;
    k ^= k >> 24;
    k *= m;
    h = (h * m) ^ k;
  }
  if (at < key.size()) {
    for (auto i = key.size(); i > at; --i)
      h ^= std::uint32_t{static_cast<unsigned char>(key[i - 1])} << (8 * (i - 1 - at));
    h *= m;
  }
  h ^= h >> 13;
  h *= m;
  h ^= h >> 15;
  return (h & 0x7fffffff) % partitions;
}

}  // namespace virtscale
