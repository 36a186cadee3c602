// Bytes to events and back: how bodies and rows are encoded, and how a record is verified before a field is touched.
//
// FlatBuffers is not canonical, so there is one path for every encoding: the object's generated Pack, defaults not
// forced, one builder for each buffer. packed_service.hpp and decision_view.hpp alone build by hand, and are held to
// the same bytes. tests/schemas pins them.
#pragma once

#include <flatbuffers/flatbuffers.h>
#include <flatbuffers/minireflect.h>

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/envelope_generated.h"

namespace virtscale::schema {

/// Nothing of ours nests deeper than about 6 tables; an alert holds fewer than 1,000.
inline constexpr flatbuffers::uoffset_t verify_depth_max = 16;
inline constexpr flatbuffers::uoffset_t verify_tables_max = 200'000;

using BuiltText = flatbuffers::Offset<flatbuffers::String>;

/// FlatBuffers' builder, with a shorter way for texts, of which half of an event is built.
class Builder final : public flatbuffers::FlatBufferBuilder {
 public:
  using FlatBufferBuilder::FlatBufferBuilder;

  /// The same bytes as CreateString's, with room made for all of them at once: the length, the text, and at least one
  /// zero behind it. Not while a table is being built.
  BuiltText text(std::string_view text) {
    using Length = flatbuffers::uoffset_t;
    TrackMinAlign(sizeof(Length));
    const auto zeros = 1 + flatbuffers::PaddingBytes(GetSize() + text.size() + 1, sizeof(Length));
    auto* const at = buf_.make_space(sizeof(Length) + text.size() + zeros);
    flatbuffers::WriteScalar(at, static_cast<Length>(text.size()));
    std::memset(at + sizeof(Length) + text.size(), 0, zeros);
    text.copy(reinterpret_cast<char*>(at) + sizeof(Length), text.size());
    return BuiltText(GetSize());
  }
  /// Nothing for an empty text.
  BuiltText text_if_any(std::string_view text) { return text.empty() ? BuiltText() : this->text(text); }
};

namespace detail {
/// Lends a builder the newest piece of an arena. A builder that needs more room is given it below what it has written,
/// which need not move then.
template <class Arena>
class ArenaAllocator final : public flatbuffers::Allocator {
 public:
  explicit ArenaAllocator(Arena& arena) : arena_(arena) {}
  std::uint8_t* allocate(std::size_t size) override { return reinterpret_cast<std::uint8_t*>(arena_.allocate(size)); }
  void deallocate(std::uint8_t*, std::size_t) override {}
  std::uint8_t* reallocate_downward(std::uint8_t* old, std::size_t old_size, std::size_t new_size,
                                    std::size_t in_use_back, std::size_t in_use_front) override {
    auto* const grown = arena_.extend(reinterpret_cast<const std::byte*>(old), new_size - old_size);
    if (grown == nullptr) return Allocator::reallocate_downward(old, old_size, new_size, in_use_back, in_use_front);
    std::memmove(grown, old, in_use_front);
    return reinterpret_cast<std::uint8_t*>(grown);
  }

 private:
  Arena& arena_;
};

template <class Body>
void build_event(Builder& builder, const Body& body, std::string_view org) {
  using Table = typename Body::TableType;
  const auto packed = Table::Pack(builder, &body);
  const auto name = builder.text(org);
  const Header blank;
  EventBuilder event(builder);
  event.add_header(&blank);
  event.add_org(name);
  event.add_body_type(BodyTraits<Table>::enum_value);
  event.add_body(packed.Union());
  FinishEventBuffer(builder, event.Finish());
}

inline std::vector<std::byte> bytes_of(const flatbuffers::FlatBufferBuilder& builder) {
  const auto* begin = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  return {begin, begin + builder.GetSize()};
}
}  // namespace detail

/// What has a table to be packed into: an object of the generated API, or a view that packs itself.
template <class Value>
concept Packable = requires {
  typename Value::TableType;
};

/// An Event with this body and org, and a blank header that the host fills in place.
template <Packable Body>
std::vector<std::byte> encode(const Body& body, std::string_view org) {
  Builder builder(1024);
  detail::build_event(builder, body, org);
  return detail::bytes_of(builder);
}

/// What `build(builder)` finishes, in an arena (topology/contract), and until that is cleared.
template <class Arena, class Build>
std::span<std::byte> built_in(Arena& arena, Build build) {
  // More than most events take: what is left over goes back.
  constexpr std::size_t usual_bytes = 2'048;
  detail::ArenaAllocator<Arena> allocator(arena);
  Builder builder(usual_bytes, &allocator);
  build(builder);
  auto* const begin = reinterpret_cast<std::byte*>(builder.GetBufferPointer());
  arena.trim(begin);
  return {begin, builder.GetSize()};
}

/// The same bytes as `encode(body, org)`, in an arena, and until that is cleared.
template <Packable Body, class Arena>
std::span<std::byte> encode(const Body& body, std::string_view org, Arena& arena) {
  return built_in(arena, [&](auto& builder) { detail::build_event(builder, body, org); });
}

/// The Event in `bytes`, or null if they are not one. Everything that can be reached from it is within `bytes`.
const Event* verify_event(std::span<const std::byte> bytes);

/// The header of an encoded Event, to be filled in place. REQUIRES: `verify_event(event)` or made by `encode`.
inline Header& mutable_header(std::span<std::byte> event) {
  return *const_cast<Header*>(GetEvent(reinterpret_cast<const std::uint8_t*>(event.data()))->header());
}

/// The name of a body's type, such as `AlertRaised`.
inline std::string_view name_of(Body body) {
  return EnumNameBody(body);
}

/// A row of a state table as bytes, in an arena.
template <Packable Value, class Arena>
std::span<std::byte> encode_row(const Value& value, Arena& arena) {
  return built_in(arena, [&](auto& builder) { builder.Finish(Value::TableType::Pack(builder, &value)); });
}
/// The same bytes on their own.
template <Packable Value>
std::vector<std::byte> encode_row(const Value& value) {
  Builder builder(256);
  builder.Finish(Value::TableType::Pack(builder, &value));
  return detail::bytes_of(builder);
}

/// The reverse; false if `bytes` are not such a row.
template <Packable Value>
bool decode_row(std::span<const std::byte> bytes, Value& value) {
  using RowTable = typename Value::TableType;
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(data, bytes.size(), verify_depth_max, verify_tables_max);
  if (bytes.size() < 8 || !verifier.VerifyBuffer<RowTable>(nullptr)) return false;
  flatbuffers::GetRoot<RowTable>(data)->UnPackTo(&value);
  return true;
}

/// What such rows hold, for those who print them (schemas/print).
template <Packable Value>
const flatbuffers::TypeTable* row_type(const Value*) {
  return Value::TableType::MiniReflectTypeTable();
}

}  // namespace virtscale::schema
