#include "tests/bench/kafka/hops.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "tests/bench/harness.hpp"
#include "tests/bench/kafka/ground.hpp"
#include "tests/bench/kafka/streams_peer.hpp"

namespace virtscale::bench {
namespace {

constexpr std::uint64_t events_to_warm = 300;
constexpr std::uint64_t events_measured = 1'000;

}  // namespace

std::optional<std::vector<double>> streams_hops_latencies_us(const std::string& bootstrap) {
  const auto peer = StreamsPeer::start();
  if (!peer) return std::nullopt;
  try {
    Ground ground(bootstrap, 1);
    Decisions decisions(ground.place());
    const auto chain = peer->run(ground.place(), streams_chain);
    for (std::uint64_t n = 1; n <= events_to_warm + events_measured; ++n) {
      ground.wish();
      decisions.wait_for(n);
    }
    auto all = decisions.latencies_us();
    all.erase(all.begin(), all.begin() + events_to_warm);
    fmt::print(stderr, "latency: five hops of Kafka Streams: p50 {:.0f} us, p99 {:.0f} us\n", quantile_of(all, 500),
               quantile_of(all, 990));
    return all;
  } catch (const std::runtime_error& error) {
    fmt::print(stderr, "latency: Kafka Streams is left out: {}\n", error.what());
    return std::nullopt;
  }
}

}  // namespace virtscale::bench
