#include "compose/ledger/verify.hpp"

#include <algorithm>
#include <fstream>
#include <optional>
#include <utility>

#include "compose/ledger/canonical.hpp"
#include "compose/ledger/files.hpp"
#include "topology/adapters/sodium/sodium.hpp"

namespace virtscale::ledger {
namespace {

namespace fs = std::filesystem;

// A ledger that grows faster than it can be read this often is verified from an export.
constexpr int readings_max = 10;

Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string name_of_line(std::uint64_t index) {
  return "line " + std::to_string(index);
}

/// The lines of `lines.jsonl`, one after another, a part of the file in sight.
class Lines {
 public:
  explicit Lines(const fs::path& path) : file_(path, std::ios::binary) {}

  /// Goes behind the line at hand if it is `entry`.
  bool take(std::string_view entry) {
    if (rest().size() <= entry.size()) fill();
    if (rest().size() <= entry.size() || rest()[entry.size()] != '\n' || !rest().starts_with(entry)) return false;
    at_ += entry.size() + 1;
    return true;
  }
  /// The line at hand, without its newline, until the next call; nothing at the end. Of a line that is longer than any
  /// may be its beginning.
  std::optional<std::string_view> line() {
    auto end = rest().find('\n');
    if (end == std::string_view::npos) {
      fill();
      end = rest().find('\n');
    }
    if (end != std::string_view::npos) return rest().substr(0, end);
    // A last line without a newline is not a line: it is cut.
    if (rest().size() < part_bytes) return std::nullopt;
    return rest();
  }
  void advance() {
    if (const auto passed = line()) at_ = std::min(at_ + passed->size() + 1, part_.size());
  }

 private:
  static constexpr std::size_t part_bytes = 256U << 10U;
  static_assert(part_bytes > 2 * entry_bytes_max);

  std::string_view rest() const { return std::string_view(part_).substr(at_); }
  void fill() {
    part_.erase(0, std::exchange(at_, 0));
    const auto kept = part_.size();
    part_.resize(part_bytes);
    file_.read(part_.data() + kept, static_cast<std::streamsize>(part_bytes - kept));
    part_.resize(kept + static_cast<std::size_t>(file_.gcount()));
  }

  std::ifstream file_;
  std::string part_;
  std::size_t at_ = 0;  // of `part_`
};

class Verification {
 public:
  Verification(const fs::path& directory, std::span<const VerifierKey> keys)
      : directory_(directory), keys_(keys), lines_(directory / "lines.jsonl") {}

  LedgerReport run() {
    const auto note = read_file(directory_ / "checkpoint");
    if (!note) {
      fault("checkpoint", "it is missing or cannot be read");
      return std::move(report_);
    }
    auto checked = check_checkpoint(*note, keys_, "checkpoint");
    report_.checkpoint = checked.checkpoint;
    report_.signers = checked.signers;
    report_.faults = checked.faults;
    if (!checked.checkpoint.origin.empty()) check_tree();
    return std::move(report_);
  }

 private:
  bool full() const { return report_.faults.size() >= faults_max; }
  void fault(std::string where, std::string what) {
    if (!full()) report_.faults.push_back({std::move(where), std::move(what)});
  }

  std::uint64_t size() const { return report_.checkpoint.tree.size; }

  void check_tree() {
    const auto& origin = report_.checkpoint.origin;
    org_ = origin.substr(origin.rfind('/') + 1);
    tiles_.emplace(directory_, size());
    for (std::uint64_t number = 0; width_of(0, number, size()) != 0 && !full() && tiles_->fault().empty(); ++number)
      check_bundle(number);
    if (!tiles_->fault().empty()) fault("tiles", tiles_->fault());
    check_rest_of_lines();
    const bool whole = report_.lines == size();
    if (whole && range_.root() != report_.checkpoint.tree.root && report_.faults.empty())
      fault("checkpoint",
            "the lines and tiles agree, but their root is not the one that was signed: they were all changed together");
  }

  void check_bundle(std::uint64_t number) {
    const auto bundle = tiles_->bundle(number);
    const auto recorded = tiles_->hashes(0, number);
    const auto entries = entries_of(bundle);
    if (!entries || entries->size() != recorded.size() || recorded.empty()) return;
    const auto leaves = leaves_of(*entries);
    for (std::size_t i = 0; i < entries->size() && !full(); ++i) {
      const auto entry = (*entries)[i];
      check_entry(entry, leaves[i], recorded[i]);
      if (!lines_.take(entry)) {
        check_text(entry);
        lines_.advance();
      }
      ++report_.lines;
    }
  }

  static std::vector<Digest> leaves_of(std::span<const std::string_view> entries) {
    std::vector<Bytes> bytes(entries.size());
    std::ranges::transform(entries, bytes.begin(), bytes_of);
    return leaf_hashes(bytes);
  }

  void check_entry(std::string_view entry, const Digest& leaf, const Digest& recorded) {
    const auto index = report_.lines;
    const auto scanned = scanner_.scan(entry);
    const auto wrong = [&](std::string what) {
      fault("entry " + std::to_string(index) + " in tile/entries", std::move(what));
    };
    if (leaf != recorded) wrong("it was changed: tile/0 has another hash for it");
    if (!scanned.fault.empty()) wrong("it is not canonical JSON: " + scanned.fault);
    if (scanned.fault.empty() && scanned.head.index != index) wrong("it says that it is " + said_index(scanned));
    if (scanned.fault.empty() && scanned.head.org != org_) wrong("it belongs to another org than the checkpoint");
    range_.append(leaf, [&](const MerkleNode& node) { check_node(node); });
  }

  // Tiles above level 0 are checked when their nodes are complete; level 0 is checked entry by entry.
  void check_node(const MerkleNode& node) {
    if (node.height == 0 || node.height % tile_height != 0) return;
    const auto level = node.height / tile_height;
    const auto number = node.index / tile_width;
    if (upper_.size() < level) upper_.resize(level);
    auto& upper = upper_[level - 1];
    if (upper.number != number || upper.hashes.empty()) upper = {number, tiles_->hashes(level, number)};
    if (upper.hashes.empty() || upper.hashes[node.index % tile_width] == node.hash) return;
    fault(tile_path({level, number, width_of(level, number, size())}),
          "hash " + std::to_string(node.index % tile_width) + " was changed, or entries below it");
  }

  static std::string said_index(const ScannedLine& scanned) {
    return scanned.head.index ? name_of_line(*scanned.head.index) : "no line at all";
  }

  // The same line in `lines.jsonl`.
  void check_text(std::string_view entry) {
    const auto line = lines_.line();
    if (!line || *line == entry || lines_out_of_step_) return;
    const auto where = "lines.jsonl " + name_of_line(report_.lines);
    const auto scanned = scan_line(*line);
    if (scanned.fault.empty() && scanned.head.index && *scanned.head.index != report_.lines) {
      // One fault for all lines behind it: they are out of step.
      lines_out_of_step_ = true;
      fault(where, "lines were removed, added or reordered: " + name_of_line(*scanned.head.index) + " stands here");
      return;
    }
    fault(where, scanned.fault.empty() ? "it was changed: it is not the entry that was signed"
                                       : "it was changed: it is not canonical JSON: " + scanned.fault);
    lines_out_of_step_ = !scanned.fault.empty();
  }

  void check_rest_of_lines() {
    if (full() || !tiles_->fault().empty()) return;
    if (lines_.line()) {
      if (!lines_out_of_step_)
        fault("lines.jsonl " + name_of_line(report_.lines), "it was added: the checkpoint does not cover it");
      return;
    }
    std::uint64_t there = 0;
    for (Lines lines(directory_ / "lines.jsonl"); lines.line(); lines.advance()) ++there;
    if (there < size() && !lines_out_of_step_)
      fault("lines.jsonl " + name_of_line(there), "it and all behind it were removed");
  }

  struct Upper {
    std::uint64_t number = 0;
    std::vector<Digest> hashes;
  };

  fs::path directory_;
  std::span<const VerifierKey> keys_;
  Lines lines_;
  std::optional<TileReader> tiles_;
  std::string org_;
  LineScanner scanner_;
  CompactRange range_;
  std::vector<Upper> upper_;
  bool lines_out_of_step_ = false;
  LedgerReport report_;
};

}  // namespace

std::string to_string(const LedgerFault& fault) {
  return fault.where + ": " + fault.what;
}

CheckedCheckpoint check_checkpoint(std::string_view note, std::span<const VerifierKey> keys, const std::string& where) {
  CheckedCheckpoint checked;
  auto verdict = check_note(note, keys);
  const auto parsed = parse_note(note);
  const auto checkpoint = parsed ? parse_checkpoint(parsed->text) : std::nullopt;
  if (checkpoint) checked.checkpoint = *checkpoint;
  if (verdict.fault.empty() && !checkpoint) verdict.fault = "it is a signed note, but not a checkpoint";
  if (!verdict.fault.empty()) checked.faults.push_back({where, verdict.fault});
  for (const auto& signer : verdict.signers) checked.signers.push_back(signer.name);
  return checked;
}

LedgerReport verify_ledger(const fs::path& directory, std::span<const VerifierKey> keys) {
  for (int reading = 1;; ++reading) {
    const auto before = read_file(directory / "checkpoint");
    auto report = Verification(directory, keys).run();
    if (report.is_sound() || reading == readings_max || read_file(directory / "checkpoint") == before) return report;
  }
}

}  // namespace virtscale::ledger
