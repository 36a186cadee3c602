#include "replay/verify/ledgers.hpp"

#include "topology/adapters/sodium/sodium.hpp"

namespace virtscale::replay {

void LedgerCheck::begin(std::string_view org, const CompactRange& range) {
  orgs_[std::string(org)].signed_part = range;
}

LedgerCheck::Org& LedgerCheck::org_of(const schema::Event& event) {
  const std::string_view name(event.org()->data(), event.org()->size());
  const auto org = orgs_.find(name);
  return org != orgs_.end() ? org->second : orgs_[std::string(name)];
}

std::optional<Divergence> LedgerCheck::take(const LogRecord& record, const schema::Event& event) {
  const auto* line = event.body_as_LineAppended();
  const auto* published = event.body_as_CheckpointPublished();
  std::string fault;
  if (line != nullptr) fault = take_line(org_of(event), *line);
  if (published != nullptr) fault = take_checkpoint(org_of(event), *published);
  if (fault.empty()) return std::nullopt;
  return Divergence{.kind = line != nullptr ? DivergenceKind::line : DivergenceKind::checkpoint,
                    .at = {record.from, record.offset},
                    .time = record.timestamp,
                    .what = "the ledger of " + event.org()->str() + ": " + fault,
                    .recorded = DivergedEvent{std::string(record.key), {record.value.begin(), record.value.end()}}};
}

std::string LedgerCheck::take_line(Org& org, const schema::LineAppended& line) {
  const auto next = org.signed_part.size() + org.leaves.size();
  if (line.index() != next)
    return "line " + std::to_string(line.index()) + " stands where line " + std::to_string(next) + " belongs";
  const auto* text = line.line();
  org.leaves.push_back(leaf_hash(std::as_bytes(std::span(text->data(), text->size()))));
  ++lines_;
  return {};
}

std::string LedgerCheck::take_checkpoint(Org& org, const schema::CheckpointPublished& published) {
  const auto lines = org.signed_part.size() + org.leaves.size();
  if (published.size() > lines)
    return "a checkpoint covers " + std::to_string(published.size()) + " lines, and there are " + std::to_string(lines);
  const auto note = parse_note(published.note()->string_view());
  const auto checkpoint = note ? parse_checkpoint(note->text) : std::nullopt;
  if (!checkpoint || checkpoint->tree.size != published.size()) return "its checkpoint is not one of its size";
  // One from before the snapshot: its tree is not known any more.
  if (published.size() < org.signed_part.size()) return {};
  const auto newly_signed = static_cast<std::ptrdiff_t>(published.size() - org.signed_part.size());
  for (std::ptrdiff_t i = 0; i < newly_signed; ++i) org.signed_part.append(org.leaves[static_cast<std::size_t>(i)]);
  org.leaves.erase(org.leaves.begin(), org.leaves.begin() + newly_signed);
  if (checkpoint->tree.root != org.signed_part.root())
    return "the checkpoint of " + std::to_string(published.size()) + " lines has another root than these lines";
  ++checkpoints_;
  return check_signature(published.note()->string_view());
}

std::string LedgerCheck::check_signature(std::string_view note) {
  if (!keys_) return {};
  ++signatures_;
  return check_note(note, *keys_).fault;
}

}  // namespace virtscale::replay
