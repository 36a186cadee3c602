// A trace: all that the log holds of one scale event, record by record, from the signal to the signed line.
//
// The one thing to know: it is gathered, not folded. An id names the record that caused an event, so the tree comes
// from the records alone; what the folds changed and asked is added by `fold_states` (states.hpp), which costs a fold.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "replay/causes.hpp"
#include "replay/index/state_index.hpp"
#include "schemas/codec.hpp"

namespace virtscale::replay {

/// How a record is related to the scale event.
enum class Relation : std::uint8_t {
  own,      ///< it bears the scale event's id
  context,  ///< it caused a record of its own, or settles its line, and bears no or another scale event's id
  copy,     ///< the same event again, as a restart leaves it: it was dropped
};

/// A row of a stage's table, or of its host's, as JSON; empty where there was no such row.
struct RowText {
  std::string table;
  std::string key;
  std::string before;
  std::string after;
};

/// An effect that a record asked for: a request is no record, it is asked again by folding.
struct AskedEffect {
  EventId id;
  std::vector<std::byte> event;       ///< the request as an Event, verified
  std::optional<std::size_t> answer;  ///< index of the record that answers it
};

/// A record of the trace. Its value is a verified Event.
struct TracedRecord {
  KeptRecord kept;
  Relation relation = Relation::own;
  std::optional<std::size_t> cause;  ///< index of the record that led to it: emitted it, asked for it, set its timer

  // What the fold of its inbox did with it; empty before `fold_states`, and on `ledger`, which nobody folds.
  std::vector<AskedEffect> asked;
  std::vector<RowText> changed;

  const schema::Event& event() const {
    return *schema::GetEvent(reinterpret_cast<const std::uint8_t*>(kept.value.data()));
  }
};

struct Trace {
  ScaleId scale;
  std::string org;
  std::vector<TracedRecord> records;     ///< in time; a cause always before what it caused
  std::uint64_t records_read = 0;        ///< looked at to find these
  std::optional<std::uint64_t> to_fold;  ///< records that `fold_states` would fold, or did
  bool folded = false;                   ///< `asked` and `changed` are filled
  bool settled = false;                  ///< a published checkpoint covers its last line
};

/// How far a long work is, of about how much.
using OnProgress = std::function<void(std::uint64_t done, std::uint64_t expected)>;

/// Gathers the records of a scale event. It reads the log from the signal until the line is signed and a refusal's mail
/// is out; a refusal that stands is followed until its end. Throws LogError and IndexError; NotFound if no record of
/// the log began it.
Trace gather_trace(Log& log, StateIndex& index, ScaleId scale, const OnProgress& progress);
/// The same without an index.
Trace gather_trace(Log& log, ScaleId scale, const OnProgress& progress);

/// Puts records in order and links each to its cause and each request to its answer. For those who change a trace.
void link_records(Trace& trace);

/// The event's body, if it is one of these.
template <class Body>
const Body* body_of(const TracedRecord& record) {
  return record.event().template body_as<Body>();
}

/// The records as a tree, as indices into Trace::records; all in the order of the trace.
struct TraceTree {
  std::vector<std::size_t> roots;                  ///< records without a cause in the trace
  std::vector<std::vector<std::size_t>> children;  ///< of each record
};
TraceTree tree_of(const Trace& trace);

/// The first record whose event has this body; null if there is none.
template <class Body>
const TracedRecord* first_of(const Trace& trace) {
  for (const auto& record : trace.records) {
    if (record.relation != Relation::copy && body_of<Body>(record) != nullptr) return &record;
  }
  return nullptr;
}

}  // namespace virtscale::replay
