#include "replay/at/command.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>

#include "replay/at/at.hpp"
#include "replay/index/command.hpp"
#include "replay/progress.hpp"
#include "replay/text.hpp"

namespace virtscale::replay {
namespace {

namespace json = boost::json;

struct Words {
  std::string at;
  std::string org;
  std::string service;
  std::string cell;
  IndexChoice index;
};

json::object value_of(const Amounts& amounts) {
  return {{"vcpu_milli", amounts.vcpu_milli}, {"ram_mib", amounts.ram_mib}, {"disk_gib", amounts.disk_gib}};
}
json::object value_of(const ContractAt& one) {
  return {{"org", one.org},
          {"version", one.version},
          {"quota", value_of(one.quota)},
          {"overage_percent", one.overage_percent},
          {"committed", value_of(one.committed)},
          {"reserved", value_of(one.reserved)}};
}
json::object value_of(const ServiceAt& one) {
  return {{"service", one.service},     {"cell", one.cell},         {"min", one.min},        {"max", one.max},
          {"committed", one.committed}, {"reserved", one.reserved}, {"leaving", one.leaving}};
}
json::object value_of(const DomainAt& one) {
  return {{"name", one.name}, {"service", one.service}, {"phase", one.phase}, {"cell", one.cell},
          {"zone", one.zone}, {"node", one.node},       {"numa", one.numa},   {"address", one.address}};
}
json::object value_of(const NumaAt& one) {
  return {{"cell", one.cell},
          {"zone", one.zone},
          {"node", one.node},
          {"numa", one.numa},
          {"vcpu_milli", one.vcpu_milli},
          {"used_vcpu_milli", one.used_vcpu_milli},
          {"ram_mib", one.ram_mib},
          {"used_ram_mib", one.used_ram_mib}};
}
json::object value_of(const LedgerAt& one) {
  return {{"org", one.org}, {"lines", one.lines}, {"signed", one.signed_lines}, {"open", one.open}};
}

template <class Row>
json::array array_of(const std::vector<Row>& rows) {
  json::array array;
  for (const auto& row : rows) array.push_back(value_of(row));
  return array;
}

void print_json(const StateAt& state, Instant at) {
  const json::object document{{"at", to_text(at)},
                              {"at_us", at.us},
                              {"records", state.records},
                              {"contracts", array_of(state.contracts)},
                              {"services", array_of(state.services)},
                              {"domains", array_of(state.domains)},
                              {"cells", array_of(state.cells)},
                              {"ledgers", array_of(state.ledgers)}};
  std::printf("%s\n", json::serialize(document).c_str());
}

std::string vcpu(std::int64_t milli) {
  if (milli % 1'000 == 0) return std::to_string(milli / 1'000);
  return std::to_string(milli) + "m";
}
std::string ram(std::int64_t mib) {
  return mib % 1'024 == 0 ? std::to_string(mib / 1'024) + " GiB" : std::to_string(mib) + " MiB";
}
std::string text_of(const Amounts& amounts) {
  return vcpu(amounts.vcpu_milli) + " vCPU, " + ram(amounts.ram_mib) + ", " + std::to_string(amounts.disk_gib) +
         " GiB disk";
}

using Rows = std::vector<std::vector<std::string>>;

// A table with its heading, and a line before it; nothing for no rows.
template <class Item, class Cells>
void print_rows(std::vector<std::string> heading, const std::vector<Item>& items, Cells cells) {
  if (items.empty()) return;
  Rows rows = {std::move(heading)};
  for (const auto& item : items) rows.push_back(cells(item));
  std::printf("\n");
  print_table(rows);
}

void print_text(const StateAt& state, Instant at) {
  std::printf("As of %s, after %s records:\n", to_text(at).c_str(), with_commas(state.records).c_str());
  print_rows({"ORG", "CONTRACT", "QUOTA", "OVERAGE", "COMMITTED", "RESERVED"}, state.contracts,
             [](const ContractAt& one) -> Rows::value_type {
               return {one.org,
                       "version " + std::to_string(one.version),
                       text_of(one.quota),
                       std::to_string(one.overage_percent) + " %",
                       text_of(one.committed),
                       text_of(one.reserved)};
             });
  print_rows({"SERVICE", "CELL", "MIN", "MAX", "COMMITTED", "RESERVED", "LEAVING"}, state.services,
             [](const ServiceAt& one) -> Rows::value_type {
               return {one.service,
                       one.cell,
                       std::to_string(one.min),
                       std::to_string(one.max),
                       std::to_string(one.committed),
                       std::to_string(one.reserved),
                       std::to_string(one.leaving)};
             });
  print_rows({"DOMAIN", "SERVICE", "PHASE", "CELL", "ZONE", "NODE", "NUMA", "ADDRESS"}, state.domains,
             [](const DomainAt& one) -> Rows::value_type {
               return {one.name,   one.service, one.phase, one.cell, one.zone, one.node, std::to_string(one.numa),
                       one.address};
             });
  print_rows({"CELL", "ZONE", "NODE", "NUMA", "VCPU USED", "OF", "RAM USED", "OF"}, state.cells,
             [](const NumaAt& one) -> Rows::value_type {
               return {one.cell,
                       one.zone,
                       one.node,
                       std::to_string(one.numa),
                       vcpu(one.used_vcpu_milli),
                       vcpu(one.vcpu_milli),
                       ram(one.used_ram_mib),
                       ram(one.ram_mib)};
             });
  print_rows({"LEDGER", "LINES", "SIGNED", "OPEN SCALE EVENTS"}, state.ledgers,
             [](const LedgerAt& one) -> Rows::value_type {
               return {one.org, with_commas(one.lines), with_commas(one.signed_lines), with_commas(one.open)};
             });
}

bool found_anything(const StateAt& state) {
  return !state.contracts.empty() || !state.services.empty() || !state.domains.empty() || !state.cells.empty() ||
         !state.ledgers.empty();
}

Exit run(const Context& context, const Words& words) {
  const auto at = parse_instant(words.at);
  if (!at) throw UsageError(words.at + ": write a time as 2026-04-21T02:14:00Z, or microseconds since 1970");
  const auto source = open_indexed(context, words.index);
  Progress progress("at");
  const auto state = state_at(
      source, {.at = *at,
               .org = words.org,
               .service = words.service,
               .cell = words.cell,
               .progress = [&](std::uint64_t seen, std::uint64_t expected) { progress.show(seen, expected); }});
  progress.clear();
  const bool names_one = !words.org.empty() || !words.service.empty() || !words.cell.empty();
  if (names_one && !found_anything(state)) throw NotFound("there was no such thing at " + to_text(*at));
  context.format == Format::json ? print_json(state, *at) : print_text(state, *at);
  return Exit::done;
}

}  // namespace

void add_at_command(CLI::App& app, Chosen& chosen) {
  auto words = std::make_shared<Words>();
  auto* at = add_command(app, "at", "The state as of a moment: contracts, usage, services, domains, cells, ledgers",
                         chosen, [words](const Context& context) { return run(context, *words); });
  at->add_option("TIME", words->at, "2026-04-21T02:14:00Z, or microseconds since 1970")->required();
  at->add_option("--org", words->org, "what belongs to this org");
  at->add_option("--service", words->service, "what belongs to this service")->type_name("ORG/SERVICE");
  at->add_option("--cell", words->cell, "what stands in this cell");
  add_index_options(*at, words->index);
  at->footer(
      "What was recorded at TIME or before it is folded, and nothing else. TIME is by the log's own clock.\n"
      "Example: virtscale-replay at 2026-04-21T02:14:00Z --org acme-tickets");
}

}  // namespace virtscale::replay
