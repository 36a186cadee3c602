#include "topology/adapters/segment/recovery.hpp"

#include <sys/random.h>

#include <algorithm>

#include "topology/adapters/segment/scan.hpp"
#include "topology/adapters/segment/watermark.hpp"

namespace virtscale::segment {
namespace {

/// What a scan reads at once.
constexpr std::size_t scan_ahead = 1U << 20U;

class Recovery {
 public:
  Recovery(const std::filesystem::path& directory, Repair repair)
      : directory_(directory), repair_(repair), watermark_(read_watermark(directory)) {}

  std::optional<Recovered> run() {
    list_segments();
    if (!numbers_.empty()) pass_over_unborn_segment();
    if (numbers_.empty()) return nothing();
    for (const std::uint32_t number : numbers_) check_order(number);
    for (std::size_t n = 0; n + 1 < numbers_.size(); ++n) open_sealed(numbers_[n]);
    return open_last();
  }

 private:
  std::filesystem::path path_of(std::uint32_t number) const { return directory_ / segment_name(number); }

  void list_segments() {
    for (const auto& entry : std::filesystem::directory_iterator(directory_))
      if (const auto number = segment_number(entry.path().filename().string())) numbers_.push_back(*number);
    std::sort(numbers_.begin(), numbers_.end());
  }

  std::optional<Recovered> nothing() const {
    if (watermark_ && watermark_->durable > 0)
      throw_damage(path_of(1), 0,
                   "all segments are missing, but the file `durable` says that there were " +
                       std::to_string(watermark_->durable) + " batches");
    remove_unborn();
    return std::nullopt;
  }

  void remove_unborn() const {
    if (unborn_ && repair_ == Repair::cut) std::filesystem::remove(path_of(*unborn_));
  }

  /// A crash while the last segment was made leaves a file without a whole header. It holds nothing that was durable,
  /// or batches will turn out to be missing; then it stays.
  void pass_over_unborn_segment() {
    const std::uint32_t number = numbers_.back();
    Window window(File(path_of(number), FileMode::read), scan_ahead);
    if (read_segment_header(window, number)) return;
    const bool may_be_alone = watermark_ && watermark_->durable == 0;
    if (numbers_.size() == 1 && !may_be_alone) throw_damage(path_of(number), 0, "the header is damaged");
    numbers_.pop_back();
    unborn_ = number;
    report_.bytes_cut = window.file().size();
    report_.reason = path_of(number).string() + ": the segment was being made when the log was cut off";
  }

  /// What the batches in that file knew to be durable.
  Ticket known_to_unborn(SegmentHeader header) const {
    if (!unborn_) return 0;
    Window window(File(path_of(*unborn_), FileMode::read), scan_ahead);
    header.number = *unborn_;
    return Scan(window, header).look_beyond().durable;
  }

  void check_order(std::uint32_t number) {
    const std::uint32_t wanted = number == numbers_.front() ? first_number() : expected_number_;
    if (number != wanted) throw_damage(path_of(wanted), 0, "this segment is missing");
    expected_number_ = number + 1;
  }

  std::uint32_t first_number() {
    Window window(File(path_of(numbers_.front()), FileMode::read), scan_ahead);
    const auto header = read_segment_header(window, numbers_.front());
    if (!header) throw_damage(path_of(numbers_.front()), 0, "the header is damaged");
    salt_ = header->salt;
    sequence_ = header->first_sequence - 1;
    return header->first_number;
  }

  void open_sealed(std::uint32_t number) {
    auto index = SealedIndex::open(directory_ / index_name(number));
    if (!index || index->end().number != number || index->end().salt != salt_) index = make_index(number);
    const SegmentEnd& end = index->end();
    check_sequence(number, end.first_sequence);
    const std::uint64_t size = File(path_of(number), FileMode::read).size();
    if (size != end.bytes)
      throw_damage(
          path_of(number), std::min(size, end.bytes),
          "the segment was sealed with " + std::to_string(end.bytes) + " bytes and has " + std::to_string(size));
    sequence_ = end.last_sequence;
    report_.records += end.records;
    sealed_.push_back(std::move(index));
  }

  void check_sequence(std::uint32_t number, std::uint64_t first) const {
    if (first != sequence_ + 1)
      throw_damage(path_of(number), 0,
                   "the segment begins with batch " + std::to_string(first) + ", but batch " +
                       std::to_string(sequence_ + 1) + " comes next");
  }

  std::shared_ptr<const SealedIndex> make_index(std::uint32_t number) {
    Window window(File(path_of(number), FileMode::read), scan_ahead);
    const auto header = read_segment_header(window, number);
    if (!header || header->salt != salt_) throw_damage(path_of(number), 0, "the header is damaged, or another log's");
    Scan scan(window, *header);
    scan.run();
    if (scan.end().bytes != window.file().size())
      throw_damage(path_of(number), scan.end().bytes, "a batch of a sealed segment is damaged");
    ++report_.indexes_made;
    const std::filesystem::path path = directory_ / index_name(number);
    std::vector<std::byte> bytes = SealedIndex::encode(scan.end(), scan.runs());
    if (repair_ == Repair::cut) {
      File file(path, FileMode::write);
      file.truncate(0);
      file.write_at(0, bytes);
    }
    return SealedIndex::hold(std::move(bytes), path);
  }

  Recovered open_last() {
    const std::uint32_t number = numbers_.back();
    Window window(File(path_of(number), FileMode::read), scan_ahead);
    const auto header = read_segment_header(window, number);
    if (!header || header->salt != salt_) throw_damage(path_of(number), 0, "the header is damaged, or another log's");
    check_sequence(number, header->first_sequence);
    Scan scan(window, *header);
    scan.run();
    check_end(scan, *header, window.file().size());
    return result(*header, scan);
  }

  /// Cuts a torn tail off, or throws for damage.
  void check_end(Scan& scan, const SegmentHeader& header, std::uint64_t size) {
    const SegmentEnd& end = scan.end();
    const Scan::Beyond beyond = scan.look_beyond();
    const Ticket by_file = watermark_ && watermark_->salt == salt_ ? watermark_->durable : 0;
    const Ticket known = std::max({scan.durable(), by_file, beyond.durable, known_to_unborn(header)});
    if (known > end.last_sequence) lost(size == end.bytes && unborn_ ? *unborn_ : end.number, end, known);
    if (size == end.bytes) return;
    report_.bytes_cut += size - end.bytes;
    report_.reason = path_of(end.number).string() + ", byte " + std::to_string(end.bytes) +
                     ": a torn tail that no sync had confirmed, with " + std::to_string(beyond.batches) +
                     " whole batches behind the tear";
    if (repair_ == Repair::cut) File(path_of(end.number), FileMode::write).truncate(end.bytes);
  }

  [[noreturn]] void lost(std::uint32_t number, const SegmentEnd& end, Ticket known) const {
    throw_damage(path_of(number), number == end.number ? end.bytes : 0,
                 "batch " + std::to_string(end.last_sequence + 1) + " is damaged or cut off, and batches up to " +
                     std::to_string(known) + " were durable");
  }

  Recovered result(const SegmentHeader& header, Scan& scan) {
    const SegmentEnd& end = scan.end();
    report_.segments = static_cast<std::uint32_t>(numbers_.size());
    report_.records += end.records;
    // A process that was killed leaves whole batches that were never synced. From here on they count as durable.
    remove_unborn();
    if (repair_ == Repair::cut) {
      File(path_of(end.number), FileMode::write).sync();
      sync_directory(directory_);
    }
    return {{directory_, header.layout, header.salt, Slots(header.layout)},
            {header, end.bytes, end.records, end.last_sequence, end.timestamp_us, scan.partitions()},
            std::move(sealed_),
            std::move(scan.runs()),
            std::move(report_)};
  }

  const std::filesystem::path directory_;
  const Repair repair_;
  const std::optional<WatermarkRead> watermark_;
  std::vector<std::uint32_t> numbers_;
  std::optional<std::uint32_t> unborn_;
  std::uint32_t expected_number_ = 0;
  std::uint64_t salt_ = 0;
  Ticket sequence_ = 0;
  std::vector<std::shared_ptr<const SealedIndex>> sealed_;
  RecoveryReport report_;
};

std::uint64_t draw_salt() {
  std::uint64_t salt = 0;
  if (::getrandom(&salt, sizeof salt, 0) != sizeof salt)
    throw LogError("cannot draw a random number (getrandom failed)");
  return salt;
}

}  // namespace

std::optional<Recovered> recover(const std::filesystem::path& directory, Repair repair) {
  return Recovery(directory, repair).run();
}

Recovered create(const std::filesystem::path& directory, const LogLayout& layout) {
  SegmentHeader header;
  header.layout = layout;
  header.salt = draw_salt();
  header.partitions.resize(Slots(layout).size());
  // First: a first segment without a whole header is known to be empty only by this file.
  Watermark(directory, {header.salt, 0}).sync();
  const std::vector<std::byte> bytes = encode(header);
  File file(directory / segment_name(header.number), FileMode::create);
  file.write_at(0, bytes);
  file.sync();
  sync_directory(directory);
  Recovered made{{directory, layout, header.salt, Slots(layout)}, {}, {}, {}, {}};
  made.start = {header, bytes.size(), 0, 0, header.timestamp_us, header.partitions};
  made.runs.resize(header.partitions.size());
  made.report.segments = 1;
  return made;
}

}  // namespace virtscale::segment
