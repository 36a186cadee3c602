#include "topology/contract/note.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace virtscale {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view dash = "\xe2\x80\x94 ";  // U+2014 and a space
constexpr std::size_t key_name_bytes_max = 128;
constexpr std::size_t key_id_digits = 8;

Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// Cuts `text` off behind the first `end` and returns what stood before it; nothing if there is none.
std::optional<std::string_view> cut(std::string_view& text, char end) {
  const auto at = text.find(end);
  if (at == text.npos) return std::nullopt;
  const auto before = text.substr(0, at);
  text.remove_prefix(at + 1);
  return before;
}

std::uint32_t big_endian(Bytes bytes) {
  std::uint32_t value = 0;
  for (const auto byte : bytes.first(4)) value = value << 8 | std::to_integer<std::uint32_t>(byte);
  return value;
}

bool is_hexadecimal(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == text.npos;
}

std::optional<NoteSignature> parse_signature(std::string_view line) {
  if (!line.starts_with(dash)) return std::nullopt;
  line.remove_prefix(dash.size());
  const auto name = cut(line, ' ');
  if (!name || name->empty() || name->find('+') != name->npos) return std::nullopt;
  const auto blob = from_base64(line);
  if (!blob || blob->size() <= 4) return std::nullopt;
  return NoteSignature{std::string(*name), big_endian(*blob), {blob->begin() + 4, blob->end()}};
}

// A note's text may hold blank lines: the signatures begin behind the last one.
std::size_t end_of_text(std::string_view note) {
  const auto blank = note.rfind("\n\n");
  return blank == note.npos ? 0 : blank + 1;
}

bool has_control_characters(std::string_view note) {
  return std::any_of(note.begin(), note.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; });
}

std::optional<std::uint64_t> parse_size(std::string_view digits) {
  if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return size;
}

}  // namespace

std::string base64(Bytes bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (at + i < bytes.size() ? std::to_integer<std::uint32_t>(bytes[at + i]) : 0);
    for (std::size_t i = 0; i < 4; ++i) text += at + i <= bytes.size() ? alphabet[(group >> (18 - 6 * i)) & 63] : '=';
  }
  return text;
}

std::optional<std::vector<std::byte>> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const auto digits = text.substr(0, text.find('='));
  if (text.size() - digits.size() > 2 || text.substr(digits.size()).find_first_not_of('=') != text.npos)
    return std::nullopt;
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  unsigned bits = 0;
  for (const char digit : digits) {
    const auto value = alphabet.find(digit);
    if (value == alphabet.npos) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<std::byte>(group >> bits));
  }
  // Bits that no byte uses must be zero, or two texts would stand for the same bytes.
  if ((group & ((1U << bits) - 1)) != 0) return std::nullopt;
  return bytes;
}

std::optional<Digest> digest_from_base64(std::string_view text) {
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() != sizeof(Digest)) return std::nullopt;
  Digest digest;
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

bool is_key_name(std::string_view name) {
  if (name.empty() || name.size() > key_name_bytes_max) return false;
  return name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/") == name.npos;
}

std::uint32_t key_id(const VerifierKey& key) {
  constexpr std::byte separator{0x0a};
  Sha256 hash;
  hash.update(bytes_of(key.name));
  hash.update({&separator, 1});
  hash.update({&ed25519_type, 1});
  hash.update(key.key);
  return big_endian(hash.finish());
}

std::string to_vkey(const VerifierKey& key) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text = key.name + "+";
  const auto id = key_id(key);
  for (int shift = 28; shift >= 0; shift -= 4) text += digits[(id >> shift) & 15];
  std::array<std::byte, 33> typed{ed25519_type};
  std::copy(key.key.begin(), key.key.end(), typed.begin() + 1);
  return text + "+" + base64(typed);
}

std::optional<VerifierKey> parse_vkey(std::string_view text) {
  const auto name = cut(text, '+');
  if (!name || !is_key_name(*name)) return std::nullopt;
  const auto id = cut(text, '+');
  if (!id || id->size() != key_id_digits || !is_hexadecimal(*id)) return std::nullopt;
  const auto typed = from_base64(text);
  if (!typed || typed->size() != 33 || typed->front() != ed25519_type) return std::nullopt;
  VerifierKey key{std::string(*name), {}};
  std::copy(typed->begin() + 1, typed->end(), key.key.begin());
  std::uint32_t said = 0;
  std::from_chars(id->data(), id->data() + id->size(), said, 16);
  if (said != key_id(key)) return std::nullopt;
  return key;
}

std::string signature_line(const VerifierKey& key, Bytes signature) {
  std::vector<std::byte> blob;
  const auto id = key_id(key);
  for (int shift = 24; shift >= 0; shift -= 8) blob.push_back(static_cast<std::byte>(id >> shift));
  blob.insert(blob.end(), signature.begin(), signature.end());
  return std::string(dash) + key.name + " " + base64(blob) + "\n";
}

std::optional<SignedNote> parse_note(std::string_view note) {
  if (note.size() > note_bytes_max || !note.ends_with('\n') || has_control_characters(note)) return std::nullopt;
  const auto end = end_of_text(note);
  if (end == 0) return std::nullopt;
  SignedNote parsed{std::string(note.substr(0, end)), {}};
  auto lines = note.substr(end + 1);
  while (const auto line = cut(lines, '\n')) {
    auto signature = parse_signature(*line);
    if (!signature || parsed.signatures.size() == note_signatures_max) return std::nullopt;
    parsed.signatures.push_back(std::move(*signature));
  }
  if (parsed.signatures.empty()) return std::nullopt;
  return parsed;
}

std::string checkpoint_text(const Checkpoint& checkpoint) {
  return checkpoint.origin + "\n" + std::to_string(checkpoint.tree.size) + "\n" + base64(checkpoint.tree.root) + "\n";
}

std::optional<Checkpoint> parse_checkpoint(std::string_view text) {
  const auto origin = cut(text, '\n');
  const auto size = cut(text, '\n');
  const auto root = cut(text, '\n');
  if (!root || origin->empty()) return std::nullopt;
  const auto leaves = parse_size(*size);
  const auto hash = digest_from_base64(*root);
  if (!leaves || !hash) return std::nullopt;
  return Checkpoint{std::string(*origin), {*leaves, *hash}};
}

}  // namespace virtscale
