// The thread that writes the tape's batches to the segment files and makes them durable.
//
// The one thing to know: it never waits to collect more. A lone append is synced at once; while a sync runs, appends
// gather, and the next sync takes them all. A sync that fails is the end of the log: it is never tried again.
#pragma once

#include <thread>

#include "topology/adapters/segment/tape.hpp"
#include "topology/adapters/segment/watermark.hpp"

namespace virtscale::segment {

/// Called on the syncer's thread, without a lock.
struct SyncWakes {
  std::function<void()> durable;
  std::function<void(const std::string&)> failed;
};

class Syncer {
 public:
  /// Begins at `end`, the end of the last segment's file. `tape` and `shelf` must outlive the syncer.
  Syncer(Tape& tape, Shelf& shelf, Watermark watermark, Position end, SyncWakes wakes);
  /// Writes and syncs what the tape still has, unless the log has failed.
  ~Syncer();

 private:
  void run();
  void write(const std::vector<Slice>& slices);
  void begin_segment(std::uint32_t number);
  void finish(const std::vector<Slice>& slices);
  void give_up(const std::string& reason);

  Tape& tape_;
  Shelf& shelf_;
  Watermark watermark_;
  const SyncWakes wakes_;
  File file_;
  Position end_;        ///< of what is written
  Position synced_;     ///< of what is synced
  std::thread thread_;  ///< last: it uses all the others
};

}  // namespace virtscale::segment
