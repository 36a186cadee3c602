#include "topology/adapters/segment/shelf.hpp"

#include <algorithm>

namespace virtscale::segment {
namespace {

/// Enough runs that the index's lock does not matter, few enough to stand on the stack.
constexpr std::size_t runs_at_once = 32;

}  // namespace

/// One call of `read`: where it has got to, and the memory that it stands on.
class Reading {
 public:
  Reading(Shelf& shelf, TopicPartition from, std::uint64_t next, std::size_t records_max, const Visit& visit)
      : shelf_(shelf),
        slot_(shelf.place_.slots.of(from)),
        from_(from),
        next_(next),
        records_max_(records_max),
        visit_(visit) {}

  std::size_t run() {
    std::array<Run, runs_at_once> runs;
    while (wants_more() && next_ < shelf_.live_[slot_].end()) {
      const std::size_t count = shelf_.find_runs(slot_, next_, runs);
      if (count == 0) break;
      for (std::size_t n = 0; n < count && wants_more(); ++n) show_run(runs[n].at);
    }
    return visited_;
  }

 private:
  bool wants_more() const { return !stopped_ && visited_ < records_max_; }

  void show_run(Position at) {
    const std::byte* record = in_memory(at);
    if (record == nullptr) record = in_file(at);
    while (wants_more()) {
      const auto header = load<RecordHeader>(record);
      if (header.offset >= next_) show_record(record, header);
      if (header.next == 0) return;
      record += header.next;
    }
  }

  void show_record(const std::byte* at, const RecordHeader& header) {
    const auto batch = load<BatchHeader>(at - header.in_batch);
    const char* const key = reinterpret_cast<const char*>(at + sizeof header);
    const std::byte* const value = at + sizeof header + header.key_bytes;
    next_ = header.offset + 1;
    ++visited_;
    stopped_ = !visit_({from_,
                        header.offset,
                        Instant{batch.timestamp_us},
                        {key, header.key_bytes},
                        {value, header.value_bytes},
                        batch.sequence});
  }

  const std::byte* in_memory(Position at) {
    if (!chunk_ || !chunk_->covers(at)) chunk_ = shelf_.chunks_.find(at);
    return chunk_ ? chunk_->at(at) : nullptr;
  }

  const std::byte* in_file(Position at) {
    if (!block_ || !block_->covers(at)) block_ = shelf_.blocks_.holding(at);
    return block_->at(at);
  }

  Shelf& shelf_;
  const std::size_t slot_;
  const TopicPartition from_;
  std::uint64_t next_;
  const std::size_t records_max_;
  const Visit& visit_;
  std::size_t visited_ = 0;
  bool stopped_ = false;
  std::shared_ptr<const Chunk> chunk_;
  std::shared_ptr<const Block> block_;
};

Shelf::Shelf(LogPlace place, std::size_t hot_bytes_max)
    : place_(std::move(place)), chunks_(hot_bytes_max), blocks_(reader()), live_(place_.slots.size()) {}

void Shelf::add_sealed(std::shared_ptr<const SealedIndex> index) {
  const std::uint32_t number = index->end().number;
  {
    const std::unique_lock lock(sealed_mutex_);
    sealed_.push_back(std::move(index));
  }
  // Only now: a reader that finds nothing in memory looks among the sealed ones next.
  for (LiveIndex& live : live_) live.drop_until(number);
}

void Shelf::seal(const SegmentEnd& end) {
  std::vector<std::vector<Run>> runs;
  for (const LiveIndex& live : live_) runs.push_back(live.runs_until(end.number));
  const std::filesystem::path path = place_.directory / index_name(end.number);
  std::filesystem::path draft = path;
  draft += ".new";
  // Not synced: an index that a crash has spoilt is made again from its segment.
  File file(draft, FileMode::write);
  file.truncate(0);
  file.write_at(0, SealedIndex::encode(end, runs));
  std::filesystem::rename(draft, path);
  std::shared_ptr<const SealedIndex> index = SealedIndex::open(path);
  if (!index) throw LogError(path.string() + ": cannot be read back (check the disk, then start again)");
  add_sealed(std::move(index));
}

std::size_t Shelf::read(TopicPartition from, std::uint64_t offset, std::size_t records_max, const Visit& visit) {
  return Reading(*this, from, offset, records_max, visit).run();
}

std::size_t Shelf::find_runs(std::size_t slot, std::uint64_t offset, std::span<Run> into) const {
  const std::size_t found = live_[slot].find(offset, into);
  return found > 0 ? found : find_sealed_runs(slot, offset, into);
}

std::size_t Shelf::find_sealed_runs(std::size_t slot, std::uint64_t offset, std::span<Run> into) const {
  const std::shared_ptr<const SealedIndex> index = find_sealed(slot, offset);
  // Offsets may jump: what lies between the sealed and the live ones does not exist, so go on with the live ones.
  if (!index) return live_[slot].first(into);
  const std::span<const Run> runs = index->runs(slot);
  const std::span<const Run> rest = runs.subspan(run_of(runs, offset));
  const std::size_t count = std::min(into.size(), rest.size());
  std::copy_n(rest.begin(), count, into.begin());
  return count;
}

std::shared_ptr<const SealedIndex> Shelf::find_sealed(std::size_t slot, std::uint64_t offset) const {
  const std::shared_lock lock(sealed_mutex_);
  auto index = std::upper_bound(
      sealed_.begin(), sealed_.end(), offset,
      [slot](std::uint64_t wanted, const auto& sealed) { return wanted < sealed->end().offsets[slot]; });
  while (index != sealed_.end() && (*index)->runs(slot).empty()) ++index;
  return index == sealed_.end() ? nullptr : *index;
}

std::uint64_t Shelf::begun_before(std::size_t slot, Instant at) const {
  if (const auto offset = live_[slot].begun_before(at)) return *offset;
  const std::shared_lock lock(sealed_mutex_);
  // What lies behind the first segment that ends at or after `at` has begun later.
  auto index = std::partition_point(sealed_.begin(), sealed_.end(),
                                    [at](const auto& sealed) { return sealed->end().timestamp_us < at.us; });
  if (index != sealed_.end()) ++index;
  while (index != sealed_.begin()) {
    const std::span<const Run> runs = (*--index)->runs(slot);
    const auto after =
        std::partition_point(runs.begin(), runs.end(), [at](const Run& run) { return run.timestamp_us < at.us; });
    if (after != runs.begin()) return std::prev(after)->offset;
  }
  return 0;
}

std::uint64_t Shelf::offset_at(TopicPartition of, Instant at) {
  std::uint64_t found = end(of);
  const auto reached = [&](const LogRecord& record) {
    if (record.timestamp < at) return true;
    found = record.offset;
    return false;
  };
  read(of, begun_before(place_.slots.of(of), at), std::numeric_limits<std::size_t>::max(), reached);
  return found;
}

std::optional<Position> Shelf::batch_of(TopicPartition of, std::uint64_t offset) {
  Run run;
  if (offset >= end(of) || find_runs(place_.slots.of(of), offset, {&run, 1}) == 0) return std::nullopt;
  const auto block = blocks_.holding(run.at);
  return Position{run.at.value - load<RecordHeader>(block->at(run.at)).in_batch};
}

}  // namespace virtscale::segment
