#include "replay/index/build.hpp"

#include <chrono>

#include "replay/snapshot.hpp"
#include "replay/text.hpp"

namespace virtscale::replay {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t read_at_once = 4'096;

// Folds one partition to its end.
void fold_all(Log& log, Refold& refold, Indexer& indexer, const std::function<void(std::uint64_t)>& folded) {
  const auto end = log.end(refold.inbox());
  Arena arena;
  while (refold.next_offset() < end) {
    const auto read = log.read(refold.inbox(), refold.next_offset(), read_at_once, [&](const LogRecord& record) {
      if (record.offset >= end) return false;
      arena.clear();
      const auto step = refold.fold(record, arena);
      if (step.fate == Fate::halted)
        throw std::runtime_error(place(record.from, record.offset) + " cannot be folded: " + step.incident);
      indexer.folded(record, step);
      return true;
    });
    if (read == 0) break;
    folded(read);
  }
}

// Without a slash at its end.
fs::path plain(const fs::path& directory) {
  return (directory / "").parent_path();
}

fs::path draft_of(fs::path directory) {
  return directory += ".new";
}

// What is to be replaced must be an index, since it is removed.
void check_is_index(const fs::path& directory) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(directory, none)) {
    if (!entry.is_regular_file() || entry.path().extension() != sections_extension)
      throw IndexError(directory.string() + " is no index, since " + entry.path().filename().string() +
                       " stands in it: name a directory that is not there yet");
  }
}

}  // namespace

IndexReport build_index(const LogSource& source, const fs::path& directory, std::uint64_t every,
                        const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  const auto began = std::chrono::steady_clock::now();
  auto& log = *source.log;
  IndexReport report;
  auto refolds = make_refolds(log.layout());
  std::uint64_t left = 0;
  for (const auto& refold : refolds) left += log.end(refold->inbox());
  for (auto& refold : refolds) {
    load_snapshot(source.snapshots, *refold);
    Indexer indexer(directory, *refold, log, share_of(log, refold->inbox(), every));
    left -= refold->next_offset();
    fold_all(log, *refold, indexer, [&](std::uint64_t folded) {
      report.records += folded;
      progress(report.records, left);
    });
    report.states += indexer.sections();
    report.bytes += indexer.bytes();
    refold.reset();
  }
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return report;
}

IndexOnTheWay::IndexOnTheWay(const fs::path& directory, Log& log, std::uint64_t every)
    : directory_(plain(directory)), draft_(draft_of(directory_)), log_(log), every_(every) {
  check_is_index(directory_);
  check_is_index(draft_);
  fs::remove_all(draft_);
}

IndexOnTheWay::~IndexOnTheWay() {
  std::error_code error;
  fs::remove_all(draft_, error);
}

void IndexOnTheWay::folded(Refold& refold, const LogRecord& record, const Step& step) {
  auto& indexer = indexers_[refold.inbox()];
  if (indexer == nullptr)
    indexer = std::make_unique<Indexer>(draft_, refold, log_, share_of(log_, refold.inbox(), every_));
  indexer->folded(record, step);
}

void IndexOnTheWay::finish() {
  indexers_.clear();
  fs::create_directories(draft_);
  fs::remove_all(directory_);
  fs::rename(draft_, directory_);
}

}  // namespace virtscale::replay
