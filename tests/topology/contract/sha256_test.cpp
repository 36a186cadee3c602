// Our SHA-256 against NIST's vectors and OpenSSL's, with and without the processor's instructions.
#include "topology/contract/sha256.hpp"

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <string>

#include "tests/topology/contract/bytes_of.hpp"

namespace virtscale {
namespace {

using test::bytes_of;

std::string hex(const Digest& digest) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const auto byte : digest) {
    text += digits[std::to_integer<unsigned>(byte) >> 4];
    text += digits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

Digest of_openssl(std::string_view text) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::string sample(std::size_t size) {
  std::string text;
  std::uint32_t state = 12345;
  for (; text.size() < size; state = state * 1664525 + 1013904223) text += static_cast<char>(state >> 24);
  return text;
}

class Sha256Engines : public testing::TestWithParam<Sha256Engine> {
 protected:
  static Digest digest(std::string_view text) {
    Sha256 hash(GetParam());
    hash.update(bytes_of(text));
    return hash.finish();
  }
};

TEST_P(Sha256Engines, GivesTheDigestsOfNistsExamples) {
  EXPECT_EQ(hex(digest("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(digest("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex(digest(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_P(Sha256Engines, AgreesWithOpenSslAtEveryLengthAroundABlock) {
  for (std::size_t size = 0; size < 300; ++size) {
    const auto text = sample(size);
    ASSERT_EQ(digest(text), of_openssl(text)) << size;
  }
}

TEST_P(Sha256Engines, DoesNotCareHowTheMessageIsCut) {
  const auto text = sample(1000);
  for (std::size_t piece : {1, 3, 63, 64, 65, 127, 128, 999}) {
    Sha256 hash(GetParam());
    for (std::size_t at = 0; at < text.size(); at += piece)
      hash.update(bytes_of(text).subspan(at, std::min(piece, text.size() - at)));
    ASSERT_EQ(hash.finish(), of_openssl(text)) << piece;
  }
}

TEST_P(Sha256Engines, SideBySideGivesWhatEachAloneGives) {
  const auto text = sample(700);
  const auto bytes = bytes_of(text);
  for (std::size_t begun : {0, 1, 63, 64, 65}) {
    for (std::size_t size = 0; size < 300; size += 7) {
      Sha256 longer(GetParam());
      Sha256 shorter(GetParam());
      longer.update(bytes.first(begun));
      shorter.update(bytes.first(1));
      Sha256::update_both(longer, bytes.subspan(begun), shorter, bytes.subspan(1, size));
      ASSERT_EQ(longer.finish(), of_openssl(text)) << begun << ' ' << size;
      ASSERT_EQ(shorter.finish(), of_openssl(text.substr(0, 1 + size))) << begun << ' ' << size;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Both, Sha256Engines, testing::Values(Sha256Engine::fastest, Sha256Engine::portable));

}  // namespace
}  // namespace virtscale
