#include "stages/audit/edges.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "stages/audit/edges/ledger_files.hpp"
#include "stages/audit/edges/stream.hpp"
#include "stages/audit/edges/view.hpp"
#include "topology/host/http_answers.hpp"

namespace virtscale::audit {
namespace {

constexpr std::uint64_t scales_listed_usually = 50;
constexpr std::size_t org_bytes_max = 128;

using Responder = std::shared_ptr<HttpResponder>;

/// All that handling needs; shared with what is still to be answered.
struct Edges {
  ReadStates read;
  const Authorizer& authorizer;
  std::filesystem::path ledgers;
  std::shared_ptr<EventStream> stream;
};

/// One request on its way to its answer.
struct Request {
  const Edges& edges;
  const HttpRequest& http;
  Responder to;
  std::string token;
};

std::string parameter(const HttpRequest& request, const std::string& name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string() : found->second;
}

/// A number in the query; nothing if it is there and is not one.
std::optional<std::uint64_t> number(const HttpRequest& request, const std::string& name, std::uint64_t otherwise) {
  const auto text = parameter(request, name);
  if (text.empty()) return otherwise;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

HttpResponse bad_number(std::string_view name) {
  return response_to({400, "malformed", "`" + std::string(name) + "` is a whole number that is not negative"});
}

/// Whether the caller may see `org` (all orgs, if it is empty); answers if not.
bool admits(const Request& request, const std::string& org) {
  const auto whose = org.empty() ? "all orgs are for operators: add `?org=`" : "this token is not of org " + org;
  auto objection = objection_to(request.edges.authorizer.check(request.token, org), {org, whose});
  if (objection) request.to->respond(std::move(*objection));
  return !objection;
}

HttpResponse unknown_scale() {
  return response_to({404, "not_found",
                      "no such scale event is known here: it is another org's, or so old that only the ledger has it "
                      "(`virtscale ledger show ORG`)"});
}

void get_scale(const Request& request, std::string_view id_text) {
  const auto id = parse_scale(id_text);
  const auto org = parameter(request.http, "org");
  if (!org.empty() && !admits(request, org)) return;
  // Without an org, the answer depends on whose the scale event turns out to be: only a known token comes so far.
  if (request.edges.authorizer.check(request.token, org) == Access::unknown)
    return request.to->respond(*objection_to(Access::unknown, {.org = "any", .forbidden = {}}));
  if (!id) return request.to->respond(response_to({400, "malformed", "ids are like evt-7f3a91c04be2"}));
  request.edges.read([id, org, to = request.to, token = request.token,
                      authorizer = &request.edges.authorizer](std::span<const State* const> states) {
    const auto found = find_scale(states, org, id);
    const auto access = found ? authorizer->check(token, org_in(found->key)) : Access::none;
    const bool may = access == Access::org || access == Access::operator_;
    to->respond(may ? HttpResponse{200, "application/json", scale_json(*found)} : unknown_scale());
  });
}

void get_scales(const Request& request) {
  const auto org = parameter(request.http, "org");
  const auto limit = number(request.http, "limit", scales_listed_usually);
  if (!admits(request, org)) return;
  if (!limit) return request.to->respond(bad_number("limit"));
  request.edges.read([org, limit, to = request.to](std::span<const State* const> states) {
    to->respond({200, "application/json", scales_json(states, org, *limit)});
  });
}

void get_lines(const Request& request, const std::filesystem::path& directory) {
  const auto from = number(request.http, "from", 0);
  const auto limit = number(request.http, "limit", lines_served_max);
  if (!from || !limit) return request.to->respond(bad_number(from ? "limit" : "from"));
  request.to->respond(ledger_lines(directory, *from, *limit));
}

// The names that LedgerWriter gives directories (compose/ledger): nothing leads out of the directory of ledgers.
bool is_directory_name(std::string_view org) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return !org.empty() && org.size() <= org_bytes_max && org.front() != '.' &&
         org.find_first_not_of(letters) == org.npos;
}

void get_ledger(const Request& request, const std::string& org, std::string_view path) {
  if (!is_directory_name(org)) return request.to->respond(response_to({404, "not_found", "no org has such a name"}));
  if (!admits(request, org)) return;
  const auto directory = request.edges.ledgers / org;
  if (path == "lines") return get_lines(request, directory);
  request.to->respond(ledger_file(directory, path));
}

void get_events(const Request& request) {
  const auto org = parameter(request.http, "org");
  if (!admits(request, org)) return;
  if (!request.edges.stream->listen(request.to, org))
    request.to->respond(response_to({503, "too_many_listeners", "there are too many listeners: try again later"}));
}

/// Cuts `prefix` off; false if `path` does not begin with it.
bool take(std::string_view& path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return false;
  path.remove_prefix(prefix.size());
  return true;
}

void route(const Request& request) {
  std::string_view path = request.http.path;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path == "v1/events") return get_events(request);
  if (path == "v1/scales") return get_scales(request);
  if (take(path, "v1/scales/")) return get_scale(request, path);
  const bool is_org = take(path, "v1/orgs/");
  const std::string org(path.substr(0, path.find('/')));
  if (is_org && take(path, org) && take(path, "/ledger/")) return get_ledger(request, org, path);
  request.to->respond(response_to({404, "not_found", "here are /v1/scales, /v1/orgs/{org}/ledger/ and /v1/events"}));
}

}  // namespace

HttpHandler make_edges(EdgeParts parts) {
  auto stream = std::make_shared<EventStream>();
  parts.log.watch(Topic::outcomes, [stream](const LogRecord& record) { stream->tell(record); });
  parts.log.watch(Topic::ledger, [stream](const LogRecord& record) { stream->tell(record); });
  auto edges =
      std::make_shared<const Edges>(Edges{std::move(parts.read), parts.authorizer, std::move(parts.ledgers), stream});
  return [edges](const HttpRequest& request, std::shared_ptr<HttpResponder> responder) {
    if (request.method != "GET") return responder->respond(wrong_method("GET"));
    route({*edges, request, std::move(responder), std::string(bearer_token(request))});
  };
}

}  // namespace virtscale::audit
