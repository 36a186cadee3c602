#include "tests/bench/kafka/streams_peer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>

namespace virtscale::bench {
namespace {

constexpr const char* program = "tests/bench/peers/kafka-streams/run";

}  // namespace

class StreamsPeer::Running final : public Subject {
 public:
  explicit Running(StreamsPeer& peer) : peer_(peer) {}
  ~Running() override {
    try {
      peer_.ask("stop", "stopped");
    } catch (const std::runtime_error& error) {
      fmt::print(stderr, "{}\n", error.what());
    }
  }

 private:
  StreamsPeer& peer_;
};

std::unique_ptr<StreamsPeer> StreamsPeer::start() {
  if (std::system((std::string(program) + " build").c_str()) != 0) {
    fmt::print(stderr, "kafka: the figures of Kafka Streams are left out\n");
    return nullptr;
  }
  std::array<int, 2> down{};
  std::array<int, 2> up{};
  if (pipe2(down.data(), O_CLOEXEC) != 0 || pipe2(up.data(), O_CLOEXEC) != 0)
    throw std::runtime_error("kafka: no pipes to the peer");
  std::signal(SIGPIPE, SIG_IGN);  // its end is heard of by its answers
  const auto process = fork();
  if (process == 0) {
    dup2(down[0], STDIN_FILENO);
    dup2(up[1], STDOUT_FILENO);
    execl(program, program, nullptr);
    _exit(127);
  }
  close(down[0]);
  close(up[1]);
  std::unique_ptr<StreamsPeer> peer(new StreamsPeer);
  peer->process_ = process;
  peer->to_ = fdopen(down[1], "w");
  peer->from_ = fdopen(up[0], "r");
  return peer;
}

StreamsPeer::~StreamsPeer() {
  std::fclose(to_);
  std::fclose(from_);
  waitpid(process_, nullptr, 0);
}

std::unique_ptr<Subject> StreamsPeer::run(const Place& place, const StreamsSettings& settings) {
  ask(fmt::format(
          "{} bootstrap={} prefix={} id={}streams state={} threads={} commit_ms={} poll_ms={} linger_ms={} large={}",
          settings.application, place.bootstrap, place.prefix, place.prefix, place.folder.string(), settings.threads,
          settings.commit_ms, settings.poll_ms, settings.linger_ms, settings.large),
      "running");
  return std::make_unique<Running>(*this);
}

void StreamsPeer::ask(const std::string& line, const std::string& answer) {
  fmt::print(to_, "{}\n", line);
  std::fflush(to_);
  std::array<char, 256> heard{};
  if (std::fgets(heard.data(), heard.size(), from_) == nullptr || heard.data() != answer + "\n")
    throw std::runtime_error("kafka: the peer has ended: what it said is above");
}

}  // namespace virtscale::bench
