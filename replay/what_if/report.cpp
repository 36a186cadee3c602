#include "replay/what_if/report.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

#include "replay/text.hpp"

namespace virtscale::replay {
namespace {

namespace json = boost::json;

constexpr std::size_t modelled_shown_max = 20;  // more are counted; --json has them all

std::string seconds_text(Duration time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f s", static_cast<double>(time.us) / 1e6);
  return text;
}

std::string hours_text(double hours) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", hours);
  return text;
}

bool is_modelled(const WhatIf& found, ScaleId scale) {
  return std::ranges::find(found.modelled, scale, &Modelled::scale) != found.modelled.end();
}

std::string replicas_text(const std::optional<TalliedDecision>& decision) {
  if (!decision) return "-";
  if (!decision->admitted) return "stays " + std::to_string(decision->from);
  return std::to_string(decision->from) + " to " + std::to_string(decision->to);
}

// From the decision to the last domain that serves.
std::string served_text(const WhatIf& found, const ChangedDecision& decision) {
  if (!decision.changed || decision.changed->served.us == 0) return "";
  const auto mark = is_modelled(found, decision.scale) ? "~" : "";
  return "serves after " + std::string(mark) + seconds_text(decision.changed->served - decision.changed->decided);
}

void print_org(const WhatIf& found, const OrgComparison& org) {
  std::printf("\n%s\n", org.org.c_str());
  std::vector<std::vector<std::string>> rows = {{"  event", "at", "service", "change", "recorded", "now", ""}};
  for (const auto& decision : org.decisions) {
    const auto& either = decision.changed ? *decision.changed : *decision.recorded;
    rows.push_back({"  " + to_string(decision.scale), to_text(either.decided), either.service,
                    std::string(text_of(decision.kind)), replicas_text(decision.recorded),
                    replicas_text(decision.changed), served_text(found, decision)});
  }
  print_table(rows);
  const auto& a = org.recorded;
  const auto& b = org.changed;
  print_table({{"  figure", "recorded", "now"},
               {"  vCPU-hours", hours_text(a.vcpu_hours), hours_text(b.vcpu_hours)},
               {"  time over quota", seconds_text(a.over_quota), seconds_text(b.over_quota)},
               {"  replicas at the end", std::to_string(a.replicas), std::to_string(b.replicas)},
               {"  requests refused", std::to_string(a.requests_refused), std::to_string(b.requests_refused)}});
}

void print_modelled(const WhatIf& found, std::uint64_t seed) {
  if (found.moved > 0)
    std::printf("\n%s recorded answers came at another time, after as long as they took\n",
                with_commas(found.moved).c_str());
  if (found.modelled.empty()) return;
  std::printf("\n~ modelled with seed %llu, since the log has no answer:\n", static_cast<unsigned long long>(seed));
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : found.modelled) {
    if (rows.size() == modelled_shown_max) break;
    rows.push_back({"  " + to_string(one.scale), std::string(schema::name_of(one.asked)), one.about,
                    "~" + seconds_text(one.took),
                    one.samples == 0 ? "no recorded one: taken as at once"
                                     : "one of " + std::to_string(one.samples) + " recorded"});
  }
  print_table(rows);
  if (found.modelled.size() > rows.size())
    std::printf("  and %s more: --json lists them\n", with_commas(found.modelled.size() - rows.size()).c_str());
}

json::value value_of(const std::optional<TalliedDecision>& decision) {
  if (!decision) return nullptr;
  return json::object{
      {"decision", decision->admitted ? "admitted" : "refused"},
      {"code", decision->code},
      {"reason", decision->reason},
      {"from", decision->from},
      {"to", decision->to},
      {"decided_at_us", decision->decided.us},
      {"served_at_us", decision->served.us == 0 ? json::value(nullptr) : json::value(decision->served.us)}};
}

json::object figures_of(const OrgTally& tally) {
  return {{"vcpu_hours", tally.vcpu_hours},
          {"over_quota_us", tally.over_quota.us},
          {"replicas", tally.replicas},
          {"requests_refused", tally.requests_refused}};
}

json::object value_of(const WhatIf& found, const OrgComparison& org) {
  json::array decisions;
  for (const auto& decision : org.decisions) {
    const auto& either = decision.changed ? *decision.changed : *decision.recorded;
    decisions.push_back(json::object{{"event", to_string(decision.scale)},
                                     {"service", either.service},
                                     {"change", name_of(decision.kind)},
                                     {"signal", either.name},
                                     {"modelled", is_modelled(found, decision.scale)},
                                     {"recorded", value_of(decision.recorded)},
                                     {"now", value_of(decision.changed)}});
  }
  return {{"org", org.org},
          {"decisions", std::move(decisions)},
          {"recorded", figures_of(org.recorded)},
          {"now", figures_of(org.changed)}};
}

json::object value_of(const Modelled& one) {
  return {{"event", to_string(one.scale)},
          {"org", one.org},
          {"asked", schema::name_of(one.asked)},
          {"about", one.about},
          {"at_us", one.at.us},
          {"took_us", one.took.us},
          {"samples", one.samples}};
}

json::object document_of(const WhatIf& found, std::uint64_t seed) {
  json::array orgs;
  for (const auto& org : found.orgs) orgs.push_back(value_of(found, org));
  json::array modelled;
  for (const auto& one : found.modelled) modelled.push_back(value_of(one));
  return {{"records", found.records},
          {"decisions", found.decisions},
          {"first_us", found.first.us},
          {"last_us", found.last.us},
          {"seed", seed},
          {"moved", found.moved},
          {"policy_epoch", found.policy_epoch == 0 ? json::value(nullptr) : json::value(found.policy_epoch)},
          {"orgs", std::move(orgs)},
          {"modelled", std::move(modelled)}};
}

void print_line(const json::object& document) {
  std::printf("%s\n", json::serialize(document).c_str());
  std::fflush(stdout);
}

}  // namespace

void print_text(const WhatIf& found, std::uint64_t seed) {
  std::size_t changes = 0;
  for (const auto& org : found.orgs) changes += org.decisions.size();
  std::printf("%s of %s decisions change, from %s to %s (%s records)\n", with_commas(changes).c_str(),
              with_commas(found.decisions).c_str(), to_text(found.first).c_str(), to_text(found.last).c_str(),
              with_commas(found.records).c_str());
  if (found.policy_epoch != 0)
    std::printf("policy decided by another program, by its rules of epoch %u\n", found.policy_epoch);
  for (const auto& org : found.orgs) print_org(found, org);
  print_modelled(found, seed);
}

void print_json(const WhatIf& found, std::uint64_t seed) {
  print_line(document_of(found, seed));
}

void print_begun_text(Instant at) {
  std::printf("a shadow from %s on; Ctrl-C ends it\n", to_text(at).c_str());
  std::fflush(stdout);
}

void print_begun_json(Instant at) {
  print_line({{"shadow", json::object{{"from_us", at.us}}}});
}

void print_turned_text(const Turned& turned) {
  if (!turned.decision) {
    std::printf("%s  of %s is as recorded after all\n", to_string(turned.scale).c_str(), turned.org.c_str());
  } else {
    const auto& decision = *turned.decision;
    const auto& either = decision.changed ? *decision.changed : *decision.recorded;
    std::printf("%s  %s  %s/%s  %s: recorded %s, now %s%s\n", to_text(either.decided).c_str(),
                to_string(turned.scale).c_str(), turned.org.c_str(), either.service.c_str(),
                std::string(text_of(decision.kind)).c_str(), replicas_text(decision.recorded).c_str(),
                turned.modelled ? "~" : "", replicas_text(decision.changed).c_str());
  }
  std::fflush(stdout);
}

void print_turned_json(const Turned& turned) {
  json::object line = {{"event", to_string(turned.scale)}, {"org", turned.org}, {"modelled", turned.modelled}};
  line["change"] = turned.decision ? json::value(name_of(turned.decision->kind)) : json::value(nullptr);
  if (turned.decision) {
    const auto& decision = *turned.decision;
    line["service"] = (decision.changed ? *decision.changed : *decision.recorded).service;
    line["recorded"] = value_of(decision.recorded);
    line["now"] = value_of(decision.changed);
  }
  print_line({{"turned", std::move(line)}});
}

void print_summary_json(const WhatIf& found, std::uint64_t seed) {
  print_line({{"summary", document_of(found, seed)}});
}

}  // namespace virtscale::replay
