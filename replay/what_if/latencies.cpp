#include "replay/what_if/latencies.hpp"

#include <algorithm>

namespace virtscale::replay {
namespace {

bool is_good(const PastInput& answer) {
  const auto name = schema::name_of(schema::GetEvent(answer.event.data())->body_type());
  return !name.ends_with("Failed") && !name.ends_with("Refused");
}

// SplitMix64 (Steele, Lea, Flood 2014): the same on every machine, and fit for any seed.
std::uint64_t next(std::uint64_t& state) {
  auto z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111eb;
  return z ^ (z >> 31U);
}

}  // namespace

Latencies::Latencies(const Past& past, std::uint64_t seed) : drawn_(seed) {
  for (const auto& [name, request] : past.requests) {
    if (request.answer && is_good(*request.answer))
      recorded_[name.body].push_back(request.answer->arrival.at - request.asked);
  }
}

Duration Latencies::draw(schema::Body asked) {
  const auto recorded = recorded_.find(asked);
  if (recorded == recorded_.end()) return {};
  return recorded->second[next(drawn_) % recorded->second.size()];
}

std::size_t Latencies::samples(schema::Body asked) const {
  const auto recorded = recorded_.find(asked);
  return recorded == recorded_.end() ? 0 : recorded->second.size();
}

}  // namespace virtscale::replay
