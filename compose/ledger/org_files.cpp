#include "compose/ledger/org_files.hpp"

#include <algorithm>
#include <bit>
#include <fstream>

namespace virtscale::ledger {
namespace {

namespace fs = std::filesystem;

std::string write_again(const fs::path& directory, std::string_view what) {
  return directory.string() + ": " + std::string(what) +
         ": remove the directory of ledgers and start again; it is written anew from the log";
}

std::string_view text_of(const std::vector<Digest>& hashes) {
  return {reinterpret_cast<const char*>(hashes.data()), hashes.size() * sizeof(Digest)};
}

}  // namespace

std::string OrgFiles::open() {
  const auto note = read_file(directory_ / "checkpoint");
  if (!note) return {};
  const auto parsed = parse_note(*note);
  const auto checkpoint = parsed ? parse_checkpoint(parsed->text) : std::nullopt;
  if (!checkpoint) return write_again(directory_, "its checkpoint is not one");
  auto fault = load_edge(checkpoint->tree.size);
  if (fault.empty() && range_.root() != checkpoint->tree.root)
    fault = write_again(directory_, "its tiles do not give the root of its checkpoint");
  if (fault.empty()) fault = find_end_of_lines();
  published_ = range_.size();
  return fault;
}

std::string OrgFiles::load_edge(std::uint64_t size) {
  TileReader tiles(directory_, size);
  std::vector<Digest> peaks;
  std::uint64_t begin = 0;
  for (auto rest = size; rest != 0;) {
    const auto width = std::bit_floor(rest);
    peaks.push_back(tiles(begin, begin + width));
    begin += width;
    rest -= width;
  }
  for (unsigned level = 0; level_size(level, size) != 0; ++level) {
    const auto hashes = level_size(level, size);
    edge_.push_back(hashes % tile_width == 0 ? Level() : tiles.hashes(level, hashes / tile_width));
  }
  if (size % tile_width != 0) tiles.bundle(size / tile_width);
  range_ = CompactRange(size, peaks);
  return tiles.fault().empty() ? std::string() : write_again(directory_, tiles.fault());
}

// What a crash left behind the lines of the checkpoint is cut off by the next flush.
std::string OrgFiles::find_end_of_lines() {
  std::ifstream file(directory_ / "lines.jsonl", std::ios::binary);
  std::vector<char> chunk(1 << 20);
  auto wanted = range_.size();
  while (wanted > 0) {
    file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    const auto end = chunk.begin() + file.gcount();
    if (file.gcount() == 0) return write_again(directory_, "lines.jsonl has fewer lines than the checkpoint");
    auto at = chunk.begin();
    for (; wanted > 0 && at != end; --wanted) {
      at = std::find(at, end, '\n');
      if (at == end) break;
      ++at;
    }
    lines_bytes_ += static_cast<std::uint64_t>((wanted > 0 ? end : at) - chunk.begin());
  }
  return {};
}

std::string OrgFiles::append(std::uint64_t index, std::string_view line, std::uint64_t offset) {
  const auto next = range_.size() + pending_.size();
  if (index < next) return {};
  if (index > next) {
    return write_again(directory_,
                       "line " + std::to_string(index) + " came where line " + std::to_string(next) + " was expected");
  }
  if (line.size() > entry_bytes_max || line.find('\n') != line.npos)
    return directory_.string() + ": line " + std::to_string(index) + " of the topic is not one line of an entry's size";
  pending_.push_back({offset, std::string(line)});
  return {};
}

void OrgFiles::publish(std::uint64_t size, std::string_view note) {
  if (size <= published_ || size > range_.size() + pending_.size()) return;
  published_ = size;
  note_ = note;
}

std::string OrgFiles::write(const std::vector<VerifierKey>& keys) {
  const auto old_size = range_.size();
  stale_.clear();
  new_lines_.clear();
  bundle_.clear();
  written_ = published_ / tile_width != old_size / tile_width ? Written::for_good : Written::for_now;
  TileReader tiles(directory_, old_size);
  if (old_size % tile_width != 0) bundle_ = tiles.bundle(old_size / tile_width);
  auto fault = tiles.fault();
  while (fault.empty() && range_.size() < published_) {
    fault = put_line(pending_.front().text);
    pending_.pop_front();
  }
  if (fault.empty()) fault = write_edge(old_size);
  if (fault.empty()) fault = write_tail(directory_ / "lines.jsonl", lines_bytes_, new_lines_);
  if (fault.empty()) fault = write_keys(keys);
  if (fault.empty()) lines_bytes_ += new_lines_.size();
  return fault;
}

std::string OrgFiles::finish() {
  auto fault = replace_file(directory_ / "checkpoint", note_);
  if (fault.empty()) remove_stale();
  return fault;
}

std::string OrgFiles::put_line(std::string_view line) {
  append_entry(bundle_, line);
  new_lines_ += line;
  new_lines_ += '\n';
  std::string fault;
  range_.append(leaf_hash(std::as_bytes(std::span(line.data(), line.size()))), [&](const MerkleNode& node) {
    if (fault.empty() && node.height % tile_height == 0) fault = put_node(node);
  });
  if (!fault.empty() || range_.size() % tile_width != 0) return fault;
  const Tile full{0, range_.size() / tile_width - 1};
  fault = replace_file(directory_ / entries_path(full), bundle_);
  stale_.push_back(directory_ / (entries_path(full) + ".p"));
  bundle_.clear();
  return fault;
}

std::string OrgFiles::put_node(const MerkleNode& node) {
  const auto level = node.height / tile_height;
  if (edge_.size() <= level) edge_.resize(level + 1);
  edge_[level].push_back(node.hash);
  if (edge_[level].size() < tile_width) return {};
  const Tile full{level, node.index / tile_width};
  auto fault = replace_file(directory_ / tile_path(full), text_of(edge_[level]));
  stale_.push_back(directory_ / (tile_path(full) + ".p"));
  edge_[level].clear();
  return fault;
}

std::string OrgFiles::write_edge(std::uint64_t old_size) {
  std::string fault;
  for (unsigned level = 0; fault.empty() && level < edge_.size(); ++level) {
    const auto now = level_size(level, range_.size());
    const auto before = level_size(level, old_size);
    if (edge_[level].empty() || now == before) continue;
    fault = replace_file(directory_ / tile_path({level, now / tile_width, now % tile_width}), text_of(edge_[level]));
    const bool same_tile = before / tile_width == now / tile_width && before % tile_width != 0;
    if (same_tile) stale_.push_back(directory_ / tile_path({level, before / tile_width, before % tile_width}));
  }
  if (!fault.empty() || bundle_.empty()) return fault;
  const auto size = range_.size();
  const bool same_bundle = old_size / tile_width == size / tile_width && old_size % tile_width != 0;
  if (same_bundle) stale_.push_back(directory_ / entries_path({0, old_size / tile_width, old_size % tile_width}));
  return replace_file(directory_ / entries_path({0, size / tile_width, size % tile_width}), bundle_);
}

std::string OrgFiles::write_keys(const std::vector<VerifierKey>& keys) {
  auto file = read_file(directory_ / "keys").value_or("");
  const auto known = file.size();
  const auto note = parse_note(note_);
  for (const auto& key : keys) {
    const auto signs = [&](const NoteSignature& s) { return s.name == key.name && s.key_id == key_id(key); };
    const auto vkey = to_vkey(key) + "\n";
    if (!note || std::none_of(note->signatures.begin(), note->signatures.end(), signs)) continue;
    if (file.find(vkey) == file.npos) file += vkey;
  }
  if (file.size() == known) return {};
  written_ = Written::for_good;
  return replace_file(directory_ / "keys", file);
}

void OrgFiles::remove_stale() const {
  std::error_code ignored;
  for (const auto& path : stale_) fs::remove_all(path, ignored);
}

}  // namespace virtscale::ledger
