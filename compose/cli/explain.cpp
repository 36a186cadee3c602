// `virtscale explain` and `virtscale events`
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "compose/cli/printing.hpp"

namespace virtscale::cli {
namespace json = boost::json;
namespace {

std::string thousandths(std::int64_t milli) {
  auto text = fmt::format("{}.{:03}", milli / 1'000, milli % 1'000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

// Half up to one place, as contracts are spoken of.
std::string percent(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return "-";
  const auto tenths = (part * 2'000 + whole) / (2 * whole);
  return fmt::format("{}.{} %", tenths / 10, tenths % 10);
}

std::string signal_text(const json::value& signal) {
  const auto kind = text_of(signal, "kind");
  if (kind == "request") return "a scale request";
  if (kind == "schedule") return "the schedule `" + text_of(signal, "name") + "`";
  auto text =
      fmt::format("alert {}, value {}", text_of(signal, "name"), thousandths(integer_of(signal, "value_milli")));
  if (const auto depth = text_of(signal, "queue_depth"); !depth.empty() && depth != "-1") {
    text += ", queue depth " + depth + " at the load balancer";
  }
  return text;
}

void print_projection(const json::value& scale) {
  const auto& projection = object_of(scale, "projection");
  if (projection.as_object().empty()) return;
  std::vector<std::vector<std::string>> rows{
      {"  DIMENSION", "COMMITTED", "RESERVED", "ASKED", "AFTER", "ENVELOPE", "USED"}};
  for (const auto name : {"vcpu", "ram", "disk"}) {
    const auto& dimension = object_of(projection, name);
    const auto unit = text_of(dimension, "unit");
    const auto member = [&](std::string_view of) { return integer_of(dimension, of); };
    const auto after = member("committed") + member("reserved") + member("asked");
    const bool binds = text_of(scale, "binding") == name;
    rows.push_back({"  " + std::string(name), quantity(member("committed"), unit), quantity(member("reserved"), unit),
                    quantity(member("asked"), unit), quantity(after, unit), quantity(member("envelope"), unit),
                    percent(after, member("envelope")) + (binds ? "  binds" : "")});
  }
  print_table(rows);
}

void print_candidates(const json::value& domain) {
  for (const auto& candidate : array_of(domain, "candidates")) {
    const auto why = text_of(candidate, "passed_over");
    fmt::print("      {} NUMA {} ({}): {} and {} free; {}\n", text_of(candidate, "node"), text_of(candidate, "numa"),
               text_of(candidate, "zone"), quantity(integer_of(candidate, "free_vcpu_milli"), "mvcpu"),
               quantity(integer_of(candidate, "free_ram_mib"), "MiB"), why.empty() ? "chosen" : "passed over: " + why);
  }
}

void print_domain(const json::value& domain) {
  const auto reason = text_of(domain, "reason");
  fmt::print("  {}: {}{}\n", text_of(domain, "name"), text_of(domain, "outcome"),
             reason.empty() ? "" : " (" + reason + ")");
  if (text_of(domain, "node").empty()) return;
  fmt::print("    placed on {} NUMA {} in {}, out of {} NUMA nodes\n", text_of(domain, "node"), text_of(domain, "numa"),
             text_of(domain, "zone"), text_of(domain, "candidates_total"));
  print_candidates(domain);
  if (text_of(domain, "address").empty()) return;
  const auto backend = text_of(domain, "backend");
  fmt::print("    answers at {}:{}, live after {} probes{}\n", text_of(domain, "address"), text_of(domain, "port"),
             text_of(domain, "probes"),
             backend.empty() ? "" : "; backend " + backend + " has " + text_of(domain, "backends") + " servers");
}

void print_steps(const json::value& scale) {
  const auto& steps = array_of(scale, "steps");
  if (steps.empty()) return;
  std::vector<std::vector<std::string>> rows{{"  STEP", "AT", "SINCE THE SIGNAL"}};
  const auto began = integer_of(steps[0], "at_us");
  for (const auto& step : steps) {
    const auto at = integer_of(step, "at_us");
    rows.push_back({"  " + text_of(step, "step"), instant(at), seconds_text(at - began)});
  }
  print_table(rows);
}

void print_ledger(const json::value& scale) {
  const auto line = text_of(scale, "line");
  if (line.empty()) return fmt::print("ledger: no line yet; the scale event is open\n");
  fmt::print("ledger: line {} of {}, {}\n", line, text_of(scale, "org"),
             text_of(scale, "settled") == "true" ? "covered by a signed checkpoint" : "to be signed");
  if (const auto& ended = object_of(scale, "ended"); !text_of(ended, "line").empty()) {
    fmt::print("ledger: line {}, the refusal ended: {}\n", text_of(ended, "line"), text_of(ended, "reason"));
  }
}

void print_scale(const json::value& scale) {
  const auto& replicas = object_of(scale, "replicas");
  const auto& contract = object_of(scale, "contract");
  fmt::print("{}  {}/{}  {}\n", text_of(scale, "event"), text_of(scale, "org"), text_of(scale, "service"),
             text_of(scale, "decision").empty() ? "open" : text_of(scale, "decision"));
  fmt::print("signal: {}\n", signal_text(object_of(scale, "signal")));
  fmt::print("decision: {} ({})\n", text_of(scale, "reason"), text_of(scale, "code"));
  fmt::print("replicas: from {} to {}\n", text_of(replicas, "from"), text_of(replicas, "to"));
  fmt::print("contract: version {}, overage +{} %\n", text_of(contract, "version"),
             text_of(contract, "overage_percent"));
  print_projection(scale);
  if (const auto remedy = text_of(scale, "remedy"); !remedy.empty()) fmt::print("what would admit it: {}\n", remedy);
  if (!array_of(scale, "domains").empty()) fmt::print("domains:\n");
  for (const auto& domain : array_of(scale, "domains")) print_domain(domain);
  print_steps(scale);
  if (const auto& mail = object_of(scale, "mail"); !text_of(mail, "to").empty()) {
    const auto detail = text_of(mail, "detail");
    fmt::print("mail: to {}, {} at attempt {}{}\n", text_of(mail, "to"),
               text_of(mail, "sent") == "true" ? "sent" : "given up", text_of(mail, "attempts"),
               detail.empty() ? "" : ": " + detail);
  }
  print_ledger(scale);
}

void print_brief(const json::value& scale) {
  const auto& replicas = object_of(scale, "replicas");
  fmt::print("{}  {}  {:<8}  {:<7}  {}/{}  {} -> {}  {}\n", instant(integer_of(scale, "opened_at_us")),
             text_of(scale, "event"), text_of(scale, "decision"), text_of(scale, "state"), text_of(scale, "org"),
             text_of(scale, "service"), text_of(replicas, "from"), text_of(replicas, "to"),
             signal_text(object_of(scale, "signal")));
}

Exit follow_events(const Context& context, const std::string& query) {
  std::string kind;
  const auto status = follow(context.client, "/v1/events" + query, [&](std::string_view line) {
    if (line.starts_with("event: ")) kind = line.substr(7);
    if (!line.starts_with("data: ")) return true;
    json::error_code error;
    const auto data = json::parse(line.substr(6), error);
    if (error) return true;
    if (context.format == Format::json) {
      print_json(data);
    } else {
      fmt::print("{:<8}  {}  {}/{}  {}\n", kind, text_of(data, "event"), text_of(data, "org"), text_of(data, "service"),
                 text_of(data, "decision"));
    }
    std::fflush(stdout);
    return true;
  });
  if (status == 200) return Exit::done;
  complain(context, fmt::format("the server answered {}", status));
  return Exit::failed;
}

}  // namespace

Exit explain(const Context& context, const std::string& event) {
  const auto answer = ask(context.client, "GET", "/v1/scales/" + escaped(event));
  if (answer.status != 200) return complain_about(context, answer, event);
  const auto scale = json_of(answer);
  if (context.format == Format::json) {
    print_json(scale);
  } else {
    print_scale(scale);
  }
  return Exit::done;
}

Exit events(const Context& context, const EventsOrder& order) {
  const auto query = order.org.empty() ? std::string() : "?org=" + escaped(order.org);
  const auto answer = ask(context.client, "GET", "/v1/scales" + query);
  if (answer.status != 200) return complain_about(context, answer, "events");
  const auto list = json_of(answer);
  const auto& scales = array_of(list, "scales");
  for (auto scale = scales.rbegin(); scale != scales.rend(); ++scale) {
    if (context.format == Format::json) {
      print_json(*scale);
    } else {
      print_brief(*scale);
    }
  }
  if (order.until == EventsOrder::Until::now) return Exit::done;
  std::fflush(stdout);
  return follow_events(context, query);
}

}  // namespace virtscale::cli
