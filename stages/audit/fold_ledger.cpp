#include <algorithm>

#include "stages/audit/fold.hpp"
#include "stages/audit/line.hpp"
#include "stages/audit/step.hpp"
#include "topology/contract/lent.hpp"
#include "topology/contract/note.hpp"

namespace virtscale::audit {
namespace {

Bytes bytes_of(std::string_view line) {
  return std::as_bytes(std::span(line.data(), line.size()));
}

// What the org's ledger calls itself in its checkpoints.
std::string_view origin_of(Step step) {
  return step.outbox.arena().joined({"virtscale/ledger/", step.inbound.org});
}

// One signature covers all lines that have come since the last was asked for: while it is made, the next batch gathers.
void ask_for_signature(Step step, schema::OrgLedgerT& ledger, const CompactRange& range) {
  if (ledger.asked_size != 0 || ledger.signed_size == range.size()) return;
  const auto root = range.root();
  ledger.asked_size = range.size();
  ledger.asked_root.resize(root.size());
  std::transform(root.begin(), root.end(), ledger.asked_root.begin(),
                 [](std::byte byte) { return std::to_integer<std::uint8_t>(byte); });
  schema::SignCheckpointT request;
  request.origin = origin_of(step);
  request.size = ledger.asked_size;
  const Lent lent(ledger.asked_root, request.root);
  step.outbox.ask(request);
}

std::string asked_text(Step step, const schema::OrgLedgerT& ledger) {
  Checkpoint checkpoint{std::string(origin_of(step)), {ledger.asked_size, {}}};
  std::transform(ledger.asked_root.begin(), ledger.asked_root.end(), checkpoint.tree.root.begin(),
                 [](std::uint8_t byte) { return std::byte{byte}; });
  return checkpoint_text(checkpoint);
}

bool is_what_was_asked(Step step, const schema::OrgLedgerT& ledger, const schema::CheckpointSigned& event) {
  if (ledger.asked_size == 0 || event.size() != ledger.asked_size) return false;
  if (ledger.asked_root.size() != sizeof(Digest)) return false;
  const auto note = parse_note(text(event.note()));
  return note && note->text == asked_text(step, ledger);
}

}  // namespace

std::int64_t append_line(Step step, ScaleId id, const schema::ScaleDecidedT& decided, const schema::AuditScaleT& scale,
                         std::optional<std::string_view> ended) {
  auto& ledger = step.state.ledgers.modify(step.inbound.org);
  auto range = range_of(ledger);
  const auto index = range.size();
  schema::LineAppendedT appended;
  appended.index = index;
  appended.line = line_of({step.inbound.org, id, index, step.inbound.now, decided, scale, ended}, step.outbox.arena());
  range.append(leaf_hash(bytes_of(appended.line)));
  put_range(range, ledger);
  step.outbox.emit({.topic = Topic::ledger, .key = step.inbound.org, .org = {}, .scale = id, .answers = {}}, appended);
  ask_for_signature(step, ledger, range);
  return static_cast<std::int64_t>(index);
}

void on_checkpoint_signed(Step step, const schema::CheckpointSigned& event) {
  auto* ledger = step.state.ledgers.find_to_modify(step.inbound.org);
  if (ledger == nullptr) return;
  const bool right = is_what_was_asked(step, *ledger, event);
  ledger->asked_size = 0;
  ledger->asked_root.clear();
  // Asking at once again would never end with a signer that always answers wrong: the next line asks.
  if (!right) {
    ++ledger->notes_refused;
    return;
  }
  ledger->signed_size = event.size();
  schema::CheckpointPublishedT published;
  published.size = event.size();
  published.key = text(event.key());
  published.note = text(event.note());
  step.outbox.emit({.topic = Topic::ledger, .key = step.inbound.org, .org = {}, .scale = ScaleId{}, .answers = {}},
                   published);
  ask_for_signature(step, *ledger, range_of(*ledger));
}

}  // namespace virtscale::audit
