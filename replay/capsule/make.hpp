// Makes a capsule of a log: the smallest cut that stands by itself, packed into a file.
//
// The one thing to know: nothing is written before the cut was folded and gave the recorded events; so a capsule
// verifies, or there is none.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "replay/capsule/cut.hpp"

namespace virtscale::replay {

enum class Privacy : std::uint8_t { as_recorded, redacted };

/// What to make. Either a scale event, or a range of time, of one org or of all.
struct CapsuleOrder {
  ScaleId scale{};
  std::string org{};
  Instant from{std::numeric_limits<std::int64_t>::min()};
  Instant to{std::numeric_limits<std::int64_t>::max()};  ///< not in it
  Privacy privacy = Privacy::as_recorded;
  std::filesystem::path out{};
};

/// What was made.
struct CapsuleReport {
  Scope scope{};
  std::size_t records = 0;
  std::uint64_t bytes = 0;             ///< of the file
  std::string hash;                    ///< of the manifest: stands for the whole capsule
  std::vector<std::string> widened{};  ///< why narrower scopes did not do
  std::size_t replaced = 0;            ///< addresses and mail that were given pseudonyms
};

/// Uses the source's index, if it has one. Throws NotFound, CapsuleError, LogError, SnapshotError, IndexError and
/// UsageError.
CapsuleReport make_capsule(const LogSource& source, const CapsuleOrder& order, const Watch& watch);

}  // namespace virtscale::replay
