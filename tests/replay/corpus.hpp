// A recorded history: the five stages in several partitions, with an outside that answers everything well, and the
// copies that restarts leave.
//
// The one thing to know: it is made by the folds themselves and by nothing else, so each of its records is one that
// production would have written; tests then change what they want to be found.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "replay/log_source.hpp"
#include "replay/refold.hpp"
#include "tests/replay/editable_log.hpp"
#include "topology/contract/note.hpp"
#include "topology/host/edge_id.hpp"
#include "topology/host/temporary_directory.hpp"
#include "topology/ports/signer.hpp"

namespace virtscale::test {

/// How much happens.
struct CorpusSize {
  std::uint32_t orgs = 5;
  std::uint32_t requests = 60;  ///< of +1, -1 and more than the contract allows
};

class Corpus {
 public:
  explicit Corpus(CorpusSize size = {});
  ~Corpus();

  /// The log, to be changed; shared with every source.
  EditableLog& log() { return *log_; }
  /// The log as replay opens it.
  replay::LogSource source();
  const std::vector<VerifierKey>& keys() const { return keys_; }

  /// Appends again what a stage's partition has emitted since the inbox offset `from`: as an owner does that starts
  /// from older state.
  void restart(Source stage, std::uint32_t partition, std::uint64_t from);
  /// Tells the log that all is folded and durable, as an orderly end does.
  void commit();

  /// Writes the log as segment files, and the public keys, as a data directory. Offsets are given anew, without gaps.
  void write(const std::filesystem::path& directory);

 private:
  void apply_documents(std::uint32_t orgs);
  void append(Topic to, const std::string& key, std::vector<std::byte> event, HeaderFields fields);
  void settle();
  bool fold(replay::Refold& refold);
  void answer(const replay::Refold& refold, const RequestView& request);

  std::shared_ptr<EditableLog> log_;
  std::vector<std::unique_ptr<replay::Refold>> refolds_;
  EdgeIds ids_{7};
  TemporaryDirectory keys_directory_{TemporaryDirectory::On::memory};
  std::unique_ptr<Signer> signer_;
  std::vector<VerifierKey> keys_;
};

}  // namespace virtscale::test
