#include "compose/ledger/proof.hpp"

#include <charconv>
#include <fstream>

#include "compose/ledger/canonical.hpp"
#include "compose/ledger/files.hpp"

namespace virtscale::ledger {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view proof_header = "c2sp.org/tlog-proof@v1";
constexpr std::string_view line_prefix = "extra ";
constexpr std::size_t proof_hashes_max = 64;
constexpr std::size_t proof_bytes_max = note_bytes_max + 8'192;

struct ParsedProof {
  std::uint64_t index = 0;
  std::vector<Digest> hashes;
  std::string_view checkpoint;
};

std::optional<std::string_view> next_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == text.npos) return std::nullopt;
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<std::uint64_t> parse_index(std::string_view line) {
  constexpr std::string_view prefix = "index ";
  if (!line.starts_with(prefix)) return std::nullopt;
  line.remove_prefix(prefix.size());
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), index);
  if (error != std::errc{} || std::to_string(index) != line) return std::nullopt;
  return index;
}

std::optional<ParsedProof> parse_proof(std::string_view text) {
  if (text.size() > proof_bytes_max || next_line(text) != proof_header) return std::nullopt;
  auto line = next_line(text);
  if (line && line->starts_with(line_prefix)) line = next_line(text);
  const auto index = line ? parse_index(*line) : std::nullopt;
  if (!index) return std::nullopt;
  ParsedProof proof{*index, {}, {}};
  for (line = next_line(text); line && !line->empty(); line = next_line(text)) {
    const auto hash = digest_from_base64(*line);
    if (!hash || proof.hashes.size() == proof_hashes_max) return std::nullopt;
    proof.hashes.push_back(*hash);
  }
  if (!line) return std::nullopt;
  proof.checkpoint = text;
  return proof;
}

std::string proof_text(std::uint64_t index, std::span<const Digest> hashes, std::string_view checkpoint) {
  auto text = std::string(proof_header) + "\nindex " + std::to_string(index) + "\n";
  for (const auto& hash : hashes) text += base64(hash) + "\n";
  return text + "\n" + std::string(checkpoint);
}

std::optional<Checkpoint> checkpoint_in(std::string_view note) {
  const auto parsed = parse_note(note);
  return parsed ? parse_checkpoint(parsed->text) : std::nullopt;
}

/// The lines of `event` among the first `size`, with their indices.
std::vector<LineProof> lines_of(const fs::path& directory, std::string_view event, std::uint64_t size) {
  std::vector<LineProof> found;
  std::ifstream file(directory / "lines.jsonl", std::ios::binary);
  std::string line;
  for (std::uint64_t index = 0; index < size && std::getline(file, line); ++index) {
    // The event's name is looked for before the line is read, since few lines hold it.
    if (line.find(event) != line.npos && scan_line(line).head.event == event) found.push_back({index, line, {}});
  }
  return found;
}

std::vector<LedgerFault> faults_of_pair(const CheckedCheckpoint& newer, const CheckedCheckpoint& older) {
  auto faults = newer.faults;
  faults.insert(faults.end(), older.faults.begin(), older.faults.end());
  if (faults.empty() && newer.checkpoint.origin != older.checkpoint.origin)
    faults.push_back({"older checkpoint", "it is of another ledger: " + older.checkpoint.origin});
  if (faults.empty() && older.checkpoint.tree.size > newer.checkpoint.tree.size)
    faults.push_back({"checkpoint", "it covers fewer lines than the older one: lines were removed"});
  return faults;
}

LedgerFault rewritten(std::uint64_t size) {
  return {"checkpoint", "the first " + std::to_string(size) + " lines are not those that the older checkpoint covers"};
}

}  // namespace

EventProofs prove_event(const fs::path& directory, std::string_view event) {
  const auto note = read_file(directory / "checkpoint");
  const auto checkpoint = note ? checkpoint_in(*note) : std::nullopt;
  if (!checkpoint) return {{}, {{"checkpoint", "it is missing or malformed"}}};
  const auto size = checkpoint->tree.size;
  EventProofs proved{lines_of(directory, event, size), {}};
  TileReader tiles(directory, size);
  for (auto& proof : proved.proofs)
    proof.text = proof_text(proof.index, inclusion_proof(tiles, proof.index, size), *note);
  if (!tiles.fault().empty()) return {{}, {{"tiles", tiles.fault()}}};
  if (proved.proofs.empty())
    proved.faults.push_back({"lines.jsonl", "no line that the checkpoint covers is of " + std::string(event)});
  return proved;
}

std::string with_line(const LineProof& proof) {
  const auto end = proof.text.find('\n') + 1;
  return proof.text.substr(0, end) + std::string(line_prefix) + base64(std::as_bytes(std::span(proof.line))) + "\n" +
         proof.text.substr(end);
}

std::optional<std::string> line_in(std::string_view proof) {
  const auto begin = proof.find('\n') + 1;
  const auto text = proof.substr(begin, proof.find('\n', begin) - begin);
  if (!text.starts_with(line_prefix)) return {};
  const auto bytes = from_base64(text.substr(line_prefix.size()));
  if (!bytes) return {};
  return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

CheckedProof check_proof(std::string_view text, std::string_view line, std::span<const VerifierKey> keys) {
  const auto proof = parse_proof(text);
  if (!proof) return {0, {}, {}, {{"proof", "this is not a proof (C2SP tlog-proof)"}}};
  auto signed_by = check_checkpoint(proof->checkpoint, keys, "checkpoint in the proof");
  CheckedProof checked{proof->index, signed_by.checkpoint, signed_by.signers, signed_by.faults};
  const auto where = "line " + std::to_string(proof->index);
  const auto leaf = leaf_hash(std::as_bytes(std::span(line.data(), line.size())));
  const auto scanned = scan_line(line);
  if (!scanned.fault.empty()) checked.faults.push_back({where, "it is not canonical JSON: " + scanned.fault});
  if (scanned.head.index && *scanned.head.index != proof->index)
    checked.faults.push_back(
        {where, "this is the proof of another line: the line given is " + std::to_string(*scanned.head.index)});
  const auto& tree = checked.checkpoint.tree;
  if (!includes(proof->index, tree.size, leaf, proof->hashes, tree.root))
    checked.faults.push_back({where, "the proof does not lead from this line to the root of the checkpoint"});
  return checked;
}

std::vector<LedgerFault> check_consistency(std::string_view newer, std::string_view older,
                                           std::span<const Digest> proof, std::span<const VerifierKey> keys) {
  const auto now = check_checkpoint(newer, keys, "newer checkpoint");
  const auto before = check_checkpoint(older, keys, "older checkpoint");
  auto faults = faults_of_pair(now, before);
  if (faults.empty() && !extends(now.checkpoint.tree, before.checkpoint.tree, proof))
    faults.push_back(rewritten(before.checkpoint.tree.size));
  return faults;
}

std::vector<LedgerFault> extends_older(const fs::path& directory, std::string_view older_checkpoint,
                                       std::span<const VerifierKey> keys) {
  const auto note = read_file(directory / "checkpoint");
  if (!note) return {{"checkpoint", "it is missing or cannot be read"}};
  const auto now = check_checkpoint(*note, keys, "checkpoint");
  const auto before = check_checkpoint(older_checkpoint, keys, "older checkpoint");
  auto faults = faults_of_pair(now, before);
  const auto [size, older] = std::pair(now.checkpoint.tree.size, before.checkpoint.tree.size);
  if (!faults.empty()) return faults;
  TileReader tiles(directory, size);
  std::vector<Digest> proof;
  if (older > 0 && older < size) proof = consistency_proof(tiles, older, size);
  if (!tiles.fault().empty()) return {{"tiles", tiles.fault()}};
  if (!extends(now.checkpoint.tree, before.checkpoint.tree, proof)) return {rewritten(older)};
  return {};
}

}  // namespace virtscale::ledger
