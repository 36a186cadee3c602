// The decision of a scale, of texts that lie elsewhere: policy makes one for every alert, and keeps hardly any.
//
// The one thing to know: this is a second path to bytes beside codec.hpp's, as packed_service.hpp is, and held to the
// same ones by tests/schemas.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "schemas/codec.hpp"

namespace virtscale::schema {

/// The body ScaleDecided, for `encode`. Everything is borrowed.
struct DecisionView {
  struct TableType {
    static flatbuffers::Offset<ScaleDecided> Pack(Builder& builder, const DecisionView* decided);
  };

  std::string_view service;
  Decision decision{};
  std::string_view reason;
  std::string_view code;
  Dimension binding{};
  std::string_view remedy;
  SignalKind kind{};
  std::string_view name;
  std::int64_t value_milli = 0;
  std::int64_t queue_depth = -1;
  std::int64_t signal_at_us = 0;
  std::int64_t decided_at_us = 0;
  std::int32_t from = 0;
  std::int32_t to = 0;
  std::int64_t contract_version = 0;
  std::int32_t overage_percent = 0;
  std::span<const Projection> projection;
  std::int32_t domains = 0;
  std::string_view requester;

  /// The same with texts of its own, for a row or within another body.
  ScaleDecidedT kept() const;
};
template <>
struct BodyTraits<DecisionView::TableType> {
  static constexpr Body enum_value = Body::ScaleDecided;
};

}  // namespace virtscale::schema
