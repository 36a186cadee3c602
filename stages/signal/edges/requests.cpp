// POST /v1/orgs/{org}/services/{service}/scale.
#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <utility>

#include "stages/signal/edges/json_body.hpp"
#include "stages/signal/edges/routes.hpp"
#include "stages/signal/events.hpp"
#include "stages/signal/state.hpp"
#include "topology/host/http_answers.hpp"

namespace virtscale::signal {
namespace {

namespace json = boost::json;

constexpr std::size_t idempotency_key_bytes_max = 255;

std::string_view unit_of(schema::Dimension dimension) {
  switch (dimension) {
    case schema::Dimension::vcpu:
      return "mvcpu";
    case schema::Dimension::ram:
      return "MiB";
    case schema::Dimension::disk:
      return "GiB";
  }
  return "";
}

json::object shown(const schema::Projection& projection) {
  return {{"dimension", schema::EnumNameDimension(projection.dimension())},
          {"committed", projection.committed()},
          {"reserved", projection.reserved()},
          {"asked", projection.asked()},
          {"quota", projection.quota()},
          {"envelope", projection.envelope()},
          {"unit", unit_of(projection.dimension())}};
}

HttpResponse admitted(const schema::ScaleDecided& decided, const std::string& event) {
  json::array projection;
  if (decided.projection() != nullptr) {
    for (const auto* dimension : *decided.projection()) projection.push_back(shown(*dimension));
  }
  const json::object body = {{"event", event},
                             {"decision", "admitted"},
                             {"code", text(decided.code())},
                             {"reason", text(decided.reason())},
                             {"from", decided.from()},
                             {"to", decided.to()},
                             {"contract_version", decided.contract_version()},
                             {"projection", std::move(projection)}};
  return {202, "application/json", json::serialize(body)};
}

unsigned status_of(std::string_view code) {
  if (code == "beyond_envelope" || code == "no_contract") return 429;
  return code == "unknown_service" ? 404 : 422;
}

HttpResponse refused(const schema::ScaleDecided& decided, const std::string& event) {
  const auto code = text(decided.code());
  json::object members = {{"instance", "/v1/scales/" + event},
                          {"event", event},
                          {"decision", "refused"},
                          {"from", decided.from()},
                          {"to", decided.to()},
                          {"contract_version", decided.contract_version()},
                          {"remedy", text(decided.remedy())}};
  if (code == "beyond_envelope" && decided.projection() != nullptr) {
    for (const auto* projection : *decided.projection()) {
      if (projection->dimension() != decided.binding()) continue;
      for (const auto& member : shown(*projection)) members[member.key()] = member.value();
    }
  }
  return response_to({status_of(code), code, std::string(text(decided.reason()))}, members_of(members));
}

HttpResponse late() {
  return response_to({504, "no_decision_yet",
                      "no decision came within 10 s; the request is in the log and will be decided: ask again with the "
                      "same Idempotency-Key to see it"});
}

// `answer` is null if none came in time.
HttpResponse response_of(const schema::Event* answer) {
  if (answer == nullptr) return late();
  const auto* decided = answer->body_as_ScaleDecided();
  if (const auto* answered = answer->body_as_ScaleAnswered()) decided = answered->decision();
  if (decided == nullptr) return response_to({500, "internal", "the request was answered by no decision"});
  const auto event = to_string(ScaleId{answer->header()->scale()});
  return decided->decision() == schema::Decision::admitted ? admitted(*decided, event) : refused(*decided, event);
}

// What is wrong with the body, or nothing; `request` has then its mode and amount.
std::string read_wish(const json::value& body, schema::ScaleRequestedT& request) {
  const std::string usage = "send {\"change\": n} or {\"replicas\": n}";
  if (!body.is_object() || body.get_object().size() != 1) return "the body must be an object of one member: " + usage;
  const auto& member = *body.get_object().begin();
  if (member.key() != "change" && member.key() != "replicas") return "the body has an unknown member: " + usage;
  const std::string name(member.key());
  using Amounts = std::numeric_limits<std::int32_t>;
  if (member.value().is_uint64()) return name + ": is far beyond any bound";
  if (!member.value().is_int64()) return name + ": must be an integer";
  const auto amount = member.value().get_int64();
  if (amount < Amounts::min() || amount > Amounts::max()) return name + ": is far beyond any bound";
  request.mode = name == "change" ? schema::ScaleMode::by : schema::ScaleMode::to;
  request.amount = static_cast<std::int32_t>(amount);
  return {};
}

bool is_idempotency_key(std::string_view key) {
  return !key.empty() && key.size() <= idempotency_key_bytes_max &&
         std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

// What is wrong with the request, or nothing.
std::string read_request(const Admission& who, const HttpRequest& http, schema::ScaleRequestedT& request) {
  const auto key = http.headers.find("idempotency-key");
  if (key != http.headers.end()) {
    if (!is_idempotency_key(key->second)) return "header Idempotency-Key: must be 1 to 255 printable ASCII characters";
    request.idempotency_key = key->second;
  }
  request.service = who.service;
  request.requester = who.access == Access::operator_ ? "operator" : "org";
  const auto body = read_json(http.body);
  return body.value ? read_wish(*body.value, request) : body.fault;
}

}  // namespace

void post_scale(const std::shared_ptr<Edges>& edges, const Admission& who, const HttpRequest& http, Responder to) {
  schema::ScaleRequestedT request;
  auto fault = read_request(who, http, request);
  if (!fault.empty()) return to->respond(response_to({400, "malformed", std::move(fault)}));
  auto& log = edges->parts.log;
  const auto id = log.next_id();
  const bool waits =
      edges->answers->expect(id, [to](const schema::Event* answer) { to->respond(response_of(answer)); });
  if (!waits) return to->respond(try_again("too many callers wait for a decision"));
  log.append(id, Topic::alerts, join(who.org, who.service), schema::encode(request, who.org),
             [edges, id, to](const std::string* error) {
               if (error != nullptr && edges->answers->withdraw(id)) to->respond(try_again(*error));
             });
}

}  // namespace virtscale::signal
