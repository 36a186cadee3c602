// The gate: would the usage after a scale still be within the contract? A pure projection in exact integers.
//
// The one thing to know: a scale is admitted if and only if in every dimension
// (committed + reserved + asked) × 100 ≤ quota × (100 + overage). Since amounts are integers, that is the same as
// "usage after ≤ envelope" with the envelope rounded down, and that is what is computed.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/codec.hpp"

namespace virtscale::policy {

// --- Bounds: with these, every sum is exact in 64 bits, and in 128 where two amounts are multiplied -----------------

/// A scale changes at most this many replicas, and a service has at most this many.
inline constexpr std::int64_t replicas_bound_max = 10'000;

/// One domain, in each dimension: a million vCPU, about a PiB of memory, about an EiB of disk. No machine is larger.
inline constexpr std::int64_t domain_amount_max = 1'000'000'000;

/// A quota, in each dimension. A thousand of the largest domains; times 100 + overage it is far below 2^63.
inline constexpr std::int64_t quota_amount_max = 1'000'000'000'000;

// --- Amounts --------------------------------------------------------------------------------------------------------

inline constexpr std::size_t dimensions_count = 3;

/// One amount for each dimension in the order of schema::Dimension: thousandths of a vCPU, MiB of RAM, GiB of disk.
using Amounts = std::array<std::int64_t, dimensions_count>;

constexpr std::size_t index_of(schema::Dimension dimension) {
  return static_cast<std::size_t>(dimension);
}
constexpr schema::Dimension dimension_at(std::size_t index) {
  return static_cast<schema::Dimension>(index);
}

Amounts amounts_of(const schema::Resources& resources);
schema::Resources resources_of(const Amounts& amounts);

/// `amounts` of `count` domains. REQUIRES: |count| ≤ 2^31, amounts within domain_amount_max.
Amounts times(const Amounts& amounts, std::int64_t count);
Amounts plus(const Amounts& a, const Amounts& b);
Amounts minus(const Amounts& a, const Amounts& b);

// --- The decision ---------------------------------------------------------------------------------------------------

/// The caps on overage that a contract may have, in percent.
inline constexpr std::array<std::int32_t, 4> overages_on_offer = {0, 5, 10, 20};

/// What a contract allows. REQUIRES: quota within 0 and quota_amount_max, overage one of those on offer.
struct Terms {
  Amounts quota{};
  std::int32_t overage_percent = 0;
};

/// What is in use and what is promised, over all services of the org.
struct Usage {
  Amounts committed{};
  Amounts reserved{};
};

/// quota × (100 + overage) / 100, rounded down, in each dimension.
Amounts envelope_of(const Terms& terms);

/// The gate's answer. `after` is committed + reserved + asked.
struct Verdict {
  bool admitted = false;
  /// If refused: the dimension with the highest after/quota, compared exactly; ties go to vcpu, then ram.
  schema::Dimension binding = schema::Dimension::vcpu;
  Amounts after{};
  Amounts envelope{};
};

/// Decides. REQUIRES: `asked` not negative. A contract that shrank below what is used admits nothing, not even a scale
/// that asks for nothing in the exceeded dimension.
Verdict project(const Terms& terms, const Usage& usage, const Amounts& asked);

/// The smallest change that would have admitted a refused scale.
struct Remedy {
  /// The smallest overage on offer that would, with the same quota; 0 if none would.
  std::int32_t overage_percent = 0;
  /// In each dimension that is exceeded, the smallest quota that would, with the same overage; 0 in the others.
  Amounts quota{};
  /// How many domains would fit now.
  std::int64_t domains_that_fit = 0;
};

/// REQUIRES: `verdict` is a refusal under `terms`. `domain` is what one domain takes.
Remedy remedy_for(const Terms& terms, const Usage& usage, const Amounts& domain, const Verdict& verdict);

/// How many domains of this size fit into the envelope beside what is used; 0 if the envelope is exceeded already, at
/// most replicas_bound_max.
std::int64_t domains_that_fit(const Amounts& envelope, const Usage& usage, const Amounts& domain);

// --- In words, which are part of the recorded bytes: changing one is a change of the fold ---------------------------

/// A sentence in the making, in place: decisions have one each, and putting them together from strings took longer than
/// deciding.
class Words {
 public:
  /// The longest is a projection: six amounts of 21 bytes at most, three percentages of 23, and the words between them.
  static constexpr std::size_t bytes_max = 320;

  /// REQUIRES: no more than `bytes_max` in all.
  Words& add(std::string_view text) {
    size_ += text.copy(bytes_.data() + size_, text.size());
    return *this;
  }
  Words& add(std::int64_t number) {
    const auto end = std::to_chars(bytes_.data() + size_, bytes_.data() + bytes_.size(), number).ptr;
    size_ = static_cast<std::size_t>(end - bytes_.data());
    return *this;
  }

  operator std::string_view() const { return {bytes_.data(), size_}; }
  std::string str() const { return std::string(std::string_view(*this)); }

 private:
  std::array<char, bytes_max> bytes_;
  std::size_t size_ = 0;
};

/// More than this is not told apart: nothing is `of` and something is used.
inline constexpr std::int64_t percent_tenths_max = 999'999;

/// `used` of `of` in tenths of a percent, rounded half up; for people, never for a decision. REQUIRES: both ≥ 0.
std::int64_t percent_tenths(std::int64_t used, std::int64_t of);

/// `percent_tenths` as text, such as `81.8 %`.
std::string percent_text(std::int64_t used, std::int64_t of);

/// `vcpu`, `ram` or `disk`, as documents and ledger lines write it.
std::string_view name_of(schema::Dimension dimension);

/// Thousandths as a decimal number without trailing zeros: `72`, `0.05`. REQUIRES: not the smallest integer.
std::string milli_text(std::int64_t milli);

/// One amount with its unit: `10 vCPU`, `48 GiB RAM`, `100 GiB disk`. Exact: the largest unit that divides it.
std::string amount_text(schema::Dimension dimension, std::int64_t amount);

/// Two amounts in one unit: `90 of 110 vCPU`.
std::string share_text(schema::Dimension dimension, std::int64_t used, std::int64_t of);

/// All three: `90 of 110 vCPU (81.8 %), 432 of 528 GiB RAM (81.8 %) and 900 of 11264 GiB disk (8.0 %)`.
Words projection_words(const Amounts& after, const Amounts& envelope);
inline std::string projection_text(const Amounts& after, const Amounts& envelope) {
  return projection_words(after, envelope).str();
}

/// A sentence about the smallest change that would admit, and one about how many domains fit now.
std::string remedy_text(const Remedy& remedy, const Terms& terms);

/// `9 replicas`, `1 domain`: a count with its noun in the right number. REQUIRES: the plural takes an `s`.
std::string count_text(std::int64_t count, std::string_view noun);

}  // namespace virtscale::policy
