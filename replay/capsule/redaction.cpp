#include "replay/capsule/redaction.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <random>

#include "topology/adapters/sodium/sodium.hpp"
#include "topology/contract/blake2b.hpp"

namespace virtscale::replay {
namespace {

constexpr const char* signing_key = "redacted-capsule";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
// Of the local part and the domain of a mail address, as far as they are written without quotes (RFC 5322, 3.4.1).
bool is_of_mail(char c) {
  return is_alphanumeric(c) || std::string_view("._%+-=!#$&'*/?^`{|}~").find(c) != std::string_view::npos;
}
bool is_of_domain(char c) {
  return is_alphanumeric(c) || c == '.' || c == '-';
}
bool is_of_address(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '.' || c == ':';
}

struct Found {
  std::size_t at = 0;
  std::size_t size = 0;
  std::string_view prefix;
};

// The mail address around the `@` at `at`.
std::optional<Found> mail_around(std::string_view text, std::size_t at) {
  auto begin = at;
  while (begin > 0 && is_of_mail(text[begin - 1])) --begin;
  auto end = at + 1;
  while (end < text.size() && is_of_domain(text[end])) ++end;
  while (end > at + 1 && !is_alphanumeric(text[end - 1])) --end;
  if (begin == at || end == at + 1) return std::nullopt;
  return Found{begin, end - begin, "mail-"};
}

bool is_address(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> name{};
  std::array<std::byte, 16> address{};
  if (text.size() >= name.size()) return false;
  std::ranges::copy(text, name.begin());
  return ::inet_pton(AF_INET, name.data(), address.data()) == 1 ||
         ::inet_pton(AF_INET6, name.data(), address.data()) == 1;
}

// The run of characters that begins at `at`: an address, or one with a port behind it.
std::optional<Found> address_at(std::string_view text, std::size_t at) {
  if (at > 0 && (is_alphanumeric(text[at - 1]) || text[at - 1] == '_')) return std::nullopt;
  auto end = at;
  while (end < text.size() && is_of_address(text[end])) ++end;
  if (end < text.size() && is_alphanumeric(text[end])) return std::nullopt;
  while (end > at && (text[end - 1] == '.' || text[end - 1] == ':') && !is_address(text.substr(at, end - at))) --end;
  if (is_address(text.substr(at, end - at))) return Found{at, end - at, "ip-"};
  const auto colon = text.find(':', at);
  if (colon == std::string_view::npos || colon >= end || !is_address(text.substr(at, colon - at))) return std::nullopt;
  return Found{at, colon - at, "ip-"};
}

}  // namespace

Redaction::Redaction() {
  std::random_device draw;
  for (auto& byte : key_) byte = static_cast<std::byte>(draw());
  generate_key(keys_.path(), signing_key);
  signer_ = make_keyfile_signer(keys_.path(), signing_key);
}

Redaction::~Redaction() = default;

void Redaction::redact(std::span<std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto replace = [&](const Found& found) {
    const auto& pseudonym = pseudonym_of(std::string(text.substr(found.at, found.size)), found.prefix);
    std::memcpy(bytes.data() + found.at, pseudonym.data(), found.size);
    return found.at + found.size;
  };
  // Mail first: a mail address may have an address behind its `@`.
  for (auto at = text.find('@'); at != text.npos; at = text.find('@', at + 1)) {
    if (const auto mail = mail_around(text, at)) replace(*mail);
  }
  for (std::size_t at = 0; at < text.size();) {
    const bool begins = is_of_address(text[at]) && (at == 0 || !is_of_address(text[at - 1]));
    const auto address = begins ? address_at(text, at) : std::nullopt;
    at = address ? replace(*address) : at + 1;
  }
}

const std::string& Redaction::pseudonym_of(const std::string& text, std::string_view prefix) {
  constexpr std::string_view letters = "abcdefghijkmnpqrstuvwxyz23456789";
  if (const auto known = pseudonyms_.find(text); known != pseudonyms_.end()) return known->second;
  // Short ones may meet: then a number is hashed with the text.
  for (std::uint32_t turn = 0;; ++turn) {
    const auto salted = text + '\0' + std::to_string(turn);
    std::vector<std::byte> keyed(key_.begin(), key_.end());
    const auto bytes = std::as_bytes(std::span(salted));
    keyed.insert(keyed.end(), bytes.begin(), bytes.end());
    std::string pseudonym(text.size() > prefix.size() + 3 ? prefix : "");
    for (auto digest = blake2b_256(keyed); pseudonym.size() < text.size(); digest = blake2b_256(digest)) {
      for (const auto byte : digest) pseudonym += letters[std::to_integer<std::size_t>(byte) % letters.size()];
    }
    pseudonym.resize(text.size());
    if (taken_.insert(pseudonym).second) return pseudonyms_[text] = pseudonym;
  }
}

std::string Redaction::sign(const Checkpoint& checkpoint) const {
  return signer_->sign_note(checkpoint_text(checkpoint));
}

std::string Redaction::key_name() const {
  return signing_key;
}

const std::filesystem::path& Redaction::keys() const {
  return keys_.path();
}

}  // namespace virtscale::replay
