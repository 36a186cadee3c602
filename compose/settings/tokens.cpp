#include "compose/settings/tokens.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace virtscale {
namespace {

constexpr std::size_t token_bytes = 32;
constexpr std::size_t hash_bytes = 32;
using Hash = std::array<unsigned char, hash_bytes>;

void start_sodium() {
  if (sodium_init() < 0)
    throw std::runtime_error("libsodium cannot start: no source of random bytes; check /dev/urandom");
}

Hash hash_of(std::string_view token) {
  Hash hash{};
  unsigned size = 0;
  if (EVP_Digest(token.data(), token.size(), hash.data(), &size, EVP_sha256(), nullptr) != 1 || size != hash_bytes) {
    throw std::runtime_error("OpenSSL has no SHA-256; check its configuration");
  }
  return hash;
}

struct Entry {
  std::string org;
  Hash hash{};
};

Entry entry_of(const TokenSetting& token) {
  Entry entry{token.org};
  std::size_t size = 0;
  const char* end = nullptr;
  sodium_hex2bin(entry.hash.data(), entry.hash.size(), token.sha256.data(), token.sha256.size(), nullptr, &size, &end);
  if (size != hash_bytes || end != token.sha256.data() + token.sha256.size()) {
    throw std::runtime_error("the hash of a token is not 64 hexadecimal digits; write the SHA-256 of the token");
  }
  return entry;
}

class HashedTokens final : public Authorizer {
 public:
  explicit HashedTokens(const std::vector<TokenSetting>& tokens) {
    for (const auto& token : tokens) entries_.push_back(entry_of(token));
  }

  Access check(std::string_view token, std::string_view org) const override {
    const auto hash = hash_of(token);
    auto access = Access::unknown;
    for (const auto& entry : entries_) {
      const auto is_equal = sodium_memcmp(hash.data(), entry.hash.data(), hash.size()) == 0;
      // Every entry is looked at, also after the one that fits: the time tells nothing.
      if (is_equal) access = std::max(access, opened(entry, org));
    }
    return access;
  }

 private:
  static Access opened(const Entry& entry, std::string_view org) {
    if (entry.org.empty()) return Access::operator_;
    return entry.org == org ? Access::org : Access::none;
  }

  std::vector<Entry> entries_;
};

}  // namespace

std::string generate_token() {
  start_sodium();
  std::array<unsigned char, token_bytes> random{};
  randombytes_buf(random.data(), random.size());
  std::array<char, sodium_base64_ENCODED_LEN(token_bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING)> text{};
  sodium_bin2base64(text.data(), text.size(), random.data(), random.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  return std::string("vs_") + text.data();
}

std::string hash_of_token(std::string_view token) {
  const auto hash = hash_of(token);
  std::array<char, 2 * hash_bytes + 1> text{};
  sodium_bin2hex(text.data(), text.size(), hash.data(), hash.size());
  return text.data();
}

std::unique_ptr<Authorizer> make_authorizer(const std::vector<TokenSetting>& tokens) {
  return std::make_unique<HashedTokens>(tokens);
}

}  // namespace virtscale
