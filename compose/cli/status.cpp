// `virtscale status`
#include <fmt/format.h>

#include <boost/json.hpp>

#include "compose/cli/printing.hpp"

namespace virtscale::cli {
namespace json = boost::json;
namespace {

void print_dimensions(const json::value& org) {
  std::vector<std::vector<std::string>> rows{{"  DIMENSION", "ENVELOPE", "COMMITTED", "RESERVED", "FREE", "USED"}};
  for (const auto name : {"vcpu", "ram", "disk"}) {
    const auto& dimension = object_of(object_of(org, "dimensions"), name);
    const auto unit = text_of(dimension, "unit");
    const auto amount = [&](std::string_view member) { return quantity(integer_of(dimension, member), unit); };
    rows.push_back({"  " + std::string(name), amount("envelope"), amount("committed"), amount("reserved"),
                    amount("free"), text_of(dimension, "used_percent")});
  }
  print_table(rows);
}

std::string remarks_on(const json::value& service) {
  std::string remarks;
  for (const auto& refusal : array_of(service, "refusals")) {
    remarks += fmt::format("refused: {} ({}) ", text_of(refusal, "alert"), text_of(refusal, "event"));
  }
  if (const auto& held = object_of(service, "held"); !text_of(held, "code").empty()) {
    remarks += "held: " + text_of(held, "code");
  }
  return remarks;
}

void print_services(const json::value& org) {
  if (array_of(org, "services").empty()) return;
  std::vector<std::vector<std::string>> rows{
      {"  SERVICE", "CELL", "REPLICAS", "MIN", "MAX", "STARTING", "LEAVING", "REMARKS"}};
  for (const auto& service : array_of(org, "services")) {
    const auto& replicas = object_of(service, "replicas");
    rows.push_back({"  " + text_of(service, "service"), text_of(service, "cell"), text_of(replicas, "now"),
                    text_of(replicas, "min"), text_of(replicas, "max"), text_of(replicas, "reserved"),
                    text_of(replicas, "leaving"), remarks_on(service)});
  }
  print_table(rows);
}

void print_org(const json::value& org) {
  const auto& contract = object_of(org, "contract");
  fmt::print("{}  contract {} of {}, overage +{} %\n", text_of(org, "org"), text_of(contract, "version"),
             text_of(contract, "signed"), text_of(contract, "overage_percent"));
  print_dimensions(org);
  print_services(org);
}

void print_open_scales(const json::value& scales) {
  for (const auto& scale : array_of(scales, "scales")) {
    if (text_of(scale, "settled") == "true") continue;
    fmt::print("open  {}  {}/{}  {}\n", text_of(scale, "event"), text_of(scale, "org"), text_of(scale, "service"),
               text_of(scale, "decision"));
  }
}

std::string state_of(const json::value& partition) {
  if (text_of(partition, "stopped") == "true") return "stopped";
  return text_of(partition, "ready") == "true" ? "ready" : "folding history";
}

// What the owner itself says of the partition; an empty object if it did not answer.
const json::value& said_by_owner(const json::value& stages, const json::value& owner) {
  static const json::value nothing = json::object();
  for (const auto& partition : array_of(stages, "partitions")) {
    const bool same = text_of(partition, "stage") == text_of(owner, "stage") &&
                      text_of(partition, "partition") == text_of(owner, "partition");
    if (same) return partition;
  }
  return nothing;
}

// Over Kafka: what the brokers know of each partition, and what its owner adds. `COMMITTED` and `FOLDED` are the last
// offsets whose outcome is durable, and in memory.
void print_owners(const json::value& stages) {
  std::vector<std::vector<std::string>> rows{
      {"STAGE", "PARTITION", "OWNER", "COMMITTED", "FOLDED", "END", "LAG", "REQUESTS", "TIMERS", "STATE"}};
  for (const auto& owner : array_of(stages, "owners")) {
    const auto& said = said_by_owner(stages, owner);
    const bool silent = text_of(said, "stage").empty();
    const auto committed = integer_of(owner, "committed_offset");
    rows.push_back({text_of(owner, "stage"), text_of(owner, "partition"),
                    text_of(owner, "owner").empty() ? "nobody" : text_of(owner, "owner"),
                    committed < 0 ? "-" : std::to_string(committed),
                    silent ? "-" : std::to_string(integer_of(said, "next_offset") - 1),
                    text_of(silent ? owner : said, "end_offset"),
                    silent ? std::to_string(integer_of(owner, "end_offset") - committed - 1) : text_of(said, "lag"),
                    silent ? "-" : text_of(said, "requests_pending"), silent ? "-" : text_of(said, "timers"),
                    silent ? "does not answer" : state_of(said)});
  }
  print_table(rows);
}

void print_stages(const json::value& stages) {
  if (!array_of(stages, "owners").empty()) return print_owners(stages);
  std::vector<std::vector<std::string>> rows{{"STAGE", "PARTITION", "FOLDED", "LAG", "REQUESTS", "TIMERS", "STATE"}};
  for (const auto& partition : array_of(stages, "partitions")) {
    rows.push_back({text_of(partition, "stage"), text_of(partition, "partition"), text_of(partition, "next_offset"),
                    text_of(partition, "lag"), text_of(partition, "requests_pending"), text_of(partition, "timers"),
                    state_of(partition)});
  }
  print_table(rows);
}

}  // namespace

Exit status(const Context& context, const std::string& of) {
  const auto slash = of.find('/');
  std::string query;
  if (!of.empty()) query = "?org=" + escaped(of.substr(0, slash));
  const auto scales_query = query;
  if (slash != std::string::npos) query += "&service=" + escaped(of.substr(slash + 1));
  const auto answer = ask(context.client, "GET", "/v1/status" + query);
  if (answer.status != 200) return complain_about(context, answer, of.empty() ? "status" : of);
  const auto scales = ask(context.client, "GET", "/v1/scales" + scales_query);
  const auto stages = ask(context.client, "GET", "/v1/stages");  // operators only: an org sees what is its own
  auto whole = json_of(answer);
  if (context.format == Format::json) {
    auto& object = whole.as_object();
    if (scales.status == 200) object["scales"] = json_of(scales);
    if (stages.status == 200) object["stages"] = json_of(stages);
    print_json(whole);
    return Exit::done;
  }
  for (const auto& org : array_of(whole, "orgs")) print_org(org);
  if (scales.status == 200) print_open_scales(json_of(scales));
  if (stages.status == 200) print_stages(json_of(stages));
  return Exit::done;
}

}  // namespace virtscale::cli
