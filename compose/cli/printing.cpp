#include "compose/cli/printing.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

namespace virtscale::cli {
namespace json = boost::json;

json::value json_of(const HttpAnswer& answer) {
  json::error_code error;
  auto value = json::parse(answer.body, error);
  return error ? json::value() : value;
}

void print_json(const json::value& value) {
  fmt::print("{}\n", json::serialize(value));
}

std::string text_of(const json::value& object, std::string_view member) {
  const auto* found = object.is_object() ? object.get_object().if_contains(member) : nullptr;
  if (found == nullptr || found->is_null()) return {};
  if (found->is_string()) return std::string(found->get_string());
  return json::serialize(*found);
}

std::int64_t integer_of(const json::value& object, std::string_view member) {
  const auto* found = object.is_object() ? object.get_object().if_contains(member) : nullptr;
  if (found == nullptr) return 0;
  json::error_code error;
  const auto number = found->to_number<std::int64_t>(error);
  return error ? 0 : number;
}

const json::array& array_of(const json::value& object, std::string_view member) {
  static const json::array none;
  const auto* found = object.is_object() ? object.get_object().if_contains(member) : nullptr;
  return found != nullptr && found->is_array() ? found->get_array() : none;
}

const json::value& object_of(const json::value& object, std::string_view member) {
  static const json::value none = json::object();
  const auto* found = object.is_object() ? object.get_object().if_contains(member) : nullptr;
  return found != nullptr && found->is_object() ? *found : none;
}

void complain(const Context& context, const std::string& what) {
  if (context.format == Format::json) {
    fmt::print(stderr, "{}\n", json::serialize(json::object{{"error", what}}));
  } else {
    fmt::print(stderr, "virtscale: {}\n", what);
  }
}

Exit complain_about(const Context& context, const HttpAnswer& answer, std::string_view asked) {
  const auto problem = json_of(answer);
  if (context.format == Format::json && problem.is_object()) {
    print_json(problem);
  } else {
    const auto detail = text_of(problem, "detail");
    complain(context,
             fmt::format("{}: {}", asked,
                         !detail.empty()                     ? detail
                         : text_of(problem, "title").empty() ? fmt::format("the server answered {}", answer.status)
                                                             : text_of(problem, "title")));
  }
  if (answer.status == 404) return Exit::not_found;
  return answer.status == 429 ? Exit::refused : Exit::failed;
}

std::string quantity(std::int64_t amount, std::string_view unit) {
  if (unit == "mvcpu") {
    return amount % 1'000 == 0 ? fmt::format("{} vCPU", amount / 1'000) : fmt::format("{}m vCPU", amount);
  }
  if (amount % 1'024 == 0 && amount != 0) return fmt::format("{} {}", amount / 1'024, unit == "MiB" ? "GiB" : "TiB");
  return fmt::format("{} {}", amount, unit);
}

std::string instant(std::int64_t us) {
  if (us == 0) return "-";
  const auto seconds = static_cast<std::time_t>(us / 1'000'000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), us % 1'000'000 / 1'000);
}

std::string seconds_text(std::int64_t us) {
  return fmt::format("{}.{:03} s", us / 1'000'000, us % 1'000'000 / 1'000);
}

}  // namespace virtscale::cli
