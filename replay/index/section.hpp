// A section: the state of one partition of one stage as of one record, in the file of that partition; and which scale
// events the records since the section before it are about.
//
// The one thing to know: a file is its sections, one behind the other. Each says in its head how far it reaches and how
// long it is, so the nearest one is found by going from head to head; and a file that ends within a section, as a crash
// leaves it, is good up to there. Only what changed since the section before is written, and from time to time all
// rows.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "replay/refold.hpp"
#include "topology/contract/sha256.hpp"

namespace virtscale::replay {

/// An index cannot be written or read, or is not of this log; the message names the file and what to do.
class IndexError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Of one partition: at the usual distances, a log of some billions of records.
inline constexpr std::size_t sections_max = 100'000;
/// The rows of one section: a state of some ten million rows.
inline constexpr std::uint64_t section_rows_bytes_max = 4ULL << 30U;

enum class SectionKind : std::uint32_t {
  changes = 0,  ///< rows that changed since the section before
  whole = 1,    ///< all rows
};

/// As it stands in the file, little-endian.
struct SectionHead {
  std::uint64_t magic = 0;
  SectionKind kind{};
  std::uint32_t stage = 0;
  std::uint32_t partition = 0;
  std::uint32_t padding = 0;
  std::uint64_t first_offset = 0;  ///< of the inbox: the section before reaches up to here
  std::uint64_t next_offset = 0;   ///< the state is that before the record with this offset
  std::uint64_t scales = 0;        ///< how many stand behind the head, ascending
  std::uint64_t witnesses = 0;     ///< how many stand behind them
  std::uint64_t rows_bytes = 0;    ///< behind them
  Digest record{};                 ///< SHA-256 of the last record that is in the state (fingerprint_of)
  Digest about_digest{};           ///< of scales and witnesses
  Digest rows_digest{};
  Digest digest{};  ///< of the head before this field
};
static_assert(sizeof(SectionHead) == 192);

/// The last event of a lane that the partition had read, or given, by the end of a section. Its hash stands for all
/// that the lane had before it (topology/host/admission.hpp), so it tells one history from another.
struct Witness {
  std::uint64_t offset = 0;  ///< of its id
  std::uint64_t hash = 0;
  std::uint32_t partition = 0;  ///< of its id
  std::uint32_t index = 0;      ///< of its id
  std::uint32_t target = 0;     ///< the partition that it stands on
  std::uint8_t stage = 0;       ///< of its id
  std::uint8_t topic = 0;       ///< that it stands on
  std::uint16_t padding = 0;
};
static_assert(sizeof(Witness) == 32);

/// What a section says beside its rows.
struct SectionAbout {
  std::vector<std::uint64_t> scales;  ///< scale events, ascending
  std::vector<Witness> witnesses;
};

/// What tells a record from every other that might stand in its place.
Digest fingerprint_of(const LogRecord& record);

inline constexpr const char* sections_extension = ".states";
/// The file of a partition's sections in an index: `<stage>-<partition>.states`.
std::filesystem::path sections_file(const std::filesystem::path& index, Source stage, std::uint32_t partition);

/// Reads the sections of one partition.
class Sections {
 public:
  /// Reads the heads. A file that is not there has none. Throws IndexError for damage, and for the file of another
  /// partition.
  Sections(const std::filesystem::path& index, Source stage, std::uint32_t partition);

  const std::vector<SectionHead>& heads() const { return heads_; }
  const std::filesystem::path& file() const { return file_; }
  /// Up to where the file holds the first `count` sections. REQUIRES: there are so many.
  std::uint64_t bytes_with(std::size_t count) const { return count == 0 ? 0 : ends_[count - 1]; }

  /// Throws IndexError.
  SectionAbout about(std::size_t section);
  /// Gives the state of a section to a refold of this partition that has folded nothing. Throws IndexError.
  void load(std::size_t section, Refold& refold);

 private:
  std::string read(std::size_t section, std::uint64_t behind_head, std::uint64_t bytes, const Digest& digest);
  std::string rows(std::size_t section);

  std::filesystem::path file_;
  std::ifstream in_;
  std::vector<SectionHead> heads_;
  std::vector<std::uint64_t> ends_;  // of each section, in bytes
};

/// The rows of a section, as they stand in the file.
class SectionRows {
 public:
  /// All rows of these tables.
  static SectionRows all(const std::vector<AnyTable*>& tables);
  /// Those that changed since the tables were last asked; they forget it.
  static SectionRows changed(const std::vector<AnyTable*>& tables);
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Appends a section; `head` has kind, offsets and `record`, and the rest is filled in. Throws IndexError.
void append_section(std::ofstream& out, const std::filesystem::path& file, SectionHead head, const SectionAbout& about,
                    const SectionRows& rows);

}  // namespace virtscale::replay
