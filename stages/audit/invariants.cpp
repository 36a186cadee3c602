#include "stages/audit/invariants.hpp"

#include <bit>

namespace virtscale::audit {
namespace {

/// The first fault that `check(key, row)` finds in a table.
template <class Value, class Check>
std::string first_fault(const Table<Value>& table, Check check) {
  std::string fault;
  table.each("", [&](std::string_view key, const Value& row) {
    const std::string what = check(key, row);
    if (!what.empty()) fault = std::string(table.name()) + " " + std::string(key) + " " + what;
    return fault.empty();
  });
  return fault;
}

std::string fault_of_ledger(const schema::OrgLedgerT& ledger) {
  if (ledger.peaks.size() != sizeof(Digest) * static_cast<std::size_t>(std::popcount(ledger.size)))
    return "does not hold one peak for each one bit of its size";
  if (ledger.signed_size > ledger.size) return "is signed beyond its size";
  if (ledger.asked_size > ledger.size) return "has a signature asked for beyond its size";
  if (ledger.asked_size == 0 && ledger.signed_size != ledger.size && ledger.notes_refused == 0)
    return "has lines that nothing will sign";
  return {};
}

std::string fault_of_scale(const State& state, std::string_view key, const schema::AuditScaleT& scale) {
  int ended = scale.nameless;
  for (const auto& domain : scale.domains) ended += domain->end != schema::AuditEnd::pending ? 1 : 0;
  if (ended != scale.ended) return "counts ends that its domains do not have";
  if (scale.line < 0) {
    const bool waits = !scale.decided || scale.decided->domains > scale.ended;
    return waits ? "" : "has ended and has no line";
  }
  const auto* ledger = state.ledgers.find(key.substr(0, key.rfind('/')));
  if (ledger == nullptr || static_cast<std::uint64_t>(scale.line) >= ledger->size)
    return "has a line beyond the ledger";
  return {};
}

std::string fault_of_standing(const schema::AuditRefusalT& standing) {
  if (!standing.decided || standing.decided->decision != schema::Decision::refused) return "is not a refusal";
  return {};
}

std::string fault_of_closed(const State& state, const schema::ClosedScaleT& closed) {
  const auto* scale = state.scales.find(closed.scale);
  return scale != nullptr && scale->line >= 0 ? "" : "names a scale event that is not closed";
}

std::string fault_of_books(const State& state) {
  const auto* books = state.books.find("");
  const auto numbered = books == nullptr ? 0 : books->next_closed - books->first_closed;
  std::uint64_t closed = 0;
  state.scales.each("", [&](std::string_view, const schema::AuditScaleT& scale) {
    closed += scale.line >= 0 ? 1 : 0;
    return true;
  });
  if (numbered != state.closed.size() || numbered != closed)
    return "books count other closed scale events than there are";
  return numbered > closed_max ? "books keep more closed scale events than closed_max" : "";
}

}  // namespace

std::string violated_invariant(const State& state) {
  using Key = std::string_view;
  const std::string faults[] = {
      first_fault(state.ledgers, [](Key, const auto& row) { return fault_of_ledger(row); }),
      first_fault(state.scales, [&](Key key, const auto& row) { return fault_of_scale(state, key, row); }),
      first_fault(state.standing, [](Key, const auto& row) { return fault_of_standing(row); }),
      first_fault(state.closed, [&](Key, const auto& row) { return fault_of_closed(state, row); }),
      fault_of_books(state),
  };
  for (const auto& fault : faults) {
    if (!fault.empty()) return fault;
  }
  return {};
}

}  // namespace virtscale::audit
