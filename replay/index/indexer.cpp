#include "replay/index/indexer.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>

#include "replay/index/state_index.hpp"
#include "schemas/codec.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::replay {
namespace {

namespace fs = std::filesystem;

// Noted before those that came twice are forgotten: 32 MB.
constexpr std::size_t scales_noted_max = 4'000'000;

void forget_twice(std::vector<std::uint64_t>& scales) {
  std::ranges::sort(scales);
  const auto rest = std::ranges::unique(scales);
  scales.erase(rest.begin(), rest.end());
}

std::tuple<TopicPartition, Source, std::uint32_t> lane_of(const Witness& witness) {
  return {{static_cast<Topic>(witness.topic), witness.target}, static_cast<Source>(witness.stage), witness.partition};
}

}  // namespace

std::uint64_t share_of(const Log& log, TopicPartition partition, std::uint64_t every) {
  std::uint64_t all = 0;
  for (std::size_t topic = 0; topic < topics_count; ++topic) {
    for (std::uint32_t p = 0; p < log.layout().partitions[topic]; ++p) all += log.end({static_cast<Topic>(topic), p});
  }
  const auto share = static_cast<double>(log.end(partition)) / static_cast<double>(std::max<std::uint64_t>(all, 1));
  return std::max(partition_every_min, static_cast<std::uint64_t>(share * static_cast<double>(every)));
}

Indexer::Indexer(const fs::path& index, Refold& refold, Log& log, std::uint64_t every)
    : refold_(refold), file_(sections_file(index, refold.stage(), refold.inbox().partition)), every_(every) {
  std::error_code error;
  fs::create_directories(index, error);
  lock();
  try {
    Sections sections(index, refold.stage(), refold.inbox().partition);
    go_on(sections, log);
  } catch (...) {
    ::close(lock_);
    throw;
  }
  if (sections_ > 0) first_offset_ = refold_.next_offset();
  SectionRows::changed(refold_.tables());  // what was loaded is no change
  out_.open(file_, std::ios::binary | std::ios::app);
}

Indexer::~Indexer() {
  ::close(lock_);
}

void Indexer::lock() {
  lock_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ < 0)
    throw IndexError(file_.string() + ": cannot be written (check the directory's permissions, or name another)");
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  ::close(lock_);
  throw IndexError(file_.string() + ": another process is writing it (wait until it is done)");
}

void Indexer::go_on(Sections& sections, Log& log) {
  auto count = sections.heads().size();
  while (count > 0 && !stands_in(log, sections, count - 1)) --count;
  const bool reached_first = !sections.heads().empty() && sections.heads()[0].next_offset <= log.end(refold_.inbox());
  if (count == 0 && reached_first)
    throw IndexError(file_.string() + ": is the index of another log (remove it, or name another directory)");
  for (std::size_t s = 0; s < count; ++s) {
    const auto& head = sections.heads()[s];
    const bool is_whole = head.kind == SectionKind::whole;
    if (is_whole) whole_bytes_ = head.rows_bytes;
    changes_bytes_ = is_whole ? 0 : changes_bytes_ + head.rows_bytes;
    rows_bytes_ = head.rows_bytes;
  }
  sections_ = count;
  bytes_ = sections.bytes_with(count);
  fs::resize_file(file_, bytes_);
  if (count == 0) return;
  sections.load(count - 1, refold_);
  for (const auto& witness : sections.about(count - 1).witnesses) witnesses_[lane_of(witness)] = witness;
}

void Indexer::folded(const LogRecord& record, const Step& step) {
  if (!first_offset_) first_offset_ = record.offset;
  if (const auto* event = schema::verify_event(record.value)) {
    note_scale(*event);
    if (step.fate != Fate::duplicate) note_lane(record.from, *event);
  }
  for (const auto& emitted : step.emitted) {
    const auto& event = *schema::GetEvent(emitted.value.data());
    note_scale(event);
    note_lane(emitted.to, event);
  }
  if (scales_.size() > scales_noted_max) forget_twice(scales_);
  record_bytes_ += record.value.size();
  if (is_due()) store(record);
}

bool Indexer::is_due() const {
  const auto records = refold_.next_offset() - *first_offset_;
  if (records < every_ || sections_ >= sections_max) return false;
  return rows_bytes_ * state_share <= record_bytes_ || records >= distance_max * every_;
}

void Indexer::note_scale(const schema::Event& event) {
  if (event.header()->scale() != 0) scales_.push_back(event.header()->scale());
}

void Indexer::note_lane(TopicPartition where, const schema::Event& event) {
  const auto& header = *event.header();
  const auto id = id_of(header.id());
  if (id.stage == Source::edge) return;
  const Witness witness{.offset = id.offset,
                        .hash = header.hash(),
                        .partition = id.partition,
                        .index = id.index,
                        .target = where.partition,
                        .stage = static_cast<std::uint8_t>(id.stage),
                        .topic = static_cast<std::uint8_t>(where.topic)};
  witnesses_[lane_of(witness)] = witness;
}

// All rows are written once the changes since have become as many: so a state is loaded from twice its bytes at most,
// and the file is at most twice what its changes are.
void Indexer::store(const LogRecord& record) {
  auto rows = SectionRows::changed(refold_.tables());
  auto kind = SectionKind::changes;
  if (changes_bytes_ + rows.bytes().size() > whole_bytes_) {
    rows = SectionRows::all(refold_.tables());
    kind = SectionKind::whole;
    whole_bytes_ = rows.bytes().size();
  }
  changes_bytes_ = kind == SectionKind::whole ? 0 : changes_bytes_ + rows.bytes().size();
  forget_twice(scales_);
  SectionHead head;
  head.kind = kind;
  head.stage = static_cast<std::uint32_t>(refold_.stage());
  head.partition = refold_.inbox().partition;
  head.first_offset = *first_offset_;
  head.next_offset = refold_.next_offset();
  head.record = fingerprint_of(record);
  SectionAbout about{std::exchange(scales_, {}), {}};
  for (const auto& [lane, witness] : witnesses_) about.witnesses.push_back(witness);
  append_section(out_, file_, head, about, rows);
  bytes_ += sizeof head + about.scales.size() * sizeof about.scales[0] + about.witnesses.size() * sizeof(Witness) +
            rows.bytes().size();
  record_bytes_ = 0;
  rows_bytes_ = rows.bytes().size();
  first_offset_ = head.next_offset;
  ++sections_;
}

}  // namespace virtscale::replay
