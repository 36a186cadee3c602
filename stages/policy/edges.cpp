#include "stages/policy/edges.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "stages/policy/step.hpp"
#include "topology/host/http_answers.hpp"

namespace virtscale::policy {
namespace {

/// At most this many standing refusals are listed for a service: one for each alert that fires on it.
constexpr std::size_t status_refusals_max = 100;

// --- JSON ----------------------------------------------------------------------------------------------------------

std::string boolean(bool value) {
  return value ? "true" : "false";
}

// An object of members whose values are JSON already, in the order in which they are put.
class JsonObject {
 public:
  JsonObject& put(std::string_view name, const std::string& json) {
    if (!text_.empty()) text_ += ",";
    text_.append("\"").append(name).append("\":").append(json);
    return *this;
  }
  JsonObject& put(std::string_view name, std::int64_t number) { return put(name, std::to_string(number)); }
  JsonObject& put_text(std::string_view name, std::string_view value) { return put(name, json_string(value)); }
  std::string str() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

class JsonArray {
 public:
  void add(const std::string& json) {
    if (count_++ > 0) text_ += ",";
    text_ += json;
  }
  std::size_t size() const { return count_; }
  std::string str() const { return "[" + text_ + "]"; }

 private:
  std::string text_;
  std::size_t count_ = 0;
};

// --- One org -------------------------------------------------------------------------------------------------------

std::string_view unit_of(std::size_t dimension) {
  constexpr std::array<std::string_view, dimensions_count> units = {"mvcpu", "MiB", "GiB"};
  return units[dimension];
}

std::string dimension_json(std::size_t i, const Terms& terms, const Usage& usage) {
  const auto envelope = envelope_of(terms)[i];
  const auto used = usage.committed[i] + usage.reserved[i];
  const auto free = std::max<std::int64_t>(0, envelope - used);
  JsonObject json;
  json.put_text("unit", unit_of(i)).put("quota", terms.quota[i]).put("envelope", envelope);
  json.put("committed", usage.committed[i]).put_text("committed_percent", percent_text(usage.committed[i], envelope));
  json.put("reserved", usage.reserved[i]).put_text("reserved_percent", percent_text(usage.reserved[i], envelope));
  json.put("free", free).put_text("free_percent", percent_text(free, envelope));
  return json.put_text("used_percent", percent_text(used, envelope)).str();
}

void put_contract(JsonObject& json, const State& state, std::string_view org) {
  const auto* contract = state.contracts.find(org);
  if (contract == nullptr) {
    json.put("contract", std::string("null")).put("dimensions", std::string("null"));
    return;
  }
  const auto& terms = *contract->terms;
  JsonObject contract_json;
  contract_json.put("version", terms.version).put_text("signed", terms.signed_);
  json.put("contract", contract_json.put("overage_percent", terms.overage_percent).str());
  JsonObject dimensions;
  const auto* row = state.usage.find(org);
  const auto usage = usage_of(row);
  for (std::size_t i = 0; i < dimensions_count; ++i)
    dimensions.put(name_of(dimension_at(i)), dimension_json(i, terms_of(terms), usage));
  json.put("dimensions", dimensions.str());
  json.put("over_by_shrink", boolean(row != nullptr && row->over_by_shrink));
}

// --- One service ---------------------------------------------------------------------------------------------------

std::string refusal_json(const schema::StandingRefusalT& refusal) {
  JsonObject json;
  json.put_text("event", to_string(ScaleId{refusal.scale})).put_text("alert", refusal.name);
  json.put_text("code", refusal.code).put_text("binding", name_of(refusal.binding));
  json.put("from", refusal.from).put("to", refusal.to).put("contract_version", refusal.contract_version);
  return json.put("since_us", refusal.since_us).str();
}

std::string refusals_json(const State& state, std::string_view service_key) {
  JsonArray refusals;
  state.refusals.each(std::string(service_key) + "/", [&](std::string_view, const schema::StandingRefusalT& refusal) {
    refusals.add(refusal_json(refusal));
    return refusals.size() < status_refusals_max;
  });
  return refusals.str();
}

std::int64_t left_us(std::int64_t began_us, std::int64_t lasts_us, Instant now) {
  return began_us == 0 ? 0 : std::max<std::int64_t>(0, began_us + lasts_us - now.us);
}

std::string cooldowns_json(const ServiceBook& book, Instant now) {
  const auto limits = book.spec.limits();
  JsonObject json;
  json.put("out", left_us(book.last_out_us, limits.cooldown_out_us, now));
  return json.put("in", left_us(std::max(book.last_out_us, book.last_in_us), limits.cooldown_in_us, now)).str();
}

std::string held_json(const ServiceBook& book) {
  if (!book.remarks || book.remarks->held_code.empty()) return "null";
  return JsonObject().put_text("code", book.remarks->held_code).put("at_us", book.remarks->held_at_us).str();
}

std::string service_json(const State& state, std::string_view key, const ServiceBook& book, Instant now) {
  const auto limits = book.spec.limits();
  JsonObject replicas;
  replicas.put("now", replicas_now(book)).put("min", limits.replicas_min).put("max", limits.replicas_max);
  replicas.put("committed", book.committed).put("reserved", book.reserved).put("leaving", book.leaving);
  JsonObject json;
  json.put_text("service", book.spec.name()).put_text("cell", book.spec.cell()).put("replicas", replicas.str());
  json.put("cooldown_left_us", cooldowns_json(book, now)).put("held", held_json(book));
  return json.put("refusals", refusals_json(state, key)).str();
}

// --- The whole -----------------------------------------------------------------------------------------------------

// What a request asks to see; empty names mean all.
struct Selection {
  std::string org;
  std::string service;
};

std::string_view org_of(std::string_view service_key) {
  return service_key.substr(0, service_key.find('/'));
}

// The orgs that have a contract or a service, in order; one more than may be listed at most. Steps from one org's
// services to the next org's without visiting them.
std::set<std::string> orgs_in(const State& state) {
  std::set<std::string> orgs;
  state.contracts.each("", [&](std::string_view org, const schema::OrgContractT&) {
    orgs.emplace(org);
    return orgs.size() <= status_orgs_max;
  });
  constexpr char after_slash = '/' + 1;
  auto found = state.services.at_or_after("");
  for (std::size_t seen = 0; found.value != nullptr && seen <= status_orgs_max; ++seen) {
    const std::string org(org_of(found.key));
    orgs.insert(org);
    found = state.services.at_or_after(org + after_slash);
  }
  return orgs;
}

std::set<std::string> selected_orgs(const State& state, const Selection& selection) {
  if (selection.org.empty()) return orgs_in(state);
  const auto first = state.services.at_or_after(selection.org + "/");
  const bool has_service = first.value != nullptr && org_of(first.key) == selection.org;
  if (!has_service && state.contracts.find(selection.org) == nullptr) return {};
  return {selection.org};
}

class StatusReport {
 public:
  StatusReport(const Selection& selection, Instant now) : selection_(selection), now_(now) {}

  void add(const State& state) {
    for (const auto& org : selected_orgs(state, selection_)) add_org(state, org);
  }

  // Empty if what is asked for is not there.
  std::string json() const {
    const bool missing = orgs_.size() == 0 || (!selection_.service.empty() && services_listed_ == 0);
    if (missing && !selection_.org.empty()) return {};
    return JsonObject().put("orgs", orgs_.str()).put("complete", boolean(complete_)).str();
  }

 private:
  void add_org(const State& state, const std::string& org) {
    if (orgs_.size() >= status_orgs_max) {
      complete_ = false;
      return;
    }
    JsonObject json;
    json.put_text("org", org);
    put_contract(json, state, org);
    orgs_.add(json.put("services", services_json(state, org)).str());
  }

  std::string services_json(const State& state, const std::string& org) {
    JsonArray services;
    if (!selection_.service.empty()) {
      const JoinedKey key(org, selection_.service);
      if (const auto* book = state.services.find(key)) add_service(services, state, key, *book);
      return services.str();
    }
    state.services.each(org + "/", [&](std::string_view key, const ServiceBook& book) {
      return add_service(services, state, key, book);
    });
    return services.str();
  }

  bool add_service(JsonArray& services, const State& state, std::string_view key, const ServiceBook& book) {
    if (services_listed_ >= status_services_max) return complete_ = false;
    ++services_listed_;
    services.add(service_json(state, key, book, now_));
    return true;
  }

  const Selection& selection_;
  Instant now_;
  JsonArray orgs_;
  std::size_t services_listed_ = 0;
  bool complete_ = true;
};

// --- Postmortems ---------------------------------------------------------------------------------------------------

class PostmortemsReport {
 public:
  explicit PostmortemsReport(std::string_view org) : prefix_(org.empty() ? "" : std::string(org) + "/") {}

  void add(const State& state) {
    state.postmortems.each(prefix_, [&](std::string_view key, const schema::PostmortemBookT& book) {
      complete_ = rows_.size() < postmortems_listed_max;
      if (complete_) rows_.add(row_json(state, key, book));
      return complete_;
    });
  }
  std::string json() const {
    return JsonObject().put("postmortems", rows_.str()).put("complete", boolean(complete_)).str();
  }

 private:
  static std::string row_json(const State& state, std::string_view key, const schema::PostmortemBookT& book) {
    const auto org = org_of(key);
    const auto* calendar = state.calendars.find(org);
    const bool is_closed = !book.closed_sha256.empty();
    JsonObject json;
    json.put_text("org", org).put_text("name", key.substr(org.size() + 1));
    json.put_text("event", book.scale == 0 ? std::string() : to_string(ScaleId{book.scale}));
    json.put_text("state", is_closed ? "closed" : "open").put_text("due", book.due);
    json.put_text("calendar", book.calendar).put_text("zone", calendar == nullptr ? "UTC" : calendar->zone);
    json.put_text("sha256", book.sha256).put("drafted_at_us", book.drafted_at_us);
    if (is_closed) json.put_text("closed_sha256", book.closed_sha256).put("closed_at_us", book.closed_at_us);
    return json.str();
  }

  std::string prefix_;
  JsonArray rows_;
  bool complete_ = true;
};

// --- HTTP ----------------------------------------------------------------------------------------------------------

std::string value_or_empty(const std::map<std::string, std::string>& values, const std::string& name) {
  const auto value = values.find(name);
  return value == values.end() ? std::string() : value->second;
}

// What keeps the request from being answered, if anything does.
std::optional<HttpResponse> objection(const HttpRequest& request, const Selection& selection,
                                      const Authorizer& authorizer) {
  if (request.method != "GET") return wrong_method("GET");
  const auto whose = selection.org.empty() ? std::string("this token opens its own org only: name it as `?org=`")
                                           : "this token is not of org " + selection.org;
  if (auto refusal = objection_to(request, authorizer, {selection.org, whose})) return refusal;
  if (selection.org.empty() && !selection.service.empty())
    return response_to({400, "malformed", "`service` needs its `org` beside it"});
  return std::nullopt;
}

}  // namespace

HttpHandler status_handler(ReadStates read, const Authorizer& authorizer, const Clock& clock) {
  return [read = std::move(read), &authorizer, &clock](const HttpRequest& request,
                                                       std::shared_ptr<HttpResponder> responder) {
    const Selection selection{value_or_empty(request.query, "org"), value_or_empty(request.query, "service")};
    if (auto refusal = objection(request, selection, authorizer)) return responder->respond(std::move(*refusal));
    read([selection, responder = std::move(responder), &clock](std::span<const State* const> states) {
      StatusReport report(selection, clock.now());
      for (const auto* state : states) report.add(*state);
      const auto json = report.json();
      if (json.empty())
        return responder->respond(
            response_to({404, "not_found", "no contract or service of this name was applied: check org and service"}));
      responder->respond({.body = json + "\n"});
    });
  };
}

HttpHandler postmortems_handler(ReadStates read, const Authorizer& authorizer) {
  return [read = std::move(read), &authorizer](const HttpRequest& request, std::shared_ptr<HttpResponder> responder) {
    const Selection selection{value_or_empty(request.query, "org"), {}};
    if (auto refusal = objection(request, selection, authorizer)) return responder->respond(std::move(*refusal));
    read([selection, responder = std::move(responder)](std::span<const State* const> states) {
      PostmortemsReport report(selection.org);
      for (const auto* state : states) report.add(*state);
      responder->respond({.body = report.json() + "\n"});
    });
  };
}

HttpHandler make_edges(const ReadStates& read, const Authorizer& authorizer, const Clock& clock) {
  return [status = status_handler(read, authorizer, clock), postmortems = postmortems_handler(read, authorizer)](
             const HttpRequest& request, std::shared_ptr<HttpResponder> responder) {
    const auto& handler = request.path == "/v1/postmortems" ? postmortems : status;
    handler(request, std::move(responder));
  };
}

}  // namespace virtscale::policy
