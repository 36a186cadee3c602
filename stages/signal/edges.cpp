#include "stages/signal/edges.hpp"

#include <algorithm>
#include <utility>

#include "stages/signal/edges/json_body.hpp"
#include "stages/signal/edges/routes.hpp"
#include "stages/signal/edges/text.hpp"
#include "topology/host/http_answers.hpp"

namespace virtscale::signal {
namespace {

constexpr std::size_t segments_max = 8;

using Serve = void (*)(const std::shared_ptr<Edges>&, const Admission&, const HttpRequest&, Responder);

struct Route {
  std::string_view method;
  std::vector<std::string_view> segments;  // `{org}` and `{service}` take any
  Serve serve;
};

const std::vector<Route>& routes() {
  static const std::vector<Route> all = {
      {"POST", {"v1", "orgs", "{org}", "alerts"}, post_alerts},
      {"POST", {"v1", "orgs", "{org}", "services", "{service}", "scale"}, post_scale},
      {"PUT", {"v1", "documents"}, put_documents},
      {"POST", {"v1", "orgs", "{org}", "postmortems"}, post_postmortem},
      {"POST", {"v1", "orgs", "{org}", "postmortems", "closed"}, post_closed_postmortem},
  };
  return all;
}

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  while (segments.size() < segments_max) {
    const auto end = path.find('/');
    segments.push_back(path.substr(0, end));
    if (end == path.npos) break;
    path.remove_prefix(end + 1);
  }
  return segments;
}

// Whether the route takes this path; what stands for {org} and {service} is put into `who`.
bool matches(const Route& route, const std::vector<std::string_view>& segments, Admission& who) {
  if (segments.size() != route.segments.size()) return false;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (route.segments[i] == "{org}")
      who.org = segments[i];
    else if (route.segments[i] == "{service}")
      who.service = segments[i];
    else if (route.segments[i] != segments[i])
      return false;
  }
  return true;
}

Door door_of(const Admission& who) {
  return {who.org,
          who.org.empty() ? "documents are applied with an operator's token" : "this token is not of org " + who.org};
}

bool names_are_sound(const Route& route, const Admission& who) {
  return std::all_of(route.segments.begin(), route.segments.end(), [&](std::string_view segment) {
    if (segment == "{org}") return is_name(who.org);
    return segment != "{service}" || is_name(who.service);
  });
}

void enter(const std::shared_ptr<Edges>& edges, const Route& route, Admission who, const HttpRequest& request,
           Responder to) {
  if (request.method != route.method) return to->respond(wrong_method(route.method));
  if (!names_are_sound(route, who)) {
    return to->respond(response_to({404, "not_found",
                                    "names of orgs and services have 1 to 63 of a-z, 0-9, '.', '_' and '-', and begin "
                                    "and end with a letter or digit"}));
  }
  const auto token = bearer_token(request);
  who.access = token.empty() ? Access::unknown : edges->parts.authorizer.check(token, who.org);
  if (auto objection = objection_to(who.access, door_of(who))) return to->respond(std::move(*objection));
  if (request.body.size() > body_bytes_max) {
    return to->respond(response_to({413, "too_large", "a body holds at most 1 MiB: send less at once"}));
  }
  route.serve(edges, who, request, std::move(to));
}

}  // namespace

std::int64_t ContractVersions::latest(const std::string& org) const {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(org);
  return found == known_.end() ? -1 : found->second;
}

void ContractVersions::seen(const schema::Event& event) {
  const auto* folded = event.body_as_DocumentFolded();
  if (folded == nullptr || !folded->accepted() || folded->kind()->string_view() != name_of(DocumentKind::contract)) {
    return;
  }
  const std::lock_guard lock(mutex_);
  auto& known = known_.try_emplace(event.org()->str(), -1).first->second;
  known = std::max(known, folded->version());
}

HttpHandler make_edges(EdgeParts parts) {
  const auto edges = std::make_shared<Edges>(std::move(parts));
  edges->parts.log.watch(Topic::outcomes, [weak = std::weak_ptr(edges)](const LogRecord& record) {
    const auto self = weak.lock();
    const auto* event = self ? schema::verify_event(record.value) : nullptr;
    if (event == nullptr) return;
    self->contract_versions.seen(*event);
    self->answers->arrived(*event);
  });
  // Who waits for an answer holds the edges, and the edges hold who waits.
  const std::shared_ptr<void> last(nullptr, [edges](void*) { edges->answers->let_go(); });
  return [edges, last](const HttpRequest& request, Responder to) {
    const auto segments = segments_of(request.path);
    for (const auto& route : routes()) {
      Admission who;
      if (matches(route, segments, who)) return enter(edges, route, std::move(who), request, std::move(to));
    }
    to->respond(response_to({404, "not_found", "there is nothing at this address"}));
  };
}

}  // namespace virtscale::signal
