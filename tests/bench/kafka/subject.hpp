// Who is measured: takes wishes from `signals`, and answers each with a decision on `outcomes`.
//
// The one thing to know: it works from its making to its end, and finds whatever the inbox holds already.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace virtscale::bench {

/// Where a subject works: topics of its own, with this many partitions each, and a folder for its state.
struct Place {
  std::string bootstrap;
  std::string prefix;
  std::uint32_t partitions = 1;
  std::filesystem::path folder;
};

class Subject {
 public:
  virtual ~Subject() = default;
};
using MakeSubject = std::function<std::unique_ptr<Subject>(const Place&)>;

/// Virtscale's policy stage, as a process of it runs: real fold, host, log on Kafka, state in RocksDB. It owns all
/// partitions, on one thread. Its mails are sent at once.
std::unique_ptr<Subject> make_policy_stage(const Place& place);

/// librdkafka alone, with the same acks: reads each wish and appends two records of the usual sizes, the decision and
/// the admission. Remembers nothing and decides nothing: the limit on this broker.
std::unique_ptr<Subject> make_relay(const Place& place);

}  // namespace virtscale::bench
