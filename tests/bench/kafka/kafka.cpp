// The policy stage over a real broker, beside Kafka Streams and librdkafka alone: how many wishes a second are decided,
// and how long one takes from its append to the reading of its committed decision.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "tests/bench/harness.hpp"
#include "tests/bench/kafka/ground.hpp"
#include "tests/bench/kafka/streams_peer.hpp"

namespace virtscale::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int runs = 5;
constexpr int runs_with_latency = 3;
constexpr std::uint32_t partitions = 4;
constexpr std::uint64_t wishes_in_a_flood = 200'000;
constexpr std::uint64_t wishes_a_second = 1'000;
constexpr std::uint64_t wishes_to_warm = 2 * wishes_a_second;
constexpr std::uint64_t wishes_measured = 8 * wishes_a_second;

double rate_of(const std::string& bootstrap, const MakeSubject& make, std::uint64_t wishes,
               std::uint32_t over = partitions) {
  Ground ground(bootstrap, over);
  ground.append_documents();
  for (std::uint64_t n = 0; n < wishes; ++n) ground.wish();
  ground.flush();
  settle_machine();
  Decisions decisions(ground.place());
  const auto subject = make(ground.place());
  decisions.wait_for(wishes);
  return static_cast<double>(wishes) / decisions.seconds();
}

/// Of wishes that come evenly, whatever the subject does.
std::vector<double> latencies_of(const std::string& bootstrap, const MakeSubject& make) {
  Ground ground(bootstrap, partitions);
  ground.append_documents();
  Decisions decisions(ground.place());
  const auto subject = make(ground.place());
  ground.wish();
  decisions.wait_for(1);
  const auto began = SteadyClock::now();
  for (std::uint64_t n = 0; n < wishes_to_warm + wishes_measured; ++n) {
    std::this_thread::sleep_until(began + std::chrono::microseconds(n * 1'000'000 / wishes_a_second));
    ground.wish();
  }
  decisions.wait_for(1 + wishes_to_warm + wishes_measured);
  auto all = decisions.latencies_us();
  all.erase(all.begin(), all.begin() + 1 + wishes_to_warm);
  return all;
}

/// One of those that are compared, and what each of its runs gave. For the rate and for the latency it may be set
/// differently, each for its own best.
struct Contender {
  std::string name;
  MakeSubject for_rate;
  MakeSubject for_latency;  ///< null: its rate alone counts
  std::vector<double> rates{};
  std::vector<double> p50s_us{};
  std::vector<double> p99s_us{};
};

std::vector<Contender> streams_of(StreamsPeer& peer) {
  const auto with = [&peer](StreamsSettings settings) -> MakeSubject {
    return [&peer, settings](const Place& place) { return peer.run(place, settings); };
  };
  return {{"Kafka Streams, exactly_once_v2, tuned, 1 thread", with(streams_flood(1)), with(streams_steady)},
          {"Kafka Streams, exactly_once_v2, tuned, 2 threads", with(streams_flood(2)), {}},
          {"Kafka Streams, exactly_once_v2, as shipped", with(StreamsSettings{}), {}}};
}

void run_once(const std::string& bootstrap, Contender& contender, bool with_latency) {
  contender.rates.push_back(rate_of(bootstrap, contender.for_rate, wishes_in_a_flood));
  fmt::print(stderr, "kafka: {}: {:.0f} records/s\n", contender.name, contender.rates.back());
  if (!contender.for_latency || !with_latency) return;
  const auto latencies = latencies_of(bootstrap, contender.for_latency);
  contender.p50s_us.push_back(quantile_of(latencies, 500));
  contender.p99s_us.push_back(quantile_of(latencies, 990));
  fmt::print(stderr, "kafka: {}: p50 {:.0f} us, p99 {:.0f} us\n", contender.name, contender.p50s_us.back(),
             contender.p99s_us.back());
}

void forget_runs(Contender& contender) {
  for (auto* all : {&contender.rates, &contender.p50s_us, &contender.p99s_us}) all->clear();
}

/// A peer that cannot go on is left out, and ours is measured all the same.
void run_peers_once(const std::string& bootstrap, std::vector<Contender>& peers, bool with_latency) {
  try {
    for (auto& peer : peers) run_once(bootstrap, peer, with_latency);
  } catch (const std::runtime_error& error) {
    fmt::print(stderr, "kafka: Kafka Streams is left out: {}\n", error.what());
    peers.clear();
  }
}

/// Kafka Streams as it gave most.
const Contender& best_of(const std::vector<Contender>& peers) {
  return *std::max_element(peers.begin(), peers.end(), [](const Contender& a, const Contender& b) {
    return median_of(a.rates) < median_of(b.rates);
  });
}

/// The same wishes in one partition: its queue in the client is full before it is read.
Figure rate_of_one_partition(const std::string& bootstrap, double with_all) {
  Figure figure{"kafka", "one_partition_records_per_s", {}, {}, {{"with four partitions", with_all}}};
  for (int run = 0; run < runs; ++run) {
    figure.runs.push_back(rate_of(bootstrap, make_policy_stage, wishes_in_a_flood, 1));
    fmt::print(stderr, "kafka: policy stage, one partition: {:.0f} records/s\n", figure.runs.back());
  }
  return figure;
}

std::vector<Figure> figures_of(const Contender& ours, const Contender& limit, const std::vector<Contender>& peers) {
  std::vector<Figure> figures{{"kafka", "records_per_s", ours.rates, {}, {}},
                              {"kafka", "p50_us", ours.p50s_us, {}, {}},
                              {"kafka", "p99_us", ours.p99s_us, {}, {}}};
  if (!peers.empty()) {
    const auto& shipped = peers.back();
    const auto& best = best_of(peers);
    figures[0].beside.push_back({shipped.name, median_of(shipped.rates), at_least(3)});
    figures[0].beside.push_back({best.name, median_of(best.rates), at_least(3)});
    figures[1].beside.push_back({peers[0].name, median_of(peers[0].p50s_us)});
    figures[2].beside.push_back({peers[0].name, median_of(peers[0].p99s_us)});
  }
  figures[0].beside.push_back({limit.name, median_of(limit.rates)});
  figures[1].beside.push_back({limit.name, median_of(limit.p50s_us)});
  figures[2].beside.push_back({limit.name, median_of(limit.p99s_us)});
  return figures;
}

}  // namespace

double wishes_decided_per_second_at(const std::string& bootstrap, std::uint64_t wishes) {
  return rate_of(bootstrap, make_policy_stage, wishes);
}

std::vector<Figure> measure_kafka(const std::string& bootstrap) {
  const auto program = StreamsPeer::start();
  Contender ours{"policy stage", make_policy_stage, make_policy_stage};
  Contender limit{"librdkafka alone", make_relay, make_relay};
  auto peers = program ? streams_of(*program) : std::vector<Contender>{};
  const auto run_all_once = [&](bool with_latency) {
    run_once(bootstrap, ours, with_latency);
    run_once(bootstrap, limit, with_latency);
    run_peers_once(bootstrap, peers, with_latency);
  };
  run_all_once(true);  // does not count: the code of the broker and of the peer is compiled, and ours has its memory
  for (auto* contender : {&ours, &limit}) forget_runs(*contender);
  for (auto& peer : peers) forget_runs(peer);
  for (int run = 0; run < runs; ++run) run_all_once(run < runs_with_latency);
  auto figures = figures_of(ours, limit, peers);
  figures.push_back(rate_of_one_partition(bootstrap, median_of(ours.rates)));
  return figures;
}

}  // namespace virtscale::bench
