#include "topology/adapters/segment/segment_log.hpp"

#include "topology/adapters/segment/recovery.hpp"
#include "topology/adapters/segment/syncer.hpp"
#include "topology/adapters/segment/walk.hpp"

namespace virtscale {
namespace segment {
namespace {

/// Smaller segments would be all header.
constexpr std::uint64_t segment_bytes_min = 4'096;

/// Puts what recovery found onto the shelf.
void fill(Shelf& shelf, Recovered& found) {
  for (auto& index : found.sealed) shelf.add_sealed(std::move(index));
  for (std::size_t slot = 0; slot < found.runs.size(); ++slot) {
    const std::uint64_t end = found.start.partitions[slot].next_offset;
    shelf.live(slot).set_end(end);
    for (const Run& run : found.runs[slot]) shelf.live(slot).add(run, end);
  }
}

/// The log of the process that holds the lock.
class SegmentLog final : public Log {
 public:
  SegmentLog(const SegmentLogOptions& options, File lock, Recovered found)
      : lock_(std::move(lock)),
        shelf_(found.place, options.hot_bytes_max),
        tape_(filled(shelf_, found), options.segment_bytes_max, *options.clock, shelf_),
        appended_(shelf_.place().slots.size()),
        syncer_(tape_, shelf_, Watermark(options.directory, {found.place.salt, found.start.last}),
                Position::in(found.start.segment.number, found.start.segment_bytes),
                {[this] { durable_.call(); }, [this](const std::string& reason) { report_failure(reason); }}) {}

  const LogLayout& layout() const override { return shelf_.place().layout; }
  Ticket append(std::span<const LogAppend> batch) override {
    const Appended done = tape_.append(batch);
    for (const std::size_t slot : done.slots) appended_[slot].call();
    return done.ticket;
  }
  std::size_t read(TopicPartition from, std::uint64_t offset, std::size_t records_max,
                   const std::function<bool(const LogRecord&)>& visit) override {
    return shelf_.read(from, offset, records_max, visit);
  }
  std::uint64_t end(TopicPartition of) const override { return shelf_.end(of); }
  std::uint64_t offset_at(TopicPartition of, Instant at) override { return shelf_.offset_at(of, at); }
  Ticket durable() const override { return tape_.durable(); }
  Subscription on_append(TopicPartition of, std::function<void()> wake) override {
    return appended_[shelf_.place().slots.of(of)].add(std::move(wake));
  }
  Subscription on_durable(std::function<void()> wake) override { return durable_.add(std::move(wake)); }
  Subscription on_failure(std::function<void(const std::string&)> fail) override;
  void commit(TopicPartition of, std::uint64_t offset) override { tape_.commit(shelf_.place().slots.of(of), offset); }
  std::optional<std::uint64_t> committed(TopicPartition of) const override {
    return tape_.committed(shelf_.place().slots.of(of));
  }
  void sync() override { tape_.sync(); }

 private:
  static const TapeStart& filled(Shelf& shelf, Recovered& found) {
    fill(shelf, found);
    return found.start;
  }
  void report_failure(const std::string& reason);

  File lock_;
  Shelf shelf_;
  Tape tape_;
  std::vector<Listeners<>> appended_;  ///< by slot
  Listeners<> durable_;
  std::mutex failure_mutex_;
  std::string failure_;
  Listeners<const std::string&> failed_;
  Syncer syncer_;  ///< last: its thread uses all the others
};

Subscription SegmentLog::on_failure(std::function<void(const std::string&)> fail) {
  std::unique_lock lock(failure_mutex_);
  if (failure_.empty()) return failed_.add(std::move(fail));
  lock.unlock();
  fail(failure_);
  return {};
}

void SegmentLog::report_failure(const std::string& reason) {
  {
    const std::lock_guard lock(failure_mutex_);
    failure_ = reason;
  }
  failed_.call(reason);
}

/// A log that nobody appends to, at least not through this object.
class SegmentArchive final : public SequentialLog {
 public:
  explicit SegmentArchive(Recovered found)
      : start_(found.start), shelf_(found.place, 0), stretches_(stretches_of(found)) {
    fill(shelf_, found);
  }

  const LogLayout& layout() const override { return shelf_.place().layout; }
  Ticket append(std::span<const LogAppend> /*batch*/) override { refuse(); }
  std::size_t read(TopicPartition from, std::uint64_t offset, std::size_t records_max,
                   const std::function<bool(const LogRecord&)>& visit) override {
    return shelf_.read(from, offset, records_max, visit);
  }
  std::uint64_t end(TopicPartition of) const override { return shelf_.end(of); }
  std::uint64_t offset_at(TopicPartition of, Instant at) override { return shelf_.offset_at(of, at); }
  Ticket durable() const override { return start_.last; }
  Subscription on_append(TopicPartition /*of*/, std::function<void()> /*wake*/) override { return {}; }
  Subscription on_durable(std::function<void()> /*wake*/) override { return {}; }
  Subscription on_failure(std::function<void(const std::string&)> /*fail*/) override { return {}; }
  void commit(TopicPartition /*of*/, std::uint64_t /*offset*/) override { refuse(); }
  std::optional<std::uint64_t> committed(TopicPartition of) const override {
    return start_.partitions[shelf_.place().slots.of(of)].committed;
  }
  void sync() override { refuse(); }
  std::unique_ptr<Walk> walk(std::span<const PartitionOffset> from) override {
    auto begin = stretches_.back().end;
    for (const auto& [partition, offset] : from)
      begin = std::min(begin, shelf_.batch_of(partition, offset).value_or(begin));
    return std::make_unique<SegmentWalk>(shelf_.reader(), stretches_, begin);
  }

 private:
  static std::vector<Stretch> stretches_of(const Recovered& found) {
    const auto header_bytes = segment_header_bytes(found.place.slots.size());
    std::vector<Stretch> stretches;
    const auto add = [&](std::uint32_t number, std::uint64_t bytes) {
      stretches.push_back({Position::in(number, header_bytes), Position::in(number, bytes)});
    };
    for (const auto& sealed : found.sealed) add(sealed->end().number, sealed->end().bytes);
    add(found.start.segment.number, found.start.segment_bytes);
    return stretches;
  }
  [[noreturn]] void refuse() const {
    throw LogError("the log in " + shelf_.place().directory.string() + " was opened to read only");
  }

  const TapeStart start_;
  Shelf shelf_;
  const std::vector<Stretch> stretches_;
};

void make_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) throw_system_error("make the directory", directory, error.value());
}

std::string difference(const LogLayout& made, const LogLayout& wanted) {
  if (made.key_hash != wanted.key_hash) return "the key hash " + made.key_hash + ", not " + wanted.key_hash;
  for (std::size_t topic = 0; topic < topics_count; ++topic)
    if (made.partitions[topic] != wanted.partitions[topic])
      return std::to_string(made.partitions[topic]) + " partitions of topic " + std::string(topic_names[topic]) +
             ", not " + std::to_string(wanted.partitions[topic]);
  return "format " + std::to_string(made.format) + ", not " + std::to_string(wanted.format);
}

void check_same(const std::filesystem::path& directory, const LogLayout& made, const LogLayout& wanted) {
  if (made == wanted) return;
  throw LogError("the log in " + directory.string() + " was made with " + difference(made, wanted) +
                 " (set what it was made with, or choose another data directory)");
}

void check(const SegmentLogOptions& options) {
  if (options.clock == nullptr) throw std::invalid_argument("a log needs a clock");
  check_layout(options.layout);
  if (options.segment_bytes_max < segment_bytes_min || options.segment_bytes_max > segment_bytes_limit)
    throw LogError("segment_bytes_max must be " + std::to_string(segment_bytes_min) + " to " +
                   std::to_string(segment_bytes_limit));
}

}  // namespace
}  // namespace segment

OpenedSegmentLog open_segment_log(const SegmentLogOptions& options) {
  segment::check(options);
  segment::make_directory(options.directory);
  segment::File lock = segment::lock_directory(options.directory);
  auto found = segment::recover(options.directory, segment::Repair::cut);
  if (!found) found = segment::create(options.directory, options.layout);
  segment::check_same(options.directory, found->place.layout, options.layout);
  const RecoveryReport report = found->report;
  return {std::make_unique<segment::SegmentLog>(options, std::move(lock), std::move(*found)), report};
}

OpenedSegmentLog open_segment_log_to_read(const std::filesystem::path& directory) {
  if (!std::filesystem::is_directory(directory))
    throw LogError("cannot read a log from " + directory.string() + ": there is no such directory");
  auto found = segment::recover(directory, segment::Repair::none);
  if (!found)
    throw LogError("there is no log in " + directory.string() + " (name the directory that has the *.segment files)");
  const RecoveryReport report = found->report;
  return {std::make_unique<segment::SegmentArchive>(std::move(*found)), report};
}

}  // namespace virtscale
