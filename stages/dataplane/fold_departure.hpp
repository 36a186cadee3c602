// How a backend's time ends: failed before it served, drained, or gone after too many drains that failed.
#pragma once

#include <string_view>

#include "stages/dataplane/state.hpp"
#include "topology/contract/stage.hpp"

namespace virtscale::dataplane {

/// One record's share of a fold: what every `on_<event>` is given.
struct Step {
  State& state;
  const Inbound& in;
  Outbox& out;
};

/// A row of `backends` for change, and its key.
struct Row {
  JoinedKey key;
  schema::DomainBackendT& backend;
};

/// Borrowed text of a field that may be absent.
inline std::string_view text(const flatbuffers::String* field) {
  return field == nullptr ? std::string_view() : std::string_view(field->data(), field->size());
}

/// The timers of a row.
std::string drain_timer(std::string_view row_key);
std::string rejoin_timer(std::string_view row_key);

/// Takes a retired backend that serves out of traffic: asks for the drain, or, behind no balancer, is gone at once.
/// REQUIRES: no AddBackend is under way.
void leave(Step& step, Row row);
/// Asks for the drain of a backend that leaves.
void ask_drain(Step& step, const schema::DomainBackendT& backend);
/// BackendGone to the cell; the row is erased.
void gone(Step& step, Row row);
/// BackendFailed to the cell, and BackendGone as well if the domain was retired meanwhile, so that both scale events
/// come to their end; the row is erased.
void fail(Step& step, Row row, std::string_view reason);

void on_domain_retired(Step& step, const schema::DomainRetired& event);
void on_backend_drained(Step& step, Row row);
void on_drain_failed(Step& step, Row row);

}  // namespace virtscale::dataplane
