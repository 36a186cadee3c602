// What a stage is: a name, an inbox, and a pure function from (state, record) to (state', events, requests, timers).
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "topology/contract/event.hpp"
#include "topology/contract/outbox.hpp"
#include "topology/contract/table.hpp"
#include "topology/contract/units.hpp"

namespace virtscale {

/// One record as a fold sees it: verified, allowed on this inbox, and not a copy. Everything is borrowed until the fold
/// returns.
struct Inbound {
  EventId id;     ///< of the event; for an event of an edge, what the edge called it
  EventId at;     ///< of this step: {stage, partition, offset, 0}; unique, whatever the edge did
  ScaleId scale;  ///< the scale event it belongs to; of an answer or a timer, that of the request
  std::string_view org;
  std::string_view key;  ///< of the record
  Instant now;           ///< stream time: max(previous, this record's timestamp)
  EventId answers;       ///< of an answer: the request
  Bytes event;           ///< the encoded Event
  Bytes request;         ///< of an answer: the encoded Event that asked; empty otherwise
};

/// The epoch that every log begins in, whatever program made it: a `FoldActivated` in the inbox begins another.
inline constexpr std::uint32_t first_epoch = 1;

/// A fold, by the rules of one epoch.
template <class State>
using FoldFunction = void (*)(State&, const Inbound&, Outbox&) noexcept;

/// The shape of a stage's fold. `State` has `tables()`, and nothing outside its tables.
///
/// `fold` is total and does not throw: what it cannot accept it turns into a refusal that is an event. It depends on
/// nothing but its arguments (architecture, rule 3). It sees only events that graph.hpp allows on its inbox. It has the
/// rules of `epoch`, the newest that this program has; a stage that has older ones too declares `fold_of(epoch)`.
template <class S>
concept Stage = requires(typename S::State& state, const Inbound& inbound, Outbox& outbox) {
  { S::source } -> std::convertible_to<Source>;
  { S::inbox } -> std::convertible_to<Topic>;
  { S::epoch } -> std::convertible_to<std::uint32_t>;
  { state.tables() } -> std::same_as<std::vector<AnyTable*>>;
  { S::fold(state, inbound, outbox) }
  noexcept;
  // Empty if the state is sound; otherwise one sentence that names the row. Costs a walk over the state.
  { S::violated_invariant(std::as_const(state)) } -> std::same_as<std::string>;
};

/// The stage's fold by the rules of `epoch`; null if this program does not have it. stages/README.md says how a stage
/// gets another epoch.
template <Stage S>
constexpr FoldFunction<typename S::State> fold_of(std::uint32_t epoch) {
  if constexpr (requires { S::fold_of(epoch); }) {
    return S::fold_of(epoch);
  } else {
    return epoch == S::epoch ? &S::fold : nullptr;
  }
}

}  // namespace virtscale
