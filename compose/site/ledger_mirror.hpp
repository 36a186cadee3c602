// Keeps the files of all ledgers beside the topic `ledger`: tiles, lines and checkpoints, for readers over HTTP and for
// offline checks.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "compose/ledger/writer.hpp"
#include "topology/adapters/asio/executor.hpp"
#include "topology/ports/log.hpp"

namespace virtscale {

class LedgerMirror {
 public:
  /// `failed` is called, on a thread of its own, with what cannot be written and what to do; the log has it all, and
  /// the next start writes it again. `log` outlives the mirror.
  LedgerMirror(Log& log, std::filesystem::path directory, std::filesystem::path keys,
               std::function<void(const std::string&)> failed);
  ~LedgerMirror();

 private:
  class Copying;
  std::unique_ptr<ExecutorThread> thread_;
  std::shared_ptr<Copying> copying_;
};

}  // namespace virtscale
