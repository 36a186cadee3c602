#include "stages/audit/edges/view.hpp"

#include <algorithm>

#include "schemas/candidates.hpp"
#include "stages/audit/json.hpp"
#include "stages/audit/line.hpp"

namespace virtscale::audit {
namespace {

void put_flag(CanonicalJson& json, std::string_view key, std::string_view word) {
  json.key(key).value(word);
}

void put_candidates(CanonicalJson& json, const schema::AuditDomainT& domain) {
  json.key("candidates").open_array();
  schema::CandidateNames names(domain.candidate_names);
  for (const auto& candidate : domain.candidates) {
    const auto zone = names.next(candidate.zone_bytes());
    const auto node = names.next(candidate.node_bytes());
    json.open_object();
    json.key("free_ram_mib").integer(candidate.free_ram_mib());
    json.key("free_vcpu_milli").integer(candidate.free_vcpu_milli());
    json.key("node").string(node);
    json.key("numa").integer(candidate.numa());
    json.key("passed_over").string(schema::text_of(candidate.passed_over()));
    json.key("zone").string(zone);
    json.close_object();
  }
  json.close_array();
}

void put_domain(CanonicalJson& json, const schema::AuditDomainT& domain) {
  json.open_object();
  json.key("address").string(domain.address);
  json.key("backend").string(domain.backend);
  json.key("backends").integer(domain.backends);
  put_candidates(json, domain);
  json.key("candidates_total").integer(domain.candidates_total);
  json.key("cell").string(domain.cell);
  json.key("ended_at_us").integer(domain.ended_at_us);
  json.key("live_at_us").integer(domain.live_at_us);
  json.key("name").string(domain.name);
  json.key("node").string(domain.node);
  json.key("numa").integer(domain.numa);
  json.key("outcome").string(name_of(domain.end));
  json.key("placed_at_us").integer(domain.placed_at_us);
  json.key("placements").integer(domain.placements);
  json.key("port").integer(domain.port);
  json.key("probes").integer(domain.probes);
  json.key("reason").string(domain.reason, sentence_bytes_max);
  json.key("zone").string(domain.zone);
  json.close_object();
}

void put_domains(CanonicalJson& json, const schema::AuditScaleT& scale) {
  json.key("domains").open_array();
  for (const auto& domain : scale.domains) put_domain(json, *domain);
  json.close_array();
  json.key("domains_ended").integer(scale.ended);
  json.key("domains_missing").integer(scale.nameless);
}

void put_decision(CanonicalJson& json, const schema::AuditScaleT& scale) {
  const auto& decided = *scale.decided;
  if (decided.code == "beyond_envelope") json.key("binding").string(name_of(decided.binding));
  json.key("code").string(decided.code);
  json.key("contract").open_object();
  json.key("overage_percent").integer(decided.overage_percent).key("version").integer(decided.contract_version);
  json.close_object();
  json.key("decision").string(decision_of(decided, scale));
  json.key("domains_awaited").integer(decided.domains);
  put_projection(json, decided);
  json.key("reason").string(decided.reason, sentence_bytes_max);
  json.key("remedy").string(decided.remedy, sentence_bytes_max);
  json.key("replicas").open_object().key("from").integer(decided.from).key("to").integer(decided.to).close_object();
  json.key("requester").string(decided.requester);
  json.key("service").string(decided.service);
  put_signal(json, decided);
  put_steps(json, decided, scale, scale.line < 0 ? std::nullopt : std::optional(Instant{scale.closed_at_us}));
}

void put_mail(CanonicalJson& json, const schema::OwnerNotifiedT& mail) {
  json.key("mail").open_object();
  json.key("attempts").integer(mail.attempts);
  json.key("detail").string(mail.detail, sentence_bytes_max);
  put_flag(json, "sent", mail.sent ? "true" : "false");
  json.key("to").string(mail.to);
  json.close_object();
}

void put_lines(CanonicalJson& json, const FoundScale& found) {
  const auto& scale = *found.scale;
  if (scale.line >= 0) json.key("line").integer(scale.line);
  if (scale.end_line >= 0) {
    json.key("ended").open_object().key("line").integer(scale.end_line);
    json.key("reason").string(scale.end_reason, sentence_bytes_max).close_object();
  }
  put_flag(json, "settled", is_settled(found.ledger, scale.line) ? "true" : "false");
}

void put_scale(CanonicalJson& json, const FoundScale& found) {
  const auto& scale = *found.scale;
  json.open_object();
  json.key("event").string(found.key.substr(found.key.rfind('/') + 1));
  json.key("org").string(org_in(found.key));
  json.key("state").string(scale.line < 0 ? "open" : is_settled(found.ledger, scale.line) ? "settled" : "written");
  json.key("opened_at_us").integer(scale.opened_at_us);
  if (scale.line >= 0) json.key("closed_at_us").integer(scale.closed_at_us);
  if (scale.decided) put_decision(json, scale);
  put_domains(json, scale);
  if (scale.mail) put_mail(json, *scale.mail);
  put_lines(json, found);
  json.close_object();
}

FoundScale found_in(const State& state, std::string_view key, const schema::AuditScaleT& scale) {
  return {key, &scale, state.ledgers.find(org_in(key))};
}

}  // namespace

std::string_view org_in(std::string_view key) {
  return key.substr(0, key.rfind('/'));
}

std::optional<FoundScale> find_scale(std::span<const State* const> states, std::string_view org, ScaleId id) {
  std::optional<FoundScale> found;
  const auto suffix = "/" + to_string(id);
  for (const auto* state : states) {
    state->scales.each(org.empty() ? std::string_view() : org, [&](std::string_view key, const auto& scale) {
      const bool is_it = key.ends_with(suffix) && (org.empty() || org_in(key) == org);
      if (is_it) found = found_in(*state, key, scale);
      return !is_it;
    });
  }
  return found;
}

std::string scale_json(const FoundScale& found) {
  Arena arena;
  CanonicalJson json(arena);
  put_scale(json, found);
  return std::string(json.text());
}

std::string scales_json(std::span<const State* const> states, std::string_view org, std::size_t limit) {
  std::vector<FoundScale> all;
  const auto prefix = org.empty() ? std::string() : std::string(org) + "/";
  for (const auto* state : states) {
    state->scales.each(prefix, [&](std::string_view key, const auto& scale) {
      all.push_back(found_in(*state, key, scale));
      return true;
    });
  }
  const auto listed = std::min({limit, all.size(), scales_listed_max});
  const auto newer = [](const FoundScale& a, const FoundScale& b) {
    return std::pair(b.scale->opened_at_us, a.key) < std::pair(a.scale->opened_at_us, b.key);
  };
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(listed), all.end(), newer);
  Arena arena;
  CanonicalJson json(arena);
  json.open_object().key("scales").open_array();
  for (std::size_t i = 0; i < listed; ++i) put_scale(json, all[i]);
  return std::string(json.close_array().close_object().text());
}

}  // namespace virtscale::audit
