#include "stages/signal/edges/json_body.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace virtscale::signal {
namespace {

std::string place_of(std::string_view body, std::size_t at) {
  const auto before = body.substr(0, at);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto line_begin = before.rfind('\n');
  const auto column = line_begin == before.npos ? at + 1 : at - line_begin;
  return "line " + std::to_string(line) + ", column " + std::to_string(column) + ": ";
}

}  // namespace

JsonBody read_json(std::string_view body) {
  boost::json::parse_options options;
  options.max_depth = body_depth_max;
  boost::json::stream_parser parser({}, options);
  boost::system::error_code error;
  const auto read = parser.write_some(body.data(), body.size(), error);
  if (!error && read < body.size()) error = boost::json::error::extra_data;
  if (!error) parser.finish(error);
  if (error) return {nullptr, place_of(body, std::min(read, body.size())) + "no valid JSON: " + error.message()};
  return {std::make_shared<const boost::json::value>(parser.release()), {}};
}

std::string members_of(const boost::json::object& object) {
  const auto whole = boost::json::serialize(object);
  return whole.substr(1, whole.size() - 2);
}

}  // namespace virtscale::signal
