#include "stages/audit/line.hpp"

#include <algorithm>
#include <array>

namespace virtscale::audit {
namespace {

// An org's name is part of the keys of records, which are no longer than this.
constexpr std::size_t org_bytes_max = 1'024;
// An entry holds 65,535 bytes. A domain takes up to 11 KiB and what follows the domains up to 24 KiB, if every byte is
// escaped; so no domain is begun beyond this.
constexpr std::size_t domains_end_max = 24'000;
// A line of one domain has about 1,200.
constexpr std::size_t line_bytes_expected = 1'500;

constexpr std::array<std::string_view, 4> end_names = {"pending", "serving", "failed", "removed"};
constexpr std::array<std::string_view, 3> kind_names = {"alert", "request", "schedule"};
constexpr std::array<std::string_view, 3> dimension_names = {"vcpu", "ram", "disk"};

// Enumerators come from the wire, where FlatBuffers lets any number pass.
template <std::size_t size, class Enumerator>
std::string_view name_in(const std::array<std::string_view, size>& names, Enumerator value) {
  const auto at = static_cast<std::size_t>(value);
  return at < size ? names[at] : std::string_view("unknown");
}

template <std::size_t size>
void put_text(CanonicalJson& json, const char (&key)[size], std::string_view text, std::size_t bytes_max = 256) {
  if (!text.empty()) json.key(key).string(text, bytes_max);
}

void put_domain(CanonicalJson& json, const schema::AuditDomainT& domain) {
  json.open_object();
  put_text(json, "address", domain.address);
  if (domain.ended_at_us != 0) json.key("at_us").integer(domain.ended_at_us);
  put_text(json, "backend", domain.backend);
  if (domain.backends != 0) json.key("backends").integer(domain.backends);
  put_text(json, "cell", domain.cell);
  json.key("name").string(domain.name);
  put_text(json, "node", domain.node);
  if (!domain.node.empty()) json.key("numa").integer(domain.numa);
  json.key("outcome").string(name_of(domain.end));
  if (domain.port != 0) json.key("port").integer(domain.port);
  put_text(json, "reason", domain.reason);
  put_text(json, "zone", domain.zone);
  json.close_object();
}

void put_domains(CanonicalJson& json, const schema::AuditScaleT& scale) {
  json.key("domains").open_array();
  std::size_t written = 0;
  for (; written < scale.domains.size() && json.text().size() < domains_end_max; ++written)
    put_domain(json, *scale.domains[written]);
  json.close_array();
  const auto omitted = scale.domains.size() - written;
  if (scale.nameless != 0) json.key("domains_missing").integer(scale.nameless);
  if (omitted != 0) json.key("domains_omitted").integer(static_cast<std::int64_t>(omitted));
}

void put_dimension(CanonicalJson& json, const schema::ScaleDecidedT& decided, schema::Dimension dimension,
                   std::string_view unit) {
  for (const auto& projection : decided.projection) {
    if (projection.dimension() != dimension) continue;
    json.key(name_of(dimension)).open_object();
    json.key("asked").integer(projection.asked());
    json.key("committed").integer(projection.committed());
    json.key("envelope").integer(projection.envelope());
    json.key("quota").integer(projection.quota());
    json.key("reserved").integer(projection.reserved());
    json.key("unit").string(unit);
    json.close_object();
    return;
  }
}

void put_step(CanonicalJson& json, std::string_view name, std::int64_t at_us) {
  if (at_us == 0) return;
  json.open_object().key("at_us").integer(at_us).key("step").string(name).close_object();
}

// The latest of the domains' times.
template <class Time>
std::int64_t latest(const schema::AuditScaleT& scale, Time time) {
  std::int64_t at = 0;
  for (const auto& domain : scale.domains) at = std::max(at, time(*domain));
  return at;
}

std::string_view failure(const schema::AuditScaleT& scale, Arena& arena) {
  std::size_t failed = 0;
  std::string_view first;
  for (const auto& domain : scale.domains) {
    if (domain->end != schema::AuditEnd::failed) continue;
    if (failed++ == 0) first = domain->reason;
  }
  return arena.joined(
      {std::to_string(failed), " of ", std::to_string(scale.domains.size()), " domains failed: ", first});
}

// The clocks of two partitions' owners may differ: a line never says that it was written before its signal.
std::int64_t elapsed_us(Instant now, std::int64_t signal_at_us) {
  const auto signal = std::clamp<std::int64_t>(signal_at_us, 0, integer_max);
  return std::max<std::int64_t>(0, std::clamp<std::int64_t>(now.us, 0, integer_max) - signal);
}

std::string_view reason_of(const LineFacts& facts, std::string_view decision, Arena& arena) {
  if (facts.ended) return arena.joined({"the refusal ended: ", *facts.ended});
  return decision == "failed" ? failure(facts.scale_event, arena) : std::string_view(facts.decided.reason);
}

}  // namespace

std::string_view name_of(schema::AuditEnd end) {
  return name_in(end_names, end);
}

std::string_view name_of(schema::Dimension dimension) {
  return name_in(dimension_names, dimension);
}

std::string_view decision_of(const schema::ScaleDecidedT& decided, const schema::AuditScaleT& scale) {
  if (decided.decision != schema::Decision::admitted) return "refused";
  const auto failed = [](const auto& domain) { return domain->end == schema::AuditEnd::failed; };
  return std::any_of(scale.domains.begin(), scale.domains.end(), failed) ? "failed" : "admitted";
}

void put_projection(CanonicalJson& json, const schema::ScaleDecidedT& decided) {
  json.key("projection").open_object();
  put_dimension(json, decided, schema::Dimension::disk, "GiB");
  put_dimension(json, decided, schema::Dimension::ram, "MiB");
  put_dimension(json, decided, schema::Dimension::vcpu, "mvcpu");
  json.close_object();
}

void put_signal(CanonicalJson& json, const schema::ScaleDecidedT& decided) {
  json.key("signal").open_object();
  json.key("kind").string(name_in(kind_names, decided.kind));
  json.key("name").string(decided.name);
  if (decided.queue_depth >= 0) json.key("queue_depth").integer(decided.queue_depth);
  json.key("value_milli").integer(decided.value_milli);
  json.close_object();
}

void put_steps(CanonicalJson& json, const schema::ScaleDecidedT& decided, const schema::AuditScaleT& scale,
               std::optional<Instant> now) {
  const auto served = [](const schema::AuditDomainT& domain) {
    return domain.end == schema::AuditEnd::serving ? domain.ended_at_us : 0;
  };
  const auto orchestrated = [](const schema::AuditDomainT& domain) {
    return domain.end == schema::AuditEnd::removed ? domain.ended_at_us : domain.placed_at_us;
  };
  json.key("steps").open_array();
  put_step(json, "signal", decided.signal_at_us);
  put_step(json, "policy", decided.decided_at_us);
  put_step(json, "orchestration", latest(scale, orchestrated));
  put_step(json, "liveness", latest(scale, [](const auto& domain) { return domain.live_at_us; }));
  put_step(json, "dataplane", latest(scale, served));
  if (now) put_step(json, "audit", now->us);
  json.close_array();
}

std::string_view line_of(const LineFacts& facts, Arena& arena) {
  const auto& decided = facts.decided;
  const auto decision = decision_of(decided, facts.scale_event);
  CanonicalJson json(arena, line_bytes_expected);
  json.open_object();
  if (decided.code == "beyond_envelope") json.key("binding").string(name_of(decided.binding));
  json.key("code").string(decided.code);
  json.key("contract").open_object();
  json.key("overage_percent").integer(decided.overage_percent).key("version").integer(decided.contract_version);
  json.close_object();
  json.key("decision").string(decision);
  put_domains(json, facts.scale_event);
  json.key("elapsed_us").integer(elapsed_us(facts.now, decided.signal_at_us));
  if (facts.ended) json.key("ends").yes();
  json.key("event").string(text_of(facts.scale));
  json.key("index").integer(static_cast<std::int64_t>(facts.index));
  json.key("org").string(facts.org, org_bytes_max);
  put_projection(json, decided);
  json.key("reason").string(reason_of(facts, decision, arena), sentence_bytes_max);
  put_text(json, "remedy", decided.remedy, sentence_bytes_max);
  json.key("replicas").open_object().key("from").integer(decided.from).key("to").integer(decided.to).close_object();
  put_text(json, "requester", decided.requester);
  json.key("service").string(decided.service);
  put_signal(json, decided);
  put_steps(json, decided, facts.scale_event, facts.now);
  return json.close_object().text();
}

}  // namespace virtscale::audit
