#include "topology/adapters/segment/walk.hpp"

#include <algorithm>

namespace virtscale::segment {
namespace {

LogRecord record_at(const std::byte* at, const RecordHeader& header, const BatchHeader& batch) {
  const std::byte* const key = at + sizeof header;
  return {{static_cast<Topic>(header.topic), header.partition},
          header.offset,
          Instant{batch.timestamp_us},
          {reinterpret_cast<const char*>(key), header.key_bytes},
          {key + header.key_bytes, header.value_bytes},
          batch.sequence};
}

}  // namespace

SegmentWalk::SegmentWalk(BlockReader reader, std::vector<Stretch> stretches, Position begin)
    : reader_(std::move(reader)), stretches_(std::move(stretches)), at_(begin) {
  stretch_ = std::find_if(stretches_.begin(), stretches_.end(), [&](const Stretch& it) { return begin < it.end; });
  if (stretch_ != stretches_.end()) at_ = std::max(at_, stretch_->begin);
}

// False behind the last one.
bool SegmentWalk::reach_batch() {
  while (stretch_ != stretches_.end() && at_ >= stretch_->end) {
    if (++stretch_ != stretches_.end()) at_ = stretch_->begin;
  }
  return stretch_ != stretches_.end();
}

bool SegmentWalk::next(const std::function<void(const LogRecord&)>& visit) {
  if (!reach_batch()) return false;
  if (!block_.covers(at_)) reader_.read(at_, block_);
  if (!block_.covers(at_)) reader_.throw_damaged(at_);
  const std::byte* at = block_.at(at_);
  const auto batch = load<BatchHeader>(at);
  const std::byte* const end = at + batch.bytes;
  for (at += sizeof batch; at < end;) {
    const auto header = load<RecordHeader>(at);
    if (header.kind == RecordKind::data) visit(record_at(at, header, batch));
    at += record_bytes(header.key_bytes, header.value_bytes);
  }
  at_ = at_ + batch.bytes;
  return true;
}

}  // namespace virtscale::segment
