// Keeps the files of all ledgers beside the topic `ledger`: tiles, lines and checkpoints, for readers over HTTP and for
// offline checks.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "compose/ledger/writer.hpp"
#include "topology/ports/clock.hpp"
#include "topology/ports/log.hpp"

namespace virtscale {

class LedgerMirror {
 public:
  /// `failed` is called, on a thread of its own, with what cannot be written and what to do; the log has it all, and
  /// the next start writes it again. `log` outlives the mirror, and `disk` the log; it waits for the disk, and runs
  /// nothing more when the mirror ends.
  LedgerMirror(Log& log, Executor& disk, std::filesystem::path directory, std::filesystem::path keys,
               std::function<void(const std::string&)> failed);

 private:
  class Copying;
  std::shared_ptr<Copying> copying_;
};

}  // namespace virtscale
