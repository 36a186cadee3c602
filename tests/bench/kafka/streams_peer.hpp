// Kafka Streams as a subject: the program of tests/bench/peers/kafka-streams, in a JVM that serves one run after
// another, so that they find its code compiled.
//
// The one thing to know: it is told what to do by its standard input, and its end ends the peer.
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <memory>
#include <string>

#include "tests/bench/kafka/subject.hpp"

namespace virtscale::bench {

/// What a user of Kafka Streams would tune; what is said of nothing is its own, as with exactly_once_v2. Exactly once,
/// and acks=all, in any case.
struct StreamsSettings {
  const char* application = "policy";  ///< or `chain`
  unsigned threads = 1;
  unsigned commit_ms = 100;
  unsigned poll_ms = 100;
  unsigned linger_ms = 100;
  bool large = false;  ///< its batches, polls and caches are larger than its own: Settings.java
};

/// For a flood: large batches, and few commits. More seldom ones gave no more.
constexpr StreamsSettings streams_flood(unsigned threads) {
  return {.threads = threads, .commit_ms = 500, .linger_ms = 20, .large = true};
}
/// For 1,000 wishes a second: a commit takes some milliseconds whatever is in it, so shorter intervals only make a
/// queue.
inline constexpr StreamsSettings streams_steady{.commit_ms = 20, .poll_ms = 1, .linger_ms = 0, .large = true};
/// For a lone event through five hops: each commits as soon as it has something.
inline constexpr StreamsSettings streams_chain{
    .application = "chain", .threads = 5, .commit_ms = 1, .poll_ms = 1, .linger_ms = 0, .large = true};

/// REQUIRES: its subjects end before it does, and one before the next begins.
class StreamsPeer {
 public:
  /// Builds it if need be, and starts the JVM. Null, with a line on stderr, where it cannot be built.
  static std::unique_ptr<StreamsPeer> start();
  ~StreamsPeer();
  StreamsPeer(const StreamsPeer&) = delete;
  StreamsPeer& operator=(const StreamsPeer&) = delete;

  /// Starts an application; throws std::runtime_error when the peer has ended.
  std::unique_ptr<Subject> run(const Place& place, const StreamsSettings& settings);

 private:
  class Running;
  StreamsPeer() = default;
  void ask(const std::string& line, const std::string& answer);

  pid_t process_ = 0;
  std::FILE* to_ = nullptr;
  std::FILE* from_ = nullptr;
};

}  // namespace virtscale::bench
