// Writes the ledgers of all orgs as files, from the topic `ledger`.
//
// The one thing to know: the files hold nothing that the log does not hold. Whoever loses them reads the topic again;
// a record that was taken before changes nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "compose/ledger/org_files.hpp"
#include "topology/contract/note.hpp"
#include "topology/ports/log.hpp"

namespace virtscale::ledger {

/// How far the topic has been read, by partition. Beside the orgs' directories, none of which can begin with a dot.
inline constexpr const char* positions_file = ".positions";

/// Errors are texts for people; empty means done. After an error the writer takes nothing more for that org. Used by
/// one thread at a time.
class LedgerWriter {
 public:
  /// `keys` gives the public keys that are known now; those that signed go to the org's file `keys`.
  LedgerWriter(std::filesystem::path directory, std::function<std::vector<VerifierKey>()> keys);

  /// The offset of the topic `ledger` to go on from.
  std::uint64_t resume_from(std::uint32_t partition) const;

  /// Takes a record of the topic `ledger`, in the order of its partition. Writes nothing yet.
  std::string take(const LogRecord& record);

  /// Writes what the checkpoints taken so far cover. To be called when no more records wait, or every so many: under a
  /// flood many lines and checkpoints of an org cost one writing.
  std::string flush();

  /// Lines in memory: what no checkpoint covers, or what was not flushed.
  std::size_t pending() const;

 private:
  struct Org {
    OrgFiles files;
    std::uint32_t partition;
    std::string fault;
  };

  Org& org_of(const std::string& name, std::uint32_t partition);
  std::string write_positions();

  std::filesystem::path directory_;
  std::function<std::vector<VerifierKey>()> keys_;
  std::map<std::string, Org> orgs_;
  std::map<std::uint32_t, std::uint64_t> next_;    // the offset behind the last record taken, of each partition
  std::map<std::uint32_t, std::uint64_t> resume_;  // as the file `positions` says
};

}  // namespace virtscale::ledger
