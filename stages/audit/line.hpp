// A ledger line: one scale event as one canonical JSON object, readable without a schema.
//
// The one thing to know: its bytes are what is hashed and signed. A change of what is written here is a new epoch.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "stages/audit/json.hpp"
#include "stages/audit/state.hpp"

namespace virtscale::audit {

/// What a line is written from. Borrowed.
struct LineFacts {
  std::string_view org;
  ScaleId scale;
  std::uint64_t index = 0;  ///< in the org's ledger, from 0
  Instant now;              ///< when the line is written, by the log
  const schema::ScaleDecidedT& decided;
  const schema::AuditScaleT& scale_event;
  std::optional<std::string_view> ended{};  ///< of the line that ends a refusal that stood: why
};

/// Sentences, such as reasons and remedies, are cut at this; names at CanonicalJson's default.
inline constexpr std::size_t sentence_bytes_max = 1'024;
/// `pending`, `serving`, `failed` or `removed`.
std::string_view name_of(schema::AuditEnd end);
/// `vcpu`, `ram` or `disk`.
std::string_view name_of(schema::Dimension dimension);

/// The line, in `arena`: at most `entry_bytes_max` bytes, without a newline. Domains that do not fit are counted in
/// `domains_omitted`; each string is cut at its bound.
std::string_view line_of(const LineFacts& facts, Arena& arena);

/// `admitted`, `refused`, or `failed` if a domain of an admitted scale failed.
std::string_view decision_of(const schema::ScaleDecidedT& decided, const schema::AuditScaleT& scale_event);

/// The object `projection` of a decision, by dimension. Units: thousandths of a vCPU, MiB, GiB.
void put_projection(CanonicalJson& json, const schema::ScaleDecidedT& decided);
/// The object `signal`: what asked for the scale.
void put_signal(CanonicalJson& json, const schema::ScaleDecidedT& decided);
/// The array `steps`: when each step was done, as far as it was. `now`: when the line is written, if it is.
void put_steps(CanonicalJson& json, const schema::ScaleDecidedT& decided, const schema::AuditScaleT& scale_event,
               std::optional<Instant> now);

}  // namespace virtscale::audit
