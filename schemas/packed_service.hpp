// What a service's document says, at rest: a hundred bytes instead of a decoded object's seven hundred, and events and
// rows are encoded from them as they lie.
//
// The one thing to know: this is a second path to bytes beside codec.hpp's, and makes the same ones: the fields in the
// order of the generated Pack. tests/schemas compares the two, and counts the fields: one that a document gets has to
// be packed here too.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/codec.hpp"
#include "schemas/packed.hpp"

namespace virtscale::schema {

using BuiltRules = flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<ScaleRule>>>;

/// A packed ScaleRule. Borrows from the block.
struct RuleView {
  std::string_view on;
  std::string_view cron;
  std::string_view zone;
  ScaleMode mode{};
  std::int32_t amount = 0;
  std::int64_t every_us = 0;
};

/// How many rules, then each of them.
void pack_rules(Packing& packing, const std::vector<std::unique_ptr<ScaleRuleT>>& rules);
/// The next rule, once their number was read.
RuleView rule_in(Unpacking& packed);
/// All rules, their number included; absent if there are none.
BuiltRules build_rules(Builder& builder, Unpacking& packed);
/// The next text; absent if it is empty.
BuiltText build_text(Builder& builder, Unpacking& packed);

/// What a decision asks of a document.
struct ServiceLimits {
  Resources domain;
  std::int32_t replicas_min = 0;
  std::int32_t replicas_max = 0;
  std::int64_t cooldown_out_us = 0;
  std::int64_t cooldown_in_us = 0;
};

/// A packed ServiceSpec. Two are equal if and only if they say the same.
class PackedSpec {
 public:
  /// None yet: nothing may be asked of it.
  PackedSpec() = default;
  explicit PackedSpec(const ServiceSpecT& spec);

  explicit operator bool() const { return static_cast<bool>(packed_); }
  ServiceLimits limits() const;
  /// Valid until the spec ends, as the cell's.
  std::string_view name() const;
  std::string_view cell() const;
  flatbuffers::Offset<ServiceSpec> build(Builder& builder) const;

  friend bool operator==(const PackedSpec& a, const PackedSpec& b) { return a.packed_.bytes() == b.packed_.bytes(); }

 private:
  Packed packed_;
};

/// The body ScaleAdmitted, of a service whose document is packed; for `encode`. Everything is borrowed.
struct PackedAdmission {
  struct TableType {
    static flatbuffers::Offset<ScaleAdmitted> Pack(Builder& builder, const PackedAdmission* admission);
  };

  std::string_view service;
  const PackedSpec& spec;
  std::int32_t from = 0;
  std::int32_t to = 0;
  std::span<const std::string_view> names{};
};
template <>
struct BodyTraits<PackedAdmission::TableType> {
  static constexpr Body enum_value = Body::ScaleAdmitted;
};

}  // namespace virtscale::schema
