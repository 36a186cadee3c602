// One step of the fold, as its functions see it; for the fold's own files only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "stages/audit/events.hpp"
#include "stages/audit/state.hpp"

namespace virtscale::audit {

/// Borrowed for one call of `Fold::fold`.
struct Step {
  State& state;
  const Inbound& inbound;
  Outbox& outbox;
};

/// A string of an event; one that is absent is empty.
inline std::string_view text(const flatbuffers::String* string) {
  return string == nullptr ? std::string_view() : std::string_view(string->data(), string->size());
}

// --- Scale events (fold_scale.cpp) ---------------------------------------------------------------------------------

void on_scale_decided(Step step, const schema::ScaleDecided& event);
void on_refusal_ended(Step step, const schema::RefusalEnded& event);
void on_owner_notified(Step step, const schema::OwnerNotified& event);

/// The row of the record's scale event, opened if there is none; null if the record belongs to none.
schema::AuditScaleT* open_scale(Step step);
/// Writes the line of `scale` if all that it waits for has come.
void close_if_ended(Step step, ScaleId id, schema::AuditScaleT& scale);

// --- Domains (fold_domain.cpp) -------------------------------------------------------------------------------------

void on_domain_placed(Step step, const schema::DomainPlaced& event);
void on_domain_serving(Step step, const schema::DomainServing& event);
void on_domain_failed(Step step, const schema::DomainFailed& event);
void on_domain_removed(Step step, const schema::DomainRemoved& event);

// --- The ledger (fold_ledger.cpp) ----------------------------------------------------------------------------------

/// Appends the line of `scale` to the ledger of the record's org, and has the tree signed. Returns the line's index.
std::int64_t append_line(Step step, ScaleId id, const schema::ScaleDecidedT& decided, const schema::AuditScaleT& scale,
                         std::optional<std::string_view> ended = {});
void on_checkpoint_signed(Step step, const schema::CheckpointSigned& event);

}  // namespace virtscale::audit
