// Bytes to events and back: how bodies and rows are encoded, and how a record is verified before a field is touched.
//
// FlatBuffers is not canonical, so there is one path for every encoding: the object's generated Pack, defaults not
// forced, one builder for each buffer. packed_service.hpp alone builds by hand, and is held to the same bytes.
// tests/schemas pins them.
#pragma once

#include <flatbuffers/flatbuffers.h>
#include <flatbuffers/minireflect.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/envelope_generated.h"

namespace virtscale::schema {

/// Nothing of ours nests deeper than about 6 tables; an alert holds fewer than 1,000.
inline constexpr flatbuffers::uoffset_t verify_depth_max = 16;
inline constexpr flatbuffers::uoffset_t verify_tables_max = 200'000;

namespace detail {
inline std::vector<std::byte> bytes_of(const flatbuffers::FlatBufferBuilder& builder) {
  const auto* begin = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  return {begin, begin + builder.GetSize()};
}

inline std::string print(std::span<const std::byte> bytes, const flatbuffers::TypeTable* type) {
  flatbuffers::ToStringVisitor text(" ", true, "", false);
  flatbuffers::IterateFlatBuffer(reinterpret_cast<const std::uint8_t*>(bytes.data()), type, &text);
  return std::move(text.s);
}
}  // namespace detail

/// An Event with this body and org, and a blank header that the host fills in place.
template <class Body>
requires requires {
  typename Body::TableType;
}
std::vector<std::byte> encode(const Body& body, std::string_view org) {
  using Table = typename Body::TableType;
  flatbuffers::FlatBufferBuilder builder(1024);
  const auto packed = Table::Pack(builder, &body);
  const auto name = builder.CreateString(org.data(), org.size());
  const Header blank;
  EventBuilder event(builder);
  event.add_header(&blank);
  event.add_org(name);
  event.add_body_type(BodyTraits<Table>::enum_value);
  event.add_body(packed.Union());
  FinishEventBuffer(builder, event.Finish());
  return detail::bytes_of(builder);
}

/// The Event in `bytes`, or null if they are not one. Everything that can be reached from it is within `bytes`.
inline const Event* verify_event(std::span<const std::byte> bytes) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(data, bytes.size(), verify_depth_max, verify_tables_max);
  if (bytes.size() < 8 || !VerifyEventBuffer(verifier)) return nullptr;
  const auto* event = GetEvent(data);
  return event->body_type() == Body::NONE ? nullptr : event;
}

/// The header of an encoded Event, to be filled in place. REQUIRES: `verify_event(event)` or made by `encode`.
inline Header& mutable_header(std::span<std::byte> event) {
  return *const_cast<Header*>(GetEvent(reinterpret_cast<const std::uint8_t*>(event.data()))->header());
}

/// The name of a body's type, such as `AlertRaised`.
inline std::string_view name_of(Body body) {
  return EnumNameBody(body);
}

/// An Event as JSON, for people. REQUIRES: `verify_event(event)`.
inline std::string print_event(std::span<const std::byte> event) {
  return detail::print(event, EventTypeTable());
}

template <class Value>
concept Row = requires {
  typename Value::TableType;
};

/// A row of a state table as bytes.
template <Row Value>
std::vector<std::byte> encode_row(const Value& value) {
  flatbuffers::FlatBufferBuilder builder(256);
  builder.Finish(Value::TableType::Pack(builder, &value));
  return detail::bytes_of(builder);
}

/// The reverse; false if `bytes` are not such a row.
template <Row Value>
bool decode_row(std::span<const std::byte> bytes, Value& value) {
  using RowTable = typename Value::TableType;
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(data, bytes.size(), verify_depth_max, verify_tables_max);
  if (bytes.size() < 8 || !verifier.VerifyBuffer<RowTable>(nullptr)) return false;
  flatbuffers::GetRoot<RowTable>(data)->UnPackTo(&value);
  return true;
}

/// A row as JSON, for people. REQUIRES: `bytes` decode.
template <Row Value>
std::string print_row(std::span<const std::byte> bytes, const Value*) {
  return detail::print(bytes, Value::TableType::MiniReflectTypeTable());
}

}  // namespace virtscale::schema
