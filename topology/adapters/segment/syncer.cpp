#include "topology/adapters/segment/syncer.hpp"

namespace virtscale::segment {

Syncer::Syncer(Tape& tape, Shelf& shelf, Watermark watermark, Position end, SyncWakes wakes)
    : tape_(tape),
      shelf_(shelf),
      watermark_(std::move(watermark)),
      wakes_(std::move(wakes)),
      file_(shelf.place().directory / segment_name(end.segment()), FileMode::write),
      end_(end),
      synced_(end),
      thread_([this] { run(); }) {}

Syncer::~Syncer() {
  tape_.stop();
  thread_.join();
}

void Syncer::run() {
  try {
    for (auto slices = tape_.take(); !slices.empty(); slices = tape_.take()) {
      write(slices);
      watermark_.set(slices.back().last);
      tape_.mark_durable(slices);
      wakes_.durable();
      finish(slices);
    }
    watermark_.sync();
  } catch (const std::exception& error) {
    give_up(error.what());
  }
}

void Syncer::write(const std::vector<Slice>& slices) {
  for (const Slice& slice : slices) {
    if (slice.begin.segment() != end_.segment()) begin_segment(slice.begin.segment());
    file_.write_at(slice.begin.byte(), slice.view());
    end_ = slice.begin + slice.bytes;
  }
  file_.sync();
  if (synced_.segment() != end_.segment() || synced_.byte() == 0) sync_directory(shelf_.place().directory);
  synced_ = end_;
}

void Syncer::begin_segment(std::uint32_t number) {
  // The old segment first: a crash must never leave a segment without all that comes before it.
  file_.sync();
  file_ = File(shelf_.place().directory / segment_name(number), FileMode::create);
  end_ = synced_ = Position::in(number, 0);
}

void Syncer::finish(const std::vector<Slice>& slices) {
  shelf_.chunks().forget_until(synced_);
  for (const Slice& slice : slices)
    if (slice.ended) shelf_.seal(*slice.ended);
}

void Syncer::give_up(const std::string& reason) {
  // What was not synced may look whole in the page cache and be missing on the disk: the next start must not see it.
  file_.truncate_if_possible(synced_.byte());
  const std::string failure = "the log in " + shelf_.place().directory.string() + " has failed: " + reason;
  tape_.fail(failure);
  wakes_.failed(failure);
}

}  // namespace virtscale::segment
