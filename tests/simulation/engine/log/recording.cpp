#include "tests/simulation/engine/log/recording.hpp"

#include <algorithm>
#include <cstring>

namespace virtscale::simulation {

std::uint64_t hash_of(Bytes bytes, std::uint64_t hash) {
  constexpr std::uint64_t prime = 0x100000001B3ULL;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), 8);
    hash = (hash ^ word) * prime;
    hash ^= hash >> 32U;
  }
  for (const auto byte : bytes) hash = (hash ^ static_cast<std::uint64_t>(byte)) * prime;
  return hash;
}

Recording::Recording(const LogLayout& layout, Landed landed) : layout_(layout), landed_(std::move(landed)) {
  for (std::size_t t = 0; t < topics_count; ++t) topics_[t].resize(layout.partitions[t]);
}

void Recording::land(Recorded landed) {
  auto& partition = at(landed.from);
  auto& record = partition.records.emplace_back(std::move(landed));
  record.event = schema::verify_event(record.value);
  partition.end = record.offset + 1;
  ++count_;
  digest(record);
  landed_(record);
}

void Recording::digest(const Recorded& record) {
  const std::array<std::uint64_t, 4> place = {static_cast<std::uint64_t>(record.from.topic), record.from.partition,
                                              record.offset, static_cast<std::uint64_t>(record.timestamp.us)};
  digest_ = hash_of(std::as_bytes(std::span(place)), digest_);
  digest_ = hash_of(std::as_bytes(std::span(record.key)), digest_);
  digest_ = hash_of(record.value, digest_);
}

std::deque<Recorded>::const_iterator Recording::find(TopicPartition of, std::uint64_t offset) const {
  const auto& records = at(of).records;
  return std::lower_bound(records.begin(), records.end(), offset,
                          [](const Recorded& record, std::uint64_t wanted) { return record.offset < wanted; });
}

std::size_t Recording::read(TopicPartition from, std::uint64_t offset, std::uint64_t limit, std::size_t records_max,
                            const std::function<bool(const LogRecord&)>& visit) const {
  const auto& records = at(from).records;
  std::size_t visited = 0;
  // By number: a visitor may append, and so move iterators.
  for (auto i = static_cast<std::size_t>(find(from, offset) - records.begin());
       i < records.size() && records[i].offset < limit && visited < records_max; ++i) {
    ++visited;
    if (!visit(records[i].as_read())) break;
  }
  return visited;
}

std::uint64_t Recording::offset_at(TopicPartition of, Instant at_least) const {
  for (const auto& record : at(of).records) {
    if (record.timestamp >= at_least) return record.offset;
  }
  return end(of);
}

}  // namespace virtscale::simulation
