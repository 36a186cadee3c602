// A shadow: beside production, live, the same log folded under other documents or by another program.
//
// The one thing to know: it stays two seconds behind, so that what was recorded until then has been read for sure. At
// each moment it is the what-if of the log so far; it asks no effect and appends nothing.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "replay/what_if/what_if.hpp"

namespace virtscale::replay {

/// How far a shadow is behind: far above what lies between a record's timestamp and its being there to read.
inline constexpr Duration shadow_behind = seconds(2);
/// A decision that only one history has is told after this long: the other may come to it a little later.
inline constexpr Duration shadow_grace = seconds(10);

/// A shadow of more records than this must end: what came from outside is held in memory.
inline constexpr std::size_t shadow_records_max = what_if_records_max / 2;

/// A decision that turned.
struct Turned {
  std::string org;
  ScaleId scale;
  std::optional<ChangedDecision> decision;  ///< nothing: it was told of, and is as recorded after all
  bool modelled = false;  ///< modelled answers stand in the books that the changed decision was made on
};

struct ShadowOptions {
  std::optional<Instant> from{};  ///< where it begins; nothing: where the log ends when it is first read
  std::string policy_program{};   ///< as WhatIfOptions
  std::uint64_t seed = 1;
  std::function<void(Instant)> begun{};  ///< called once, with where it begins, before anything is told
  std::function<void(const Turned&)> told{};
};

class Shadow {
 public:
  /// `source` is read by `follow` only.
  Shadow(const LogSource& source, std::vector<Document> documents, ShadowOptions options);

  /// Reads on, as far as `log` reaches, folds up to two seconds before `now`, and tells of each decision that turned.
  /// Throws LogError if it cannot be read, and may then be called again; UsageError and std::runtime_error as what_if.
  void follow(Log& log, Instant now);
  /// Folds what is left, tells the rest, and gives all that differs. Nothing may follow it.
  WhatIf end();

  /// Records in the range so far.
  std::size_t records() { return reader_.past().records; }

 private:
  void begin();
  void look();
  bool is_due(const std::optional<ChangedDecision>& decision) const;
  void tell(const std::string& org, ScaleId scale, std::optional<ChangedDecision> decision);

  PastReader reader_;
  OtherDocuments documents_;
  const ShadowOptions options_;
  std::unique_ptr<ChangedHistory> changed_;
  std::uint32_t policy_epoch_ = 0;
  Instant horizon_{};
  std::map<ScaleId, std::string> open_;  // to be compared, each with its org
  std::map<ScaleId, ChangeKind> told_;
  std::size_t modelled_seen_ = 0;
  std::map<std::string, Instant> modelled_since_;  // by org, the first answer that was modelled
  enum class Ending : std::uint8_t { not_yet, now } ending_ = Ending::not_yet;
};

}  // namespace virtscale::replay
