// The gate: would the usage after a scale still be within the contract? A pure projection in exact integers.
//
// The one thing to know: a scale is admitted if and only if in every dimension
// (committed + reserved + asked) × 100 ≤ quota × (100 + overage). Since amounts are integers, that is the same as
// "usage after ≤ envelope" with the envelope rounded down, and that is what is computed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "schemas/codec.hpp"
#include "stages/policy/bounds.hpp"

namespace virtscale::policy {

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

/// More than this is not told apart: nothing is `of` and something is used.
inline constexpr std::int64_t percent_tenths_max = 999'999;

/// `used` of `of` in tenths of a percent, rounded half up; for people, never for a decision. REQUIRES: both ≥ 0.
std::int64_t percent_tenths(std::int64_t used, std::int64_t of);

/// `percent_tenths` as text, such as `81.8 %`.
std::string percent_text(std::int64_t used, std::int64_t of);

}  // namespace virtscale::policy
