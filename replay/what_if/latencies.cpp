#include "replay/what_if/latencies.hpp"

namespace virtscale::replay {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014): the same on every machine, and fit for any seed.
std::uint64_t next(std::uint64_t& state) {
  auto z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111eb;
  return z ^ (z >> 31U);
}

}  // namespace

void Latencies::note(schema::Body asked, Duration took) {
  auto& recorded = recorded_[asked];
  const auto at = recorded.noted++ % latencies_max;
  if (at == recorded.times.size()) recorded.times.emplace_back();
  recorded.times[at] = took;
}

Duration Latencies::draw(schema::Body asked, std::uint64_t& drawn) const {
  const auto recorded = recorded_.find(asked);
  if (recorded == recorded_.end()) return {};
  return recorded->second.times[next(drawn) % recorded->second.times.size()];
}

std::size_t Latencies::samples(schema::Body asked) const {
  const auto recorded = recorded_.find(asked);
  return recorded == recorded_.end() ? 0 : recorded->second.times.size();
}

}  // namespace virtscale::replay
