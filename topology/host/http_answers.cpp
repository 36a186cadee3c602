#include "topology/host/http_answers.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "topology/contract/utf8.hpp"

namespace virtscale {
namespace {

// RFC 9110, 15.
constexpr std::array<std::pair<unsigned, std::string_view>, 13> titles = {{{400, "Bad Request"},
                                                                           {401, "Unauthorized"},
                                                                           {403, "Forbidden"},
                                                                           {404, "Not Found"},
                                                                           {405, "Method Not Allowed"},
                                                                           {409, "Conflict"},
                                                                           {413, "Content Too Large"},
                                                                           {422, "Unprocessable Content"},
                                                                           {429, "Too Many Requests"},
                                                                           {500, "Internal Server Error"},
                                                                           {502, "Bad Gateway"},
                                                                           {503, "Service Unavailable"},
                                                                           {504, "Gateway Timeout"}}};

std::string_view title_of(unsigned status) {
  const auto found = std::find_if(titles.begin(), titles.end(), [=](const auto& row) { return row.first == status; });
  return found == titles.end() ? "Error" : found->second;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

HttpResponse unauthorized(const Door& door) {
  const std::string whose = door.org.empty() ? "an operator's token" : "the org's or an operator's token";
  auto response = response_to({401, "unauthorized", "send " + whose + " in the header `Authorization: Bearer ...`"});
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

void append_escaped(std::string& json, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (c == '"' || c == '\\') {
    json.append(1, '\\').append(1, c);
  } else if (byte < 0x20) {
    json.append("\\u00").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
  } else {
    json += c;
  }
}

}  // namespace

HttpResponse response_to(const Problem& problem, std::string_view members) {
  std::string body = "{\"type\":" + json_string("urn:virtscale:problem:" + std::string(problem.code));
  body.append(",\"title\":").append(json_string(title_of(problem.status)));
  body.append(",\"status\":").append(std::to_string(problem.status));
  body.append(",\"detail\":").append(json_string(problem.detail));
  if (!members.empty()) body.append(",").append(members);
  return {problem.status, "application/problem+json", body + "}\n"};
}

HttpResponse try_again(std::string detail) {
  auto response = response_to({503, "not_durable", std::move(detail)});
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

HttpResponse wrong_method(std::string_view allowed) {
  auto response = response_to({405, "method_not_allowed", "this address takes " + std::string(allowed) + " only"});
  response.headers.emplace_back("Allow", allowed);
  return response;
}

// Scheme names are case-insensitive (RFC 9110, 11.1).
std::string_view bearer_token(const HttpRequest& request) {
  constexpr std::string_view scheme = "bearer ";
  const auto header = request.headers.find("authorization");
  if (header == request.headers.end() || header->second.size() <= scheme.size()) return {};
  const std::string_view value = header->second;
  const bool is_bearer = std::equal(scheme.begin(), scheme.end(), value.begin(),
                                    [](char expected, char c) { return expected == lower(c); });
  const auto token = value.substr(scheme.size());
  return is_bearer && token.size() <= token_bytes_max ? token : std::string_view();
}

std::optional<HttpResponse> objection_to(Access access, const Door& door) {
  if (access == Access::unknown) return unauthorized(door);
  if (access == Access::operator_ || (access == Access::org && !door.org.empty())) return std::nullopt;
  return response_to({403, "forbidden", door.forbidden});
}

std::optional<HttpResponse> objection_to(const HttpRequest& request, const Authorizer& authorizer, const Door& door) {
  const auto token = bearer_token(request);
  return objection_to(token.empty() ? Access::unknown : authorizer.check(token, door.org), door);
}

std::string json_string(std::string_view text) {
  std::string json = "\"";
  while (!text.empty()) {
    const auto bytes = utf8_bytes(text);
    if (bytes == 0) json += utf8_replacement;
    if (bytes == 1) append_escaped(json, text[0]);
    if (bytes > 1) json += text.substr(0, bytes);
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return json + "\"";
}

}  // namespace virtscale
