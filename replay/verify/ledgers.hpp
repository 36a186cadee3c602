// The recorded ledgers, checked by themselves: lines without a gap, and every checkpoint against the tree of the lines
// before it and against the public keys.
//
// The one thing to know: it knows nothing of folds. So a fold that writes wrong ledgers, the same ones at each replay,
// is still found.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "replay/verify/divergence.hpp"
#include "schemas/codec.hpp"
#include "topology/contract/merkle.hpp"
#include "topology/contract/note.hpp"
#include "topology/ports/log.hpp"

namespace virtscale::replay {

/// Keeps 32 bytes for each line that no checkpoint covers yet.
class LedgerCheck {
 public:
  /// Without keys no signature is checked, and all else is.
  explicit LedgerCheck(std::optional<std::vector<VerifierKey>> keys) : keys_(std::move(keys)) {}

  /// Begins an org's ledger with lines that stand before the first record, as a snapshot says.
  void begin(std::string_view org, const CompactRange& range);

  /// Takes a record of `ledger` that is no copy, in the order of its partition; what is wrong with it, if anything.
  std::optional<Divergence> take(const LogRecord& record, const schema::Event& event);

  std::uint64_t lines() const { return lines_; }
  std::uint64_t checkpoints() const { return checkpoints_; }
  /// Checkpoints whose signature was checked.
  std::uint64_t signatures() const { return signatures_; }

 private:
  struct Org {
    CompactRange signed_part;
    std::vector<Digest> leaves;  // of the lines behind it
  };

  Org& org_of(const schema::Event& event);
  std::string take_line(Org& org, const schema::LineAppended& line);
  std::string take_checkpoint(Org& org, const schema::CheckpointPublished& published);
  std::string check_signature(std::string_view note);

  std::optional<std::vector<VerifierKey>> keys_;
  std::map<std::string, Org, std::less<>> orgs_;
  std::uint64_t lines_ = 0;
  std::uint64_t checkpoints_ = 0;
  std::uint64_t signatures_ = 0;
};

}  // namespace virtscale::replay
