// Documents: contracts and services as they are applied.
#include <algorithm>

#include "stages/policy/step.hpp"

namespace virtscale::policy {
namespace {

bool all_between(const Amounts& amounts, std::int64_t low, std::int64_t high) {
  return std::all_of(amounts.begin(), amounts.end(),
                     [=](std::int64_t amount) { return amount >= low && amount <= high; });
}

// --- Contracts -----------------------------------------------------------------------------------------------------

std::string fault_in(const schema::ContractApplied& applied, std::string_view org) {
  if (!is_name(org)) return "org must be a name without spaces and '/'";
  if (applied.version() < 1) return "version must be 1 or more";
  if (!all_between(amounts_of(*applied.quota()), 0, quota_amount_max))
    return "each quota must be between 0 and " + std::to_string(quota_amount_max) + " (mvCPU, MiB, GiB)";
  if (std::find(overages_on_offer.begin(), overages_on_offer.end(), applied.overage_percent()) ==
      overages_on_offer.end())
    return "overage must be 0, 5, 10 or 20 %";
  return {};
}

bool same_content(const schema::ContractTermsT& terms, const schema::ContractApplied& applied) {
  return amounts_of(terms.quota) == amounts_of(*applied.quota()) &&
         terms.overage_percent == applied.overage_percent() && terms.signed_ == text(applied.signed_()) &&
         terms.owner == text(applied.owner());
}

Outcome version_taken(const schema::ContractTermsT& terms, const schema::ContractApplied& applied) {
  if (applied.version() == terms.version && same_content(terms, applied)) return {"unchanged"};
  return {"stale_version", "version " + std::to_string(terms.version) + " is in force; a change needs version " +
                               std::to_string(terms.version + 1) + " or above"};
}

std::unique_ptr<schema::ContractTermsT> terms_in(const schema::ContractApplied& applied, Instant now) {
  auto terms = std::make_unique<schema::ContractTermsT>();
  terms->version = applied.version();
  terms->signed_ = text(applied.signed_());
  terms->quota = *applied.quota();
  terms->overage_percent = applied.overage_percent();
  terms->owner = text(applied.owner());
  terms->applied_at_us = now.us;
  return terms;
}

void supersede(schema::OrgContractT& contract, std::unique_ptr<schema::ContractTermsT> terms) {
  if (contract.terms) contract.previous.push_back(std::move(contract.terms));
  if (contract.previous.size() > contract_versions_max) contract.previous.erase(contract.previous.begin());
  contract.terms = std::move(terms);
}

// What a contract means for what is used already; empty if that is within it.
std::string shrink_text(const State& state, std::string_view org, const schema::ContractTermsT& terms) {
  const auto verdict = project(terms_of(terms), usage_of(state.usage.find(org)), {});
  if (verdict.admitted) return {};
  return "already used: " + projection_text(verdict.after, verdict.envelope) +
         "; nothing is stopped, and no growth is admitted until the usage is within the envelope";
}

Outcome take(Step& step, const schema::ContractApplied& applied) {
  const auto org = step.inbound.org;
  if (auto fault = fault_in(applied, org); !fault.empty()) return invalid(std::move(fault));
  const auto* before = step.state.contracts.find(org);
  if (before != nullptr && applied.version() <= before->terms->version) return version_taken(*before->terms, applied);
  const std::string_view code = before == nullptr ? "created" : "changed";
  auto& contract = step.state.contracts.modify(org);
  supersede(contract, terms_in(applied, step.inbound.now));
  note_shrink(step.state, org, *contract.terms);
  return {code, shrink_text(step.state, org, *contract.terms)};
}

// --- Services ------------------------------------------------------------------------------------------------------

std::string fault_in(const schema::ServiceSpec& spec, std::string_view org) {
  if (!is_name(org) || !is_name(text(spec.name()))) return "org and name must be names without spaces and '/'";
  if (!is_name(text(spec.cell()))) return "cell must be a name without spaces and '/'";
  const auto domain = amounts_of(*spec.domain());
  if (!all_between(domain, 0, domain_amount_max) || domain == Amounts{})
    return "domain must take something, and at most " + std::to_string(domain_amount_max) +
           " of each resource (mvCPU, MiB, GiB)";
  if (spec.replicas_min() < 0 || spec.replicas_max() < spec.replicas_min() || spec.replicas_max() > replicas_bound_max)
    return "replicas must be 0 <= min <= max <= " + std::to_string(replicas_bound_max);
  if (spec.cooldown_out_us() < 0 || spec.cooldown_in_us() < 0) return "cooldowns must not be negative";
  return {};
}

bool same(const schema::ServiceSpecT& a, const schema::ServiceSpecT& b) {
  return schema::encode_row(a) == schema::encode_row(b);
}

Outcome take(Step& step, const schema::ServiceSpec& spec) {
  if (auto fault = fault_in(spec, step.inbound.org); !fault.empty()) return invalid(std::move(fault));
  const auto key = key_of(step.inbound.org, text(spec.name()));
  std::unique_ptr<schema::ServiceSpecT> applied(spec.UnPack());
  const auto* before = step.state.services.find(key);
  if (before != nullptr) {
    if (same(*before->spec, *applied)) return {"unchanged"};
    if (before->spec->cell != applied->cell && before->committed + before->reserved > 0)
      return {"cell_is_fixed", "domains run in cell " + before->spec->cell + "; scale to 0 first, or use another name"};
  }
  const std::string_view code = before == nullptr ? "created" : "changed";
  step.state.services.modify(key).spec = std::move(applied);
  return {code};
}

// A service that has fewer replicas than its minimum grows to it: a scale event of its own, that begins here.
void raise_to_min(Step& step, std::string_view service) {
  auto* book = step.state.services.find_to_modify(key_of(step.inbound.org, service));
  if (book == nullptr || replicas_now(*book) >= book->spec->replicas_min) return;
  const auto begun_by = emitted(step.inbound.at, static_cast<std::uint32_t>(step.outbox.emissions().size()));
  const Ask ask{.scale = scale_of(begun_by),
                .service = service,
                .kind = schema::SignalKind::schedule,
                .name = "replicas.min",
                .mode = schema::ScaleMode::to,
                .amount = book->spec->replicas_min,
                .signal_at_us = step.inbound.now.us};
  consider(step, ask, *book);
}

}  // namespace

Outcome invalid(std::string detail) {
  return {"invalid", std::move(detail)};
}

bool accepted(const Outcome& outcome) {
  return outcome.code == "created" || outcome.code == "changed" || outcome.code == "unchanged" ||
         outcome.code == "closed";
}

void emit_folded(Step& step, const Called& called, const Outcome& outcome, EventId request) {
  schema::DocumentFoldedT folded;
  folded.kind = called.kind;
  folded.name = called.name;
  folded.accepted = accepted(outcome);
  folded.code = outcome.code;
  folded.detail = outcome.detail;
  folded.version = called.version;
  // An answer to who applies the document; it is no part of a scale event, even if the document is about one.
  step.outbox.emit({.topic = Topic::outcomes, .key = step.inbound.org, .scale = ScaleId{}, .answers = request}, folded);
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= name_bytes_max &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) { return c > 0x20 && c != 0x2f && c != 0x7f; });
}

Terms terms_of(const schema::ContractTermsT& terms) {
  return {amounts_of(terms.quota), terms.overage_percent};
}

void on_contract_applied(Step& step, const schema::ContractApplied& applied) {
  const auto outcome = take(step, applied);
  emit_folded(step, {"Contract", step.inbound.org, applied.version()}, outcome, step.inbound.id);
}

void on_service_applied(Step& step, const schema::ServiceApplied& applied) {
  const auto name = text(applied.spec()->name());
  const auto outcome = take(step, *applied.spec());
  emit_folded(step, {"Service", name}, outcome, step.inbound.answers);
  if (accepted(outcome)) raise_to_min(step, name);
}

}  // namespace virtscale::policy
