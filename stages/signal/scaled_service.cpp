#include "stages/signal/scaled_service.hpp"

namespace virtscale::signal {
namespace {

// Of a document or of a row: the fields have the same names.
template <class Fields>
schema::Packed packed_from(const Fields& fields) {
  schema::Packing packing;
  packing.number(fields.cooldown_out_us);
  packing.number(fields.cooldown_in_us);
  packing.text(fields.haproxy_backend);
  schema::pack_rules(packing, fields.rules);
  return packing.packed();
}

ScaledService::Cooldowns cooldowns_in(schema::Unpacking& packed) {
  ScaledService::Cooldowns cooldowns;
  cooldowns.out_us = packed.number();
  cooldowns.in_us = packed.number();
  return cooldowns;
}

}  // namespace

ScaledService::ScaledService(const schema::ServiceSpecT& spec) : packed_(packed_from(spec)) {}
ScaledService::ScaledService(const schema::ScaledServiceT& row) : packed_(packed_from(row)) {}

ScaledService::Cooldowns ScaledService::cooldowns() const {
  schema::Unpacking packed(packed_);
  return cooldowns_in(packed);
}

std::string_view ScaledService::haproxy_backend() const {
  schema::Unpacking packed(packed_);
  cooldowns_in(packed);
  return packed.text();
}

schema::Unpacking ScaledService::unpacking() const {
  schema::Unpacking packed(packed_);
  cooldowns_in(packed);
  packed.text();
  return packed;
}

// As the generated Pack would, field by field in its order.
std::span<std::byte> encode_row(const ScaledService& service, Arena& arena) {
  return schema::built_in(arena, [&](schema::Builder& builder) {
    auto packed = service.unpacking();
    const auto rules = schema::build_rules(builder, packed);
    const auto backend = builder.text_if_any(service.haproxy_backend());
    const auto cooldowns = service.cooldowns();
    builder.Finish(schema::CreateScaledService(builder, rules, cooldowns.out_us, cooldowns.in_us, backend));
  });
}

bool decode_row(Bytes bytes, ScaledService& service) {
  schema::ScaledServiceT row;
  if (!schema::decode_row(bytes, row)) return false;
  service = ScaledService(row);
  return true;
}

}  // namespace virtscale::signal
