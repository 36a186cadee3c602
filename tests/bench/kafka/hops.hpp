// The peer of a lone event's way through all stages: five hops of Kafka Streams.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace virtscale::bench {

/// How long a lone event takes through five hops, each a processor with a store and a topic of its own, exactly once,
/// with commits as soon as they may be. Nothing, with a line on stderr, where the peer cannot be built or fails.
std::optional<std::vector<double>> streams_hops_latencies_us(const std::string& bootstrap);

}  // namespace virtscale::bench
