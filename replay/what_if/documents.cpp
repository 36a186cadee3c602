#include "replay/what_if/documents.hpp"

#include <algorithm>

#include "replay/what_if/foreign_policy.hpp"
#include "schemas/codec.hpp"
#include "stages/orchestration/fold.hpp"
#include "stages/policy/gate.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::replay {
namespace {

// Recorded offsets are far below, and offsets need not be without gaps.
constexpr std::uint64_t first_offset = std::uint64_t{1} << 61U;

const schema::Event& event_in(const std::vector<std::byte>& bytes) {
  return *schema::GetEvent(bytes.data());
}

// `ORG`, `ORG/SERVICE` or the cell's name: what a document is about.
std::string subject_of(const schema::Event& event) {
  if (event.body_as_ContractApplied() != nullptr) return "contract of " + event.org()->str();
  if (const auto* service = event.body_as_ServiceApplied())
    return "service " + event.org()->str() + "/" + service->spec()->name()->str();
  if (const auto* cell = event.body_as_CellApplied()) return "cell " + cell->name()->str();
  return {};
}

TopicPartition partition_for(Topic topic, std::string_view key, const LogLayout& layout) {
  return {topic, partition_of(key, layout.partitions[static_cast<std::size_t>(topic)])};
}

// The row of policy about the document's org or service, if it has one.
template <class Find>
auto in_policy(const Document& document, const Past& past, const LogLayout& layout, Find find)
    -> decltype(find(std::declval<const policy::State&>())) {
  const auto refold = past.begun.find(partition_for(Topic::signals, document.org, layout));
  const auto* state = refold == past.begun.end() ? nullptr : policy_state(*refold->second);
  return state == nullptr ? nullptr : find(*state);
}

const schema::ContractTermsT* terms_before(const Document& document, const Past& past, const LogLayout& layout) {
  const auto* row =
      in_policy(document, past, layout, [&](const policy::State& state) { return state.contracts.find(document.org); });
  return row == nullptr ? nullptr : row->terms.get();
}

const policy::ServiceBook* service_before(const Document& document, const Past& past, const LogLayout& layout) {
  return in_policy(document, past, layout,
                   [&](const policy::State& state) { return state.services.find(document.org + "/" + document.name); });
}

bool cell_is_known(const Document& document, const Past& past, const LogLayout& layout) {
  const auto found = past.begun.find(partition_for(Topic::decisions, document.name, layout));
  if (found == past.begun.end()) return false;
  const auto* cells = dynamic_cast<const RefoldOf<orchestration::Fold>*>(found->second.get());
  return cells != nullptr && cells->state().cells.find(document.name) != nullptr;
}

bool says_the_same(const schema::ContractTermsT& terms, const schema::ContractApplied& applied) {
  return policy::amounts_of(terms.quota) == policy::amounts_of(*applied.quota()) &&
         terms.overage_percent == applied.overage_percent();
}

bool says_the_same(const schema::PackedSpec& spec, const schema::ServiceApplied& applied) {
  schema::ServiceSpecT other;
  applied.spec()->UnPackTo(&other);
  return spec == schema::PackedSpec(other);
}

// A contract is taken only if its version grows.
std::vector<std::byte> with_version(const std::vector<std::byte>& contract, std::int64_t version) {
  schema::ContractAppliedT other;
  event_in(contract).body_as_ContractApplied()->UnPackTo(&other);
  other.version = version;
  return encode(other, event_in(contract).org()->string_view());
}

}  // namespace

void OtherDocuments::apply_to(Past& past, const LogLayout& layout) {
  replaced_.assign(documents_.size(), false);
  for (auto& input : past.inputs) replace(input);
  std::vector<PastInput> recorded = std::exchange(past.inputs, {});
  for (std::size_t i = 0; i < documents_.size(); ++i) {
    const bool comes_later = replaced_[i];
    const auto& document = documents_[i];
    const bool is_there = document.kind == DocumentKind::contract  ? terms_before(document, past, layout) != nullptr
                          : document.kind == DocumentKind::service ? service_before(document, past, layout) != nullptr
                                                                   : cell_is_known(document, past, layout);
    if (is_there ? !holds_already(document, past, layout) : !comes_later) apply_first(document, past, layout);
  }
  past.inputs.insert(past.inputs.end(), std::make_move_iterator(recorded.begin()),
                     std::make_move_iterator(recorded.end()));
}

// The input is a recorded document about the same: the other one stands in its place, under its version.
bool OtherDocuments::replace(PastInput& input) {
  const auto* event = schema::verify_event(input.event);
  if (event == nullptr || id_of(event->header()->id()).stage != Source::edge) return false;
  const auto subject = subject_of(*event);
  const auto document = std::ranges::find_if(
      documents_, [&](const Document& one) { return !subject.empty() && subject_of(event_in(one.event)) == subject; });
  if (document == documents_.end()) return false;
  auto other = document->event;
  if (const auto* contract = event->body_as_ContractApplied()) other = with_version(other, contract->version());
  fill_header(other, {.id = id_of(event->header()->id()), .scale = {event->header()->scale()}});
  applied_.push_back(id_of(event->header()->id()));
  input.event = std::move(other);
  replaced_[static_cast<std::size_t>(document - documents_.begin())] = true;
  return true;
}

bool OtherDocuments::holds_already(const Document& document, const Past& past, const LogLayout& layout) const {
  const auto& event = event_in(document.event);
  if (const auto* contract = event.body_as_ContractApplied())
    return says_the_same(*terms_before(document, past, layout), *contract);
  if (const auto* service = event.body_as_ServiceApplied())
    return says_the_same(service_before(document, past, layout)->spec, *service);
  return false;  // a cell that is applied again as it is changes nothing
}

void OtherDocuments::apply_first(const Document& document, Past& past, const LogLayout& layout) {
  auto event = document.event;
  const auto* terms = document.kind == DocumentKind::contract ? terms_before(document, past, layout) : nullptr;
  if (terms != nullptr) event = with_version(event, terms->version + 1);
  const auto id = ids_.next();
  fill_header(event, {.id = id});
  applied_.push_back(id);
  const Arrival arrival{past.first, 0, first_offset + applied_.size()};
  past.inputs.push_back({arrival, partition_for(document.to, document.key, layout), document.key, std::move(event)});
}

std::string OtherDocuments::refusal_in(const schema::Event& event) const {
  const auto* folded = event.body_as_DocumentFolded();
  if (folded == nullptr || folded->accepted()) return {};
  if (std::ranges::find(applied_, id_of(event.header()->answers())) == applied_.end()) return {};
  // The recorded one may have been refused in the same way: then it changes nothing now either.
  if (folded->code()->string_view() == "stale_version") return {};
  const auto* detail = folded->detail();
  return folded->kind()->str() + " " + folded->name()->str() + ": " + folded->code()->str() +
         (detail == nullptr ? std::string() : " (" + detail->str() + ")");
}

}  // namespace virtscale::replay
