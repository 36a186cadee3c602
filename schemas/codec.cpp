#include "schemas/codec.hpp"

namespace virtscale::schema {

const Event* verify_event(std::span<const std::byte> bytes) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(data, bytes.size(), verify_depth_max, verify_tables_max);
  if (bytes.size() < 8 || !VerifyEventBuffer(verifier)) return nullptr;
  const auto* event = GetEvent(data);
  return event->body_type() == Body::NONE ? nullptr : event;
}

}  // namespace virtscale::schema
