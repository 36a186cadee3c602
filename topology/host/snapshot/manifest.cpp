#include "topology/host/snapshot/manifest.hpp"

#include <algorithm>
#include <charconv>

#include "topology/ports/archive.hpp"

namespace virtscale {
namespace {

constexpr std::string_view digits = "0123456789abcdef";
constexpr std::size_t name_bytes_max = 128;  // of a log, a stage, a key hash

std::string hexadecimal(std::uint64_t number) {
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += digits[number >> shift & 15U];
  return text;
}

bool is_name(std::string_view text, std::size_t bytes_max) {
  return text.size() <= bytes_max && text.find('/') == text.npos && is_archive_name(text);
}

/// Reads a text from its beginning to its end, and says where it is not as it should be.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  void expect(std::string_view literal) {
    if (!try_take(literal)) refuse("'" + std::string(literal) + "'");
  }

  bool try_take(std::string_view literal) {
    if (!text_.substr(at_).starts_with(literal)) return false;
    at_ += literal.size();
    return true;
  }

  template <class Integer>
  Integer number() {
    Integer value{};
    const auto* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    // "007" and "-0" are other ways of writing a number.
    if (error != std::errc() || std::to_string(value) != std::string_view(begin, end)) refuse("a number in its range");
    at_ += static_cast<std::size_t>(end - begin);
    return value;
  }

  std::string name(std::size_t bytes_max) {
    const auto found = text_.substr(at_, text_.substr(at_, bytes_max + 1).find('"'));
    if (!is_name(found, bytes_max)) refuse("a name");
    at_ += found.size();
    return std::string(found);
  }

  /// `count` digits.
  std::string_view hexadecimal_text(std::size_t count) {
    const auto found = text_.substr(at_, count);
    if (found.size() < count || found.find_first_not_of(digits) != found.npos) refuse("hexadecimal digits");
    at_ += count;
    return found;
  }

  void expect_end() const {
    if (at_ != text_.size()) refuse("nothing more");
  }

 private:
  [[noreturn]] void refuse(const std::string& expected) const {
    throw SnapshotError("the manifest is damaged at byte " + std::to_string(at_) + ": " + expected +
                        " should stand there");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Digest read_digest(Reader& reader) {
  const auto text = reader.hexadecimal_text(64);
  Digest digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::byte>(digits.find(text[2 * i]) << 4U | digits.find(text[2 * i + 1]));
  }
  return digest;
}

LogLayout read_layout(Reader& reader) {
  LogLayout layout;
  reader.expect(R"({"format":)");
  layout.format = reader.number<std::uint32_t>();
  reader.expect(R"(,"key_hash":")");
  layout.key_hash = reader.name(name_bytes_max);
  reader.expect(R"(","partitions":[)");
  for (auto& partitions : layout.partitions) {
    if (&partitions != layout.partitions.data()) reader.expect(",");
    partitions = reader.number<std::uint32_t>();
  }
  reader.expect("]}");
  return layout;
}

std::vector<SnapshotFile> read_files(Reader& reader) {
  std::vector<SnapshotFile> files;
  reader.expect("[");
  while (files.size() < snapshot_files_max && reader.try_take(files.empty() ? "\n{\"name\":\"" : ",\n{\"name\":\"")) {
    SnapshotFile file;
    file.name = reader.name(snapshot_file_name_bytes_max);
    reader.expect(R"(","bytes":)");
    file.bytes = reader.number<std::uint64_t>();
    reader.expect(R"(,"sha256":")");
    file.digest = read_digest(reader);
    reader.expect("\"}");
    files.push_back(std::move(file));
  }
  reader.expect("]");
  return files;
}

std::string print_layout(const LogLayout& layout) {
  std::string text =
      "{\"format\":" + std::to_string(layout.format) + ",\"key_hash\":\"" + layout.key_hash + "\",\"partitions\":[";
  for (const auto& partitions : layout.partitions) {
    if (&partitions != layout.partitions.data()) text += ",";
    text += std::to_string(partitions);
  }
  return text + "]}";
}

}  // namespace

std::string hexadecimal(const Digest& digest) {
  std::string text;
  for (const auto byte : digest) {
    text += {digits[std::to_integer<unsigned>(byte) >> 4U], digits[std::to_integer<unsigned>(byte) & 15U]};
  }
  return text;
}

std::string print_manifest(const SnapshotManifest& manifest) {
  const auto& owner = manifest.owner;
  std::string text = "{\"snapshot\":1,\n\"log\":\"" + owner.log + "\",\n\"layout\":" + print_layout(owner.layout) +
                     ",\n\"stage\":\"" + owner.stage + "\",\n\"partition\":" + std::to_string(owner.partition) +
                     ",\n\"epoch\":" + std::to_string(manifest.at.epoch) +
                     ",\n\"folded\":" + std::to_string(manifest.at.folded) + ",\n\"digest\":\"" +
                     hexadecimal(manifest.at.digest) +
                     "\",\n\"stream_time_us\":" + std::to_string(manifest.at.stream_time.us) + ",\n\"files\":[";
  for (const auto& file : manifest.files) {
    if (&file != manifest.files.data()) text += ",";
    text += "\n{\"name\":\"" + file.name + "\",\"bytes\":" + std::to_string(file.bytes) + ",\"sha256\":\"" +
            hexadecimal(file.digest) + "\"}";
  }
  return text + "]}\n";
}

SnapshotManifest read_manifest(std::string_view text) {
  Reader reader(text);
  SnapshotManifest manifest;
  reader.expect("{\"snapshot\":1,\n\"log\":\"");
  manifest.owner.log = reader.name(name_bytes_max);
  reader.expect("\",\n\"layout\":");
  manifest.owner.layout = read_layout(reader);
  reader.expect(",\n\"stage\":\"");
  manifest.owner.stage = reader.name(name_bytes_max);
  reader.expect("\",\n\"partition\":");
  manifest.owner.partition = reader.number<std::uint32_t>();
  reader.expect(",\n\"epoch\":");
  manifest.at.epoch = reader.number<std::uint32_t>();
  reader.expect(",\n\"folded\":");
  manifest.at.folded = reader.number<std::uint64_t>();
  reader.expect(",\n\"digest\":\"");
  const auto digest = reader.hexadecimal_text(16);
  std::from_chars(digest.data(), digest.data() + digest.size(), manifest.at.digest, 16);
  reader.expect("\",\n\"stream_time_us\":");
  manifest.at.stream_time.us = reader.number<std::int64_t>();
  reader.expect(",\n\"files\":");
  manifest.files = read_files(reader);
  reader.expect("}\n");
  reader.expect_end();
  return manifest;
}

}  // namespace virtscale
