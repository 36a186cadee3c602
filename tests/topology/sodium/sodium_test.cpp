// Key files as they are found on disks, and notes against C2SP's own example.
#include "topology/adapters/sodium/sodium.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "topology/host/temporary_directory.hpp"

namespace virtscale {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Keys : public testing::Test {
 protected:
  std::string refusal(const std::string& name) const {
    try {
      make_keyfile_signer(directory_, name);
    } catch (const KeyError& error) {
      return error.what();
    }
    return {};
  }

  static std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const TemporaryDirectory folder_;
  const fs::path& directory_ = folder_.path();
};

const std::string checkpoint = "virtscale/ledger/acme\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

TEST_F(Keys, SignWhatTheirPublicKeyVerifies) {
  const auto key = generate_key(directory_ / "keys", "policy-gate-2026-q1");
  const auto signer = make_keyfile_signer(directory_ / "keys", "policy-gate-2026-q1");
  EXPECT_EQ(signer->key_name(), "policy-gate-2026-q1");
  const auto note = signer->sign_note(checkpoint);
  EXPECT_EQ(note, signer->sign_note(checkpoint)) << "RFC 8032 signatures are deterministic";
  const auto verdict = check_note(note, std::vector{key});
  EXPECT_EQ(verdict.fault, "");
  EXPECT_EQ(verdict.text, checkpoint);
  EXPECT_EQ(verdict.signers, std::vector{key});
}

// One key in about two has a `+` in its base64, which is also what separates its parts.
TEST_F(Keys, AreReadBackWhateverTheirBytesAre) {
  for (int i = 0; i < 50; ++i) {
    const auto name = "key-" + std::to_string(i);
    generate_key(directory_, name);
    EXPECT_EQ(refusal(name), "");
  }
}

TEST_F(Keys, AreWrittenWithModesThatKeepTheSecret) {
  const auto key = generate_key(directory_, "a");
  EXPECT_EQ(fs::status(directory_ / "a.secret").permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(text_of(directory_ / "a.public"), to_vkey(key) + "\n");
}

TEST_F(Keys, ThatOthersMayReadAreRefusedWithTheRemedy) {
  generate_key(directory_, "a");
  for (const mode_t mode : {0640U, 0604U, 0660U, 0666U}) {
    ASSERT_EQ(chmod((directory_ / "a.secret").c_str(), mode), 0);
    EXPECT_THAT(refusal("a"), HasSubstr("chmod 600 " + (directory_ / "a.secret").string()));
  }
  ASSERT_EQ(chmod((directory_ / "a.secret").c_str(), 0400), 0);
  EXPECT_EQ(refusal("a"), "");
}

TEST_F(Keys, AreNeverReplaced) {
  const auto key = generate_key(directory_, "a");
  EXPECT_THROW(generate_key(directory_, "a"), KeyError);
  EXPECT_EQ(public_keys(directory_), std::vector{key});
}

TEST_F(Keys, StayKnownAfterARotation) {
  const auto first = generate_key(directory_, "q1");
  const auto old_note = make_keyfile_signer(directory_, "q1")->sign_note(checkpoint);
  const auto second = generate_key(directory_, "q2");
  fs::remove(directory_ / "q1.secret");
  EXPECT_EQ(public_keys(directory_), (std::vector{first, second}));
  EXPECT_EQ(check_note(old_note, public_keys(directory_)).fault, "");
  EXPECT_EQ(check_note(make_keyfile_signer(directory_, "q2")->sign_note(checkpoint), public_keys(directory_)).fault,
            "");
}

TEST_F(Keys, WithNamesThatLeaveTheDirectoryAreRefused) {
  for (const auto& name : {"../a", "a/b", "", ".a", "a b", "a+b"})
    EXPECT_THROW(generate_key(directory_, name), KeyError) << name;
  EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(Keys, ThatAreMissingDamagedOrOfAnotherPairAreRefusedWithoutTellingThem) {
  EXPECT_THAT(refusal("nobody"), HasSubstr("virtscale keys generate"));
  generate_key(directory_, "a");
  generate_key(directory_, "b");
  const auto secret = text_of(directory_ / "a.secret");
  fs::copy_file(directory_ / "b.secret", directory_ / "a.secret", fs::copy_options::overwrite_existing);
  EXPECT_THAT(refusal("a"), HasSubstr("a.secret"));
  std::ofstream(directory_ / "a.secret") << secret.substr(0, secret.size() - 5) << "\n";
  EXPECT_THAT(refusal("a"), HasSubstr("a.secret"));
  EXPECT_THAT(refusal("a"), testing::Not(HasSubstr(secret.substr(20, 20))));
  std::ofstream(directory_ / "a.secret") << secret;
  EXPECT_EQ(refusal("a"), "");
  fs::remove(directory_ / "a.public");
  generate_key(directory_ / "other", "a");
  fs::copy_file(directory_ / "other" / "a.public", directory_ / "a.public");
  EXPECT_THAT(refusal("a"), HasSubstr("a.public"));
}

// The example of C2SP signed-note.
TEST(SignedNoteCheck, AcceptsTheExampleOfC2sp) {
  const std::vector keys{*parse_vkey("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")};
  std::string note =
      "This is an example message.\n\n\xe2\x80\x94 example.com/foo "
      "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
  EXPECT_EQ(check_note(note, keys).fault, "");
  const auto unknown = note + "\xe2\x80\x94 somebody.else AAAAAAA=\n";
  EXPECT_EQ(check_note(unknown, keys).fault, "") << "signatures of unknown keys are ignored";
  EXPECT_THAT(check_note(note, {}).fault, HasSubstr("example.com/foo"));
  note[0] = 't';
  EXPECT_THAT(check_note(note, keys).fault, HasSubstr("does not hold"));
  EXPECT_THAT(check_note("nonsense", keys).fault, HasSubstr("not a signed note"));
}

}  // namespace
}  // namespace virtscale
