#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "compose/settings/documents.hpp"
#include "tests/scenarios/verbs.hpp"

namespace virtscale::test {
namespace {

// `ORG SERVICE`, as every verb about a service begins.
std::string service_key(const Command& command) {
  return command.words.at(1) + "/" + command.words.at(2);
}

void apply(World& world, const Command& command) {
  std::ifstream in(scenarios_folder / command.words.at(1));
  ASSERT_TRUE(in) << "there is no " << command.words[1] << " beside the scenario";
  std::stringstream text;
  text << in.rdbuf();
  auto parsed = parse_documents(text.str(), command.words[1]);
  for (const auto& fault : parsed.faults) ADD_FAILURE() << fault.line << ":" << fault.column << ": " << fault.message;
  for (auto& document : parsed.documents) world.append(document.to, document.key, std::move(document.event));
}

void alert(World& world, const Command& command) {
  const auto& words = command.words;
  schema::AlertRaisedT raised;
  raised.service = words.at(2);
  raised.name = words.at(3);
  raised.fingerprint = words[2] + words[3];
  raised.starts_at_us = world.clock.now().us;
  raised.value_milli = std::stoll(words.at(4)) * 1'000;
  if (words.size() == 7) raised.queue_depth = std::stoll(words[6]);
  world.append(Topic::alerts, service_key(command), encode(raised, words[1]));
}

void resolve(World& world, const Command& command) {
  const auto& words = command.words;
  schema::AlertResolvedT resolved;
  resolved.service = words.at(2);
  resolved.name = words.at(3);
  resolved.fingerprint = words[2] + words[3];
  resolved.starts_at_us = resolved.ends_at_us = world.clock.now().us;
  world.append(Topic::alerts, service_key(command), encode(resolved, words[1]));
}

void unroutable(World& world, const Command& command) {
  schema::AlertUnroutableT lost;
  lost.name = command.words.at(2);
  lost.reason = rest_of(command, 3);
  world.append(Topic::alerts, command.words[1] + "/", encode(lost, command.words[1]));
}

void request(World& world, const Command& command) {
  const auto& words = command.words;
  schema::ScaleRequestedT requested;
  requested.service = words.at(2);
  requested.mode = words.at(3)[0] == '=' ? schema::ScaleMode::to : schema::ScaleMode::by;
  requested.amount = std::stoi(words[3][0] == '=' ? words[3].substr(1) : words[3]);
  requested.requester = "org";
  if (words.size() == 6) requested.idempotency_key = words[5];
  world.append(Topic::alerts, service_key(command), encode(requested, words[1]));
}

void due(World& world, const Command& command) {
  schema::ScheduleDueT due;
  due.service = command.words.at(2);
  due.zone = command.words.at(3);
  due.cron = rest_of(command, 4);
  due.due_us = world.clock.now().us;
  world.append(Topic::alerts, service_key(command), encode(due, command.words[1]));
}

void restarted(World& world, const Command& command) {
  schema::LoadBalancerRestartedT restarted;
  restarted.service = command.words.at(2);
  world.append(Topic::placements, service_key(command), encode(restarted, command.words[1]));
}

void strays(World& world, const Command& command) {
  schema::StraysFoundT found;
  found.service = found.backend = command.words.at(2);
  found.domains.assign(command.words.begin() + 3, command.words.end());
  world.append(Topic::placements, service_key(command), encode(found, command.words[1]));
}

void orphans(World& world, const Command& command) {
  schema::OrphansFoundT found;
  found.names.assign(command.words.begin() + 2, command.words.end());
  world.append(Topic::decisions, command.words.at(1), encode(found, ""));
}

// A content's hash, of which only the digit matters here.
std::string hash_of(const std::string& digit) {
  return std::string(64, digit.at(0));
}

void drafted(World& world, const Command& command) {
  const auto& words = command.words;
  schema::PostmortemDraftedT drafted;
  drafted.name = "postmortem-" + words.at(2);
  drafted.due = words.at(3);
  drafted.sha256 = hash_of(words.at(4));
  auto event = encode(drafted, words.at(1));
  schema::mutable_header(event).mutate_scale(parse_scale(words[2]).value);
  world.append(Topic::signals, words[1], std::move(event));
}

void closed(World& world, const Command& command) {
  schema::PostmortemClosedT closed;
  closed.name = "postmortem-" + command.words.at(2);
  closed.sha256 = hash_of(command.words.at(3));
  world.append(Topic::signals, command.words.at(1), encode(closed, command.words[1]));
}

}  // namespace

const Verbs& producer_verbs() {
  static const Verbs verbs = {
      {"apply", apply},     {"alert", alert},           {"resolve", resolve}, {"request", request},
      {"due", due},         {"unroutable", unroutable}, {"orphans", orphans}, {"restarted", restarted},
      {"drafted", drafted}, {"closed", closed},         {"strays", strays}};
  return verbs;
}

}  // namespace virtscale::test
