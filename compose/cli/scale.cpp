// `virtscale scale`
#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <thread>

#include "compose/cli/printing.hpp"

namespace virtscale::cli {
namespace json = boost::json;
namespace {

constexpr auto settle_wait_max = std::chrono::minutes(10);
constexpr auto poll_pause = std::chrono::milliseconds(100);

// `+1`, `-1` and `=9` as the request's body; null if it is none of these.
json::value body_of(const std::string& change) {
  if (change.size() < 2) return nullptr;
  std::int64_t amount = 0;
  const auto* digits = change.data() + 1;
  const auto* end = change.data() + change.size();
  if (const auto read = std::from_chars(digits, end, amount); read.ec != std::errc() || read.ptr != end || amount < 0) {
    return nullptr;
  }
  if (change[0] == '=') return json::object{{"replicas", amount}};
  if (change[0] == '+') return json::object{{"change", amount}};
  if (change[0] == '-') return json::object{{"change", -amount}};
  return nullptr;
}

void print_settled(const Context& context, const std::string& event, const json::value& scale) {
  if (context.format == Format::json) return print_json(scale);
  const auto& steps = array_of(scale, "steps");
  const auto took = steps.empty() ? 0 : integer_of(steps.back(), "at_us") - integer_of(steps.front(), "at_us");
  fmt::print("{}  {}: {} from {} to {} replicas in {}, ledger line {}\n", event, text_of(scale, "decision"),
             text_of(scale, "org") + "/" + text_of(scale, "service"), text_of(object_of(scale, "replicas"), "from"),
             text_of(object_of(scale, "replicas"), "to"), seconds_text(took), text_of(scale, "line"));
}

Exit wait_until_settled(const Context& context, const std::string& event) {
  const auto until = std::chrono::steady_clock::now() + settle_wait_max;
  while (std::chrono::steady_clock::now() < until) {
    const auto answer = ask(context.client, "GET", "/v1/scales/" + event);
    const auto scale = json_of(answer);
    if (answer.status == 200 && text_of(scale, "settled") == "true") {
      print_settled(context, event, scale);
      return text_of(scale, "decision") == "failed" ? Exit::failed : Exit::done;
    }
    std::this_thread::sleep_for(poll_pause);
  }
  complain(context, event + " is not settled after 10 minutes: `virtscale explain " + event + "` says where it is");
  return Exit::failed;
}

}  // namespace

Exit scale(const Context& context, const ScaleOrder& order) {
  const auto slash = order.service.find('/');
  const auto body = body_of(order.change);
  if (slash == std::string::npos || body.is_null()) {
    complain(context, "usage: virtscale scale ORG/SERVICE +N (or -N, or =N)");
    return Exit::usage;
  }
  std::vector<std::string> headers{"Content-Type: application/json"};
  if (!order.idempotency_key.empty()) headers.push_back("Idempotency-Key: " + order.idempotency_key);
  const auto answer = ask(context.client, "POST",
                          "/v1/orgs/" + escaped(order.service.substr(0, slash)) + "/services/" +
                              escaped(order.service.substr(slash + 1)) + "/scale",
                          json::serialize(body), headers);
  if (answer.status != 202) {
    const auto exit = complain_about(context, answer, order.service + " was not scaled");
    const auto remedy = text_of(json_of(answer), "remedy");
    if (context.format == Format::text && !remedy.empty()) fmt::print(stderr, "what would admit it: {}\n", remedy);
    return exit;
  }
  const auto decision = json_of(answer);
  if (order.until == ScaleOrder::Until::settled) return wait_until_settled(context, text_of(decision, "event"));
  if (context.format == Format::json) {
    print_json(decision);
  } else {
    fmt::print("{}  admitted: {} from {} to {} replicas\n", text_of(decision, "event"), order.service,
               text_of(decision, "from"), text_of(decision, "to"));
  }
  return Exit::done;
}

}  // namespace virtscale::cli
