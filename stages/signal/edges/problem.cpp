#include "stages/signal/edges/problem.hpp"

#include <boost/json.hpp>

namespace virtscale::signal {
namespace {

std::string_view title_of(unsigned status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Internal Server Error";
  }
}

}  // namespace

HttpResponse response_to(const Problem& problem) {
  return response_to(problem, {});
}

HttpResponse response_to(const Problem& problem, const boost::json::object& members) {
  boost::json::object body;
  body["type"] = "urn:virtscale:problem:" + std::string(problem.code);
  body["title"] = title_of(problem.status);
  body["status"] = problem.status;
  body["detail"] = problem.detail;
  for (const auto& member : members) body[member.key()] = member.value();
  return {problem.status, "application/problem+json", boost::json::serialize(body)};
}

HttpResponse try_again(std::string detail) {
  auto response = response_to({503, "not_durable", std::move(detail)});
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace virtscale::signal
