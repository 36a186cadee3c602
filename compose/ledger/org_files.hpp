// The files of one org's ledger, as they grow.
//
// The one thing to know: lines gather in memory until a checkpoint covers them; then tiles, bundles and lines are
// written, and the checkpoint last. So a reader of a checkpoint finds all that it covers.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "compose/ledger/files.hpp"
#include "topology/contract/merkle.hpp"

namespace virtscale::ledger {

/// Errors are texts for people, that name the file and what to do; empty means done. Used by one thread at a time.
class OrgFiles {
 public:
  explicit OrgFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// Goes on from the files that are there; a missing directory is an empty ledger.
  std::string open();

  /// Takes line `index`, that came at `offset` of the topic. One that is there already is left out.
  std::string append(std::uint64_t index, std::string_view line, std::uint64_t offset);
  /// Takes the checkpoint of the first `size` lines. Older ones than the newest are left out.
  void publish(std::uint64_t size, std::string_view note);

  /// Whether the newest checkpoint covers lines that are not written.
  bool is_dirty() const { return published_ > range_.size(); }
  /// What `write` wrote: whether some of it is never written again, and must be durable before `finish`.
  enum class Written : std::uint8_t { for_now, for_good };
  Written written() const { return written_; }
  /// Writes all that the newest checkpoint covers. `keys`: those whose vkeys may go to the file `keys`.
  std::string write(const std::vector<VerifierKey>& keys);
  /// Writes the checkpoint, and removes what it makes superfluous. REQUIRES: `write` went well.
  std::string finish();

  /// The offset of the first line that is not yet on disk, or `otherwise`.
  std::uint64_t first_pending(std::uint64_t otherwise) const {
    return pending_.empty() ? otherwise : pending_.front().offset;
  }
  /// Lines that wait for a checkpoint or to be written.
  std::size_t pending() const { return pending_.size(); }

 private:
  struct Line {
    std::uint64_t offset;
    std::string text;
  };
  using Level = std::vector<Digest>;  // the hashes of a tile that is not full

  std::string load_edge(std::uint64_t size);
  std::string find_end_of_lines();
  std::string put_line(std::string_view line);
  std::string put_node(const MerkleNode& node);
  std::string write_edge(std::uint64_t old_size);
  std::string write_keys(const std::vector<VerifierKey>& keys);
  void remove_stale() const;

  std::filesystem::path directory_;
  CompactRange range_;  // over the lines on disk
  std::vector<Level> edge_;
  std::uint64_t lines_bytes_ = 0;
  std::deque<Line> pending_;
  std::uint64_t published_ = 0;
  std::string note_;

  // Of the writing that runs.
  Written written_ = Written::for_now;
  std::string bundle_;
  std::string new_lines_;
  std::vector<std::filesystem::path> stale_;
};

}  // namespace virtscale::ledger
