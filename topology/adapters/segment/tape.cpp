#include "topology/adapters/segment/tape.hpp"

#include <algorithm>

namespace virtscale::segment {
namespace {

/// Puts zeros behind key and value up to the alignment: memory is used again, and the bytes are checksummed.
void pad(std::byte* from, const std::byte* to) {
  std::memset(from, 0, static_cast<std::size_t>(to - from));
}

std::size_t records_bytes_of(std::span<const LogAppend> batch) {
  std::size_t bytes = 0;
  for (const LogAppend& record : batch) bytes += record_bytes(record.key.size(), record.value.size());
  return bytes;
}

/// The topic and partition of a slot.
TopicPartition partition_of_slot(const LogLayout& layout, std::size_t slot) {
  std::size_t topic = 0;
  while (slot >= layout.partitions[topic]) slot -= layout.partitions[topic++];
  return {static_cast<Topic>(topic), static_cast<std::uint32_t>(slot)};
}

}  // namespace

Tape::Tape(TapeStart start, std::uint64_t segment_bytes_max, const Clock& clock, Shelf& shelf)
    : segment_bytes_max_(segment_bytes_max),
      clock_(clock),
      shelf_(shelf),
      segment_(std::move(start.segment)),
      segment_records_(start.segment_records),
      end_(Position::in(segment_.number, start.segment_bytes)),
      last_(start.last),
      timestamp_us_(start.timestamp_us),
      partitions_(std::move(start.partitions)),
      marks_(partitions_.size()),
      durable_(start.last) {}

Appended Tape::append(std::span<const LogAppend> batch) {
  check(batch);
  std::unique_lock lock(mutex_);
  wait_for_room(lock);
  if (batch.empty()) return {last_, {}};
  write_batch(batch, records_bytes_of(batch));
  Appended appended{last_, {}};
  appended.slots.swap(touched_);
  lock.unlock();
  work_.notify_one();
  return appended;
}

void Tape::check(std::span<const LogAppend> batch) const {
  for (const LogAppend& record : batch) {
    if (record.key.size() > key_bytes_max || record.value.size() > record_bytes_max)
      throw std::length_error("a record's key or value is larger than the log's bound");
    static_cast<void>(shelf_.place().slots.of(record.to));
  }
  if (records_bytes_of(batch) + sizeof(BatchHeader) + partitions_.size() * sizeof(RecordHeader) > batch_bytes_max)
    throw std::length_error("a batch is larger than the log's bound");
}

void Tape::wait_for_room(std::unique_lock<std::mutex>& lock) {
  progress_.wait(lock, [this] { return unsynced_bytes_ <= unsynced_bytes_max || !failure_.empty(); });
  throw_if_failed();
}

void Tape::throw_if_failed() const {
  if (!failure_.empty()) throw LogError(failure_);
}

void Tape::write_batch(std::span<const LogAppend> batch, std::size_t records_bytes) {
  const std::size_t bytes = sizeof(BatchHeader) + records_bytes + uncommitted_.size() * sizeof(RecordHeader);
  std::byte* const begin = reserve(bytes);
  const Position at = end_;
  BatchHeader header;
  header.bytes = static_cast<std::uint32_t>(bytes);
  header.records = static_cast<std::uint32_t>(batch.size() + uncommitted_.size());
  header.sequence = ++last_;
  header.durable = durable_.load(std::memory_order_relaxed);
  header.timestamp_us = timestamp_us_ = std::max(timestamp_us_, clock_.now().us);
  std::byte* to = begin + sizeof header;
  for (const LogAppend& record : batch) to = write_record(to, begin, record);
  write_commits(to, begin);
  seal_batch(shelf_.place().salt, at, header, {begin, bytes});
  segment_records_ += batch.size();
  note_slice(bytes);
  publish(at);
}

std::byte* Tape::write_record(std::byte* at, const std::byte* batch, const LogAppend& record) {
  const std::size_t slot = shelf_.place().slots.of(record.to);
  RecordHeader header;
  header.value_bytes = static_cast<std::uint32_t>(record.value.size());
  header.in_batch = static_cast<std::uint32_t>(at - batch);
  header.partition = record.to.partition;
  header.offset = partitions_[slot].next_offset++;
  header.key_bytes = static_cast<std::uint16_t>(record.key.size());
  header.topic = static_cast<std::uint8_t>(record.to.topic);
  std::memcpy(at, &header, sizeof header);

  Mark& mark = marks_[slot];
  if (mark.first == 0) {
    touched_.push_back(slot);
    mark = {header.in_batch, header.in_batch, header.offset};
  } else {
    const std::uint32_t distance = header.in_batch - mark.last;
    std::memcpy(at - distance + offsetof(RecordHeader, next), &distance, sizeof distance);
    mark.last = header.in_batch;
  }

  std::byte* to =
      std::copy_n(reinterpret_cast<const std::byte*>(record.key.data()), record.key.size(), at + sizeof header);
  to = std::copy_n(record.value.data(), record.value.size(), to);
  std::byte* const end = at + record_bytes(record.key.size(), record.value.size());
  pad(to, end);
  return end;
}

std::byte* Tape::write_commits(std::byte* at, const std::byte* batch) {
  for (const std::size_t slot : uncommitted_) {
    const TopicPartition of = partition_of_slot(segment_.layout, slot);
    RecordHeader header;
    header.in_batch = static_cast<std::uint32_t>(at - batch);
    header.partition = of.partition;
    header.offset = *partitions_[slot].committed;
    header.topic = static_cast<std::uint8_t>(of.topic);
    header.kind = RecordKind::commit;
    std::memcpy(at, &header, sizeof header);
    at += sizeof header;
  }
  uncommitted_.clear();
  return at;
}

void Tape::publish(Position batch) {
  for (const std::size_t slot : touched_) {
    const Mark mark = std::exchange(marks_[slot], {});
    shelf_.live(slot).add({mark.first_offset, timestamp_us_, batch + mark.first}, partitions_[slot].next_offset);
  }
}

std::byte* Tape::reserve(std::size_t bytes) {
  const std::size_t header_bytes = segment_header_bytes(partitions_.size());
  if (end_.byte() + bytes > segment_bytes_max_ && end_.byte() > header_bytes) begin_segment(bytes);
  if (!chunk_ || chunk_->begin + chunk_->capacity < end_ + bytes) begin_chunk(bytes);
  return chunk_->at(end_);
}

void Tape::begin_chunk(std::size_t room) {
  chunk_ = shelf_.chunks().start(end_, room);
}

void Tape::begin_segment(std::size_t room) {
  ended_ = segment_end();
  segment_.number += 1;
  segment_.first_sequence = last_ + 1;
  segment_.timestamp_us = timestamp_us_;
  segment_.partitions = partitions_;
  segment_records_ = 0;
  const std::vector<std::byte> header = encode(segment_);
  end_ = Position::in(segment_.number, 0);
  begin_chunk(header.size() + room);
  std::copy(header.begin(), header.end(), chunk_->at(end_));
  note_slice(header.size());
}

SegmentEnd Tape::segment_end() const {
  SegmentEnd end;
  end.salt = segment_.salt;
  end.number = segment_.number;
  end.first_number = segment_.first_number;
  end.first_sequence = segment_.first_sequence;
  end.last_sequence = last_;
  end.bytes = end_.byte();
  end.records = segment_records_;
  end.timestamp_us = timestamp_us_;
  for (const PartitionStart& partition : partitions_) end.offsets.push_back(partition.next_offset);
  return end;
}

void Tape::note_slice(std::size_t bytes) {
  if (pending_.empty() || pending_.back().chunk != chunk_) pending_.push_back({chunk_, end_, 0, 0, std::nullopt});
  Slice& slice = pending_.back();
  if (ended_) slice.ended = std::exchange(ended_, std::nullopt);
  slice.bytes += bytes;
  slice.last = last_;
  end_ = end_ + bytes;
  unsynced_bytes_ += bytes;
}

void Tape::commit(std::size_t slot, std::uint64_t offset) {
  const std::lock_guard lock(mutex_);
  std::optional<std::uint64_t>& committed = partitions_[slot].committed;
  if (committed && *committed >= offset) return;
  committed = offset;
  if (std::find(uncommitted_.begin(), uncommitted_.end(), slot) == uncommitted_.end()) uncommitted_.push_back(slot);
}

std::optional<std::uint64_t> Tape::committed(std::size_t slot) const {
  const std::lock_guard lock(mutex_);
  return partitions_[slot].committed;
}

void Tape::sync() {
  std::unique_lock lock(mutex_);
  throw_if_failed();
  if (!uncommitted_.empty()) write_batch({}, 0);
  const Ticket wanted = last_;
  work_.notify_one();
  progress_.wait(lock, [&] { return durable() >= wanted || !failure_.empty(); });
  if (durable() < wanted) throw_if_failed();
}

std::vector<Slice> Tape::take() {
  std::unique_lock lock(mutex_);
  const auto has_work = [this] { return !pending_.empty() || stopped_; };
  while (pending_.empty()) {
    const bool in_time = work_.wait_for(lock, commit_delay, has_work);
    if ((!in_time || stopped_) && pending_.empty() && !uncommitted_.empty()) write_batch({}, 0);
    if (stopped_ && pending_.empty()) return {};
  }
  std::vector<Slice> slices;
  for (std::size_t bytes = 0; !pending_.empty() && bytes < group_bytes_max; pending_.pop_front()) {
    bytes += pending_.front().bytes;
    slices.push_back(std::move(pending_.front()));
  }
  return slices;
}

void Tape::mark_durable(const std::vector<Slice>& slices) {
  {
    const std::lock_guard lock(mutex_);
    for (const Slice& slice : slices) unsynced_bytes_ -= slice.bytes;
    durable_.store(slices.back().last, std::memory_order_release);
  }
  progress_.notify_all();
}

void Tape::fail(const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    failure_ = reason;
  }
  progress_.notify_all();
}

void Tape::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  work_.notify_one();
}

}  // namespace virtscale::segment
