// A row of `services` as it lies in memory: of a service's document, what decides how its alerts and schedules are
// applied, and where the edge looks up its queue.
//
// The one thing to know: it is a schema::ScaledService, packed: there may be a million services, and an alert reads the
// rules of one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "schemas/packed_service.hpp"
#include "schemas/state/signal_generated.h"
#include "topology/contract/arena.hpp"
#include "topology/contract/event.hpp"

namespace virtscale::signal {

class ScaledService {
 public:
  struct Cooldowns {
    std::int64_t out_us = 0;
    std::int64_t in_us = 0;
  };

  /// None yet: nothing may be asked of it.
  ScaledService() = default;
  explicit ScaledService(const schema::ServiceSpecT& spec);
  explicit ScaledService(const schema::ScaledServiceT& row);

  Cooldowns cooldowns() const;
  /// Valid until the row changes, as what rules say.
  std::string_view haproxy_backend() const;

  /// Visits the rules in the order of the document, until `visit(RuleView)` returns false.
  template <class Visit>
  void each_rule(Visit visit) const {
    auto rules = unpacking();
    for (auto left = rules.number(); left > 0 && visit(schema::rule_in(rules)); --left) continue;
  }

 private:
  friend std::span<std::byte> encode_row(const ScaledService& service, Arena& arena);

  // Behind the cooldowns and the backend, where the rules begin.
  schema::Unpacking unpacking() const;

  schema::Packed packed_;
};

/// Rows as bytes and back, for Table: those of a schema::ScaledService.
std::span<std::byte> encode_row(const ScaledService& service, Arena& arena);
bool decode_row(Bytes bytes, ScaledService& service);
inline const flatbuffers::TypeTable* row_type(const ScaledService*) {
  return schema::row_type(static_cast<const schema::ScaledServiceT*>(nullptr));
}

}  // namespace virtscale::signal
