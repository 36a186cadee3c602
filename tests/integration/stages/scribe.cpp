// scribe BOOTSTRAP PREFIX COMMAND: a client of a test's own for the log of stages over Kafka.
//
//   alerts ORG SERVICE ALERT N   N alerts of one fingerprint, each a new one for signal since it starts later
//   junk TOPIC KEY               a record that is no event
//   ends                         for each topic that a line of the input names, the sum of its partitions' ends
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "schemas/codec.hpp"
#include "topology/adapters/kafka/kafka_log.hpp"
#include "topology/host/admission.hpp"
#include "topology/host/edge_id.hpp"

namespace virtscale {
namespace {

using Words = std::vector<std::string>;

TopicPartition place_of(const Log& log, Topic topic, const std::string& key) {
  return {topic, partition_of(key, log.layout().partitions[static_cast<std::size_t>(topic)])};
}

void append_alerts(Log& log, const Words& words) {
  std::int64_t count = 0;
  std::from_chars(words.at(3).data(), words.at(3).data() + words.at(3).size(), count);
  std::random_device random;
  EdgeIds ids((std::uint64_t{random()} << 32U) | random());
  const auto key = words.at(0) + "/" + words.at(1);
  const auto to = place_of(log, Topic::alerts, key);
  schema::AlertRaisedT alert;
  alert.service = words.at(1);
  alert.name = words.at(2);
  alert.fingerprint = "scribe";
  for (std::int64_t n = 1; n <= count; ++n) {
    alert.starts_at_us = n;
    auto event = schema::encode(alert, words.at(0));
    fill_header(event, {.id = ids.next()});
    const LogAppend append{to, key, event};
    log.append({&append, 1});
  }
}

Topic topic_named(const std::string& wanted) {
  const auto name = std::ranges::find(topic_names, wanted);
  if (name == topic_names.end()) throw std::invalid_argument("no topic is named " + wanted);
  return static_cast<Topic>(name - topic_names.begin());
}

void append_junk(Log& log, const Words& words) {
  const auto topic = topic_named(words.at(0));
  const std::string junk = "this is no event";
  const LogAppend append{place_of(log, topic, words.at(1)), words.at(1), std::as_bytes(std::span(junk))};
  log.append({&append, 1});
}

void tell_ends(const Log& log) {
  for (std::string name; std::getline(std::cin, name);) {
    const auto topic = topic_named(name);
    std::uint64_t sum = 0;
    for (std::uint32_t p = 0; p < log.layout().partitions[static_cast<std::size_t>(topic)]; ++p)
      sum += log.end({topic, p});
    std::cout << sum << std::endl;
  }
}

void run(const Words& words) {
  const auto opened =
      open_kafka_log({.bootstrap = words.at(0), .prefix = words.at(1), .member = "scribe"}, std::nullopt);
  const Words rest(words.begin() + 3, words.end());
  if (words.at(2) == "ends") return tell_ends(*opened.log);
  words.at(2) == "alerts" ? append_alerts(*opened.log, rest) : append_junk(*opened.log, rest);
  opened.log->sync();
}

}  // namespace
}  // namespace virtscale

int main(int argc, char** argv) {
  try {
    virtscale::run({argv + 1, argv + argc});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "scribe: %s\n", error.what());
    return 1;
  }
}
