// JSON as this edge reads and writes it: bodies within bounds of size and depth, in valid UTF-8 (RFC 8259).
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace boost::json {
class value;
class object;
}  // namespace boost::json

namespace virtscale::signal {

/// As interfaces of Virtscale promise: bodies are at most 1 MiB.
inline constexpr std::size_t body_bytes_max = 1'048'576;
/// Alertmanager's bodies nest four deep.
inline constexpr std::size_t body_depth_max = 32;

/// What was read, or what is wrong and where. Exactly one of the two is set.
struct JsonBody {
  std::shared_ptr<const boost::json::value> value;
  std::string fault;
};

/// Reads one JSON document. `fault` names line and column.
JsonBody read_json(std::string_view body);

/// The members of an object without its braces, as `response_to` takes them.
std::string members_of(const boost::json::object& object);

}  // namespace virtscale::signal
