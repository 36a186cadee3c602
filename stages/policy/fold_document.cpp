// Documents: contracts, services and calendars as they are applied; and postmortems, by what the org's calendar says.
//
// Whether a postmortem is due or overdue depends on today, so whoever shows it says that; a fold has no today.
#include <algorithm>
#include <array>

#include "stages/policy/step.hpp"

namespace virtscale::policy {
namespace {

// How a document was taken.
struct Outcome {
  std::string_view code;
  std::string detail{};
};

// What a document is called in its answer.
struct Called {
  std::string_view kind;
  std::string_view name;
  std::int64_t version = 0;
};

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
  step.outbox.emit({.topic = Topic::outcomes, .key = step.inbound.org, .answers = request}, folded);
}

// A name is part of keys, so a '/' would make it another's.
bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= name_bytes_max &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) { return c > 0x20 && c != 0x2f && c != 0x7f; });
}

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

Outcome take(Step& step, const schema::ServiceSpec& spec) {
  if (auto fault = fault_in(spec, step.inbound.org); !fault.empty()) return invalid(std::move(fault));
  const JoinedKey key(step.inbound.org, text(spec.name()));
  schema::ServiceSpecT decoded;
  spec.UnPackTo(&decoded);
  schema::PackedSpec applied(decoded);
  const auto* before = step.state.services.find(key);
  if (before != nullptr) {
    if (before->spec == applied) return {"unchanged"};
    const auto cell = before->spec.cell();
    if (cell != applied.cell() && before->committed + before->reserved > 0)
      return {"cell_is_fixed", "domains run in cell " + std::string(cell) + "; scale to 0 first, or use another name"};
  }
  const std::string_view code = before == nullptr ? "created" : "changed";
  step.state.services.modify(key).spec = std::move(applied);
  return {code};
}

// A service that has fewer replicas than its minimum grows to it: a scale event of its own, that begins here.
void raise_to_min(Step& step, std::string_view service) {
  auto* book = step.state.services.find_to_modify(JoinedKey(step.inbound.org, service));
  if (book == nullptr) return;
  const auto replicas_min = book->spec.limits().replicas_min;
  if (replicas_now(*book) >= replicas_min) return;
  const auto begun_by = emitted(step.inbound.at, static_cast<std::uint32_t>(step.outbox.emissions().size()));
  const Ask ask{.scale = scale_of(begun_by),
                .service = service,
                .kind = schema::SignalKind::schedule,
                .name = "replicas.min",
                .mode = schema::ScaleMode::to,
                .amount = replicas_min,
                .signal_at_us = step.inbound.now.us};
  consider(step, ask, *book);
}

// --- Days and hashes -----------------------------------------------------------------------------------------------

constexpr std::size_t sha256_digits = 64;

// The number that `text` is in decimal digits; -1 if it is none. REQUIRES: at most four bytes.
int number_in(std::string_view text) {
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  return number;
}

int days_in(int year, int month) {
  constexpr std::array days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return days[static_cast<std::size_t>(month - 1)] + (month == 2 && is_leap ? 1 : 0);
}

// YYYY-MM-DD, a day that exists.
bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const int year = number_in(text.substr(0, 4));
  const int month = number_in(text.substr(5, 2));
  const int day = number_in(text.substr(8, 2));
  return year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= days_in(year, month);
}

bool is_sha256(std::string_view text) {
  return text.size() == sha256_digits &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// --- Calendars -----------------------------------------------------------------------------------------------------

std::vector<std::string> holidays_in(const schema::CalendarApplied& applied) {
  std::vector<std::string> holidays;
  if (applied.holidays() == nullptr) return holidays;
  for (const auto* day : *applied.holidays()) holidays.emplace_back(text(day));
  std::sort(holidays.begin(), holidays.end());
  holidays.erase(std::unique(holidays.begin(), holidays.end()), holidays.end());
  return holidays;
}

std::string fault_in(const schema::CalendarApplied& applied, std::string_view org) {
  if (!is_name(org) || !is_name(text(applied.name()))) return "org and name must be names without spaces and '/'";
  if (applied.version() < 1) return "version must be 1 or more";
  if (!is_zone(text(applied.zone()))) return "zone must be an IANA name, such as Europe/Berlin";
  if (applied.holidays() == nullptr) return {};
  if (applied.holidays()->size() > holidays_max)
    return "a calendar has at most " + std::to_string(holidays_max) + " holidays";
  for (const auto* day : *applied.holidays()) {
    if (!is_date(text(day))) return "each holiday must be a day as YYYY-MM-DD";
  }
  return {};
}

schema::OrgCalendarT calendar_in(const schema::CalendarApplied& applied, Instant now) {
  schema::OrgCalendarT calendar;
  calendar.version = applied.version();
  calendar.name = text(applied.name());
  calendar.zone = text(applied.zone());
  calendar.holidays = holidays_in(applied);
  calendar.applied_at_us = now.us;
  return calendar;
}

bool same_content(const schema::OrgCalendarT& a, const schema::OrgCalendarT& b) {
  return a.name == b.name && a.zone == b.zone && a.holidays == b.holidays;
}

Outcome take(Step& step, const schema::CalendarApplied& applied) {
  const auto org = step.inbound.org;
  if (auto fault = fault_in(applied, org); !fault.empty()) return invalid(std::move(fault));
  auto calendar = calendar_in(applied, step.inbound.now);
  const auto* before = step.state.calendars.find(org);
  if (before != nullptr && applied.version() <= before->version) {
    if (applied.version() == before->version && same_content(*before, calendar)) return {"unchanged"};
    return {"stale_version", "version " + std::to_string(before->version) + " is in force; a change needs version " +
                                 std::to_string(before->version + 1) + " or above"};
  }
  const std::string_view code = before == nullptr ? "created" : "changed";
  step.state.calendars.modify(org) = std::move(calendar);
  return {code};
}

// --- Postmortems ---------------------------------------------------------------------------------------------------

bool is_closed(const schema::PostmortemBookT& book) {
  return !book.closed_sha256.empty();
}

// Makes room for one more: what was closed first is forgotten. False if that many are open.
bool make_room(State& state, std::string_view org) {
  std::size_t count = 0;
  std::string first;
  std::int64_t first_at_us = 0;
  state.postmortems.each(std::string(org) + "/", [&](std::string_view key, const schema::PostmortemBookT& book) {
    ++count;
    if (is_closed(book) && (first.empty() || book.closed_at_us < first_at_us)) {
      first = key;
      first_at_us = book.closed_at_us;
    }
    return true;
  });
  if (count < postmortems_max) return true;
  if (first.empty()) return false;
  state.postmortems.erase(first);
  return true;
}

std::string fault_in(const schema::PostmortemDrafted& drafted, std::string_view org) {
  if (!is_name(org) || !is_name(text(drafted.name()))) return "org and name must be names without spaces and '/'";
  if (!is_sha256(text(drafted.sha256()))) return "sha256 must be 64 hexadecimal digits in lower case";
  if (!is_date(text(drafted.due()))) return "due must be a day as YYYY-MM-DD";
  if (text(drafted.calendar()).size() > name_bytes_max)
    return "calendar must have at most " + std::to_string(name_bytes_max) + " bytes";
  return {};
}

bool same_content(const schema::PostmortemBookT& book, const schema::PostmortemDrafted& drafted, ScaleId scale) {
  return book.scale == scale.value && book.sha256 == text(drafted.sha256()) && book.due == text(drafted.due()) &&
         book.calendar == text(drafted.calendar());
}

Outcome take(Step& step, const schema::PostmortemDrafted& drafted) {
  const auto org = step.inbound.org;
  if (auto fault = fault_in(drafted, org); !fault.empty()) return invalid(std::move(fault));
  const JoinedKey key(org, text(drafted.name()));
  const auto* before = step.state.postmortems.find(key);
  if (before != nullptr && is_closed(*before))
    return {"already_closed", "it was closed; a draft about what was learned since needs another name"};
  if (before != nullptr && same_content(*before, drafted, step.inbound.scale)) return {"unchanged"};
  const std::string_view code = before == nullptr ? "created" : "changed";
  if (before == nullptr && !make_room(step.state, org))
    return {"too_many", std::to_string(postmortems_max) + " postmortems of the org are open; close some first"};
  auto& book = step.state.postmortems.modify(key);
  book.scale = step.inbound.scale.value;
  book.sha256 = text(drafted.sha256());
  book.due = text(drafted.due());
  book.calendar = text(drafted.calendar());
  book.drafted_at_us = step.inbound.now.us;
  return {code};
}

Outcome take(Step& step, const schema::PostmortemClosed& closed) {
  const auto sha256 = text(closed.sha256());
  if (!is_sha256(sha256)) return invalid("sha256 must be 64 hexadecimal digits in lower case");
  const JoinedKey key(step.inbound.org, text(closed.name()));
  const auto* before = step.state.postmortems.find(key);
  if (before == nullptr) return {"unknown_postmortem", "no draft of this name is known: add it first"};
  if (before->closed_sha256 == sha256) return {"unchanged"};
  if (is_closed(*before))
    return {"already_closed", "it was closed with another content, sha256 " + before->closed_sha256};
  auto& book = step.state.postmortems.modify(key);
  book.closed_sha256 = sha256;
  book.closed_at_us = step.inbound.now.us;
  return {"closed"};
}

}  // namespace

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

bool is_zone(std::string_view name) {
  const auto may_stand = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/_+-").find(c) != std::string_view::npos;
  };
  return !name.empty() && name.size() <= zone_bytes_max && name.front() != '/' &&
         std::all_of(name.begin(), name.end(), may_stand);
}

void on_calendar_applied(Step& step, const schema::CalendarApplied& applied) {
  const auto outcome = take(step, applied);
  emit_folded(step, {"Calendar", text(applied.name()), applied.version()}, outcome, step.inbound.id);
}

void on_postmortem_drafted(Step& step, const schema::PostmortemDrafted& drafted) {
  const auto outcome = take(step, drafted);
  emit_folded(step, {"Postmortem", text(drafted.name())}, outcome, step.inbound.id);
}

void on_postmortem_closed(Step& step, const schema::PostmortemClosed& closed) {
  const auto outcome = take(step, closed);
  emit_folded(step, {"Postmortem", text(closed.name())}, outcome, step.inbound.id);
}

}  // namespace virtscale::policy
