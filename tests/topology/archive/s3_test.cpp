// What only an archive in S3 can show: signatures, retries, pages, and words for what goes wrong.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "tests/topology/archive/s3_server.hpp"
#include "topology/adapters/s3/answers.hpp"

namespace virtscale {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

template <class Run>
std::string error_of(Run run) {
  try {
    run();
  } catch (const ArchiveError& error) {
    return error.what();
  }
  return "no error";
}

class S3ArchiveTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto& absence = test::s3_server().absence();
    if (absence.empty()) return;
    ASSERT_EQ(std::getenv("CI"), nullptr) << "CI needs the server of S3: " << absence;
    GTEST_SKIP() << "no server of S3 on this machine: " << absence;
  }
  std::filesystem::path file_of(const std::string& text) {
    std::ofstream(directory.path() / "in") << text;
    return directory.path() / "in";
  }
  TemporaryDirectory directory;
};

TEST_F(S3ArchiveTest, AWrongSecretIsRefusedAndNeverSaid) {
  const auto archive = make_s3_archive(test::s3_server().options("x", "test-key", "not-the-secret"));
  const auto error = error_of([&] { archive->put("a", file_of("x")); });
  EXPECT_THAT(error, AllOf(HasSubstr("SignatureDoesNotMatch"), HasSubstr("http://127.0.0.1:"), HasSubstr("cold"),
                           HasSubstr("correct the secret"), Not(HasSubstr("not-the-secret"))));
}

TEST_F(S3ArchiveTest, AnUnknownKeyIdIsRefused) {
  const auto archive = make_s3_archive(test::s3_server().options("x", "nobody"));
  EXPECT_THAT(error_of([&] { archive->list(""); }), HasSubstr("InvalidAccessKeyId"));
}

TEST_F(S3ArchiveTest, AMissingBucketIsNoMissingObject) {
  auto options = test::s3_server().options("x");
  options.bucket = "none";
  const auto archive = make_s3_archive(options);
  EXPECT_THAT(error_of([&] { archive->get("a", directory.path() / "out"); }),
              AllOf(HasSubstr("NoSuchBucket"), HasSubstr("make the bucket")));
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "out"));
}

TEST_F(S3ArchiveTest, ListsMoreThanOnePage) {
  const auto archive = make_s3_archive(test::s3_server().options("pages"));
  const auto file = file_of("x");
  for (int i = 0; i < 1'005; ++i) archive->put("n/" + std::to_string(10'000 + i), file);
  const auto names = archive->list("n/");
  ASSERT_THAT(names, testing::SizeIs(1'005));
  EXPECT_EQ(names.front(), "n/10000");
  EXPECT_EQ(names.back(), "n/11004");
}

TEST_F(S3ArchiveTest, PrefixesKeepArchivesOfOneBucketApart) {
  const auto one = make_s3_archive(test::s3_server().options("apart/one"));
  const auto other = make_s3_archive(test::s3_server().options("apart/other"));
  one->put("a", file_of("x"));
  EXPECT_THAT(one->list(""), ElementsAre("a"));
  EXPECT_THAT(other->list(""), ElementsAre());
}

// A server that answers as it was told, once a connection, and then is up for good or gone.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::string> answers) : answers_(std::move(answers)) {
    fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(fd_, 8), 0);
    socklen_t size = sizeof at;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port = ntohs(at.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~ScriptedServer() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  int port = 0;
  std::atomic<int> served = 0;

 private:
  void serve() {
    for (const auto& answer : answers_) {
      const int to = ::accept(fd_, nullptr, nullptr);
      if (to < 0) return;
      char request[4096];
      if (::read(to, request, sizeof request) > 0) (void)!::write(to, answer.data(), answer.size());
      ::shutdown(to, SHUT_WR);
      while (::read(to, request, sizeof request) > 0) {
      }
      ::close(to);
      ++served;
    }
  }
  std::vector<std::string> answers_;
  int fd_ = -1;
  std::thread thread_;
};

S3ArchiveOptions options_for(int port, const TemporaryDirectory& directory) {
  return {.endpoint = "http://127.0.0.1:" + std::to_string(port),
          .bucket = "cold",
          .credentials_file = test::write_private(directory.path() / "credentials",
                                                  "aws_access_key_id=k\naws_secret_access_key=hush\n"),
          .attempts = 3,
          .pause = milliseconds(1)};
}

const std::string busy = "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

TEST(S3Archive, TriesAgainWhatFailsInPassing) {
  const TemporaryDirectory directory;
  const std::string cut = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhalf";
  const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfull";
  const ScriptedServer server({busy, cut, whole});
  const auto archive = make_s3_archive(options_for(server.port, directory));
  EXPECT_TRUE(archive->get("a", directory.path() / "out"));
  EXPECT_EQ(std::filesystem::file_size(directory.path() / "out"), 4u) << "nothing of the half that came before";
}

TEST(S3Archive, GivesUpAfterItsAttemptsAndLeavesNoFile) {
  const TemporaryDirectory directory;
  const ScriptedServer server({busy, busy, busy, busy});
  const auto archive = make_s3_archive(options_for(server.port, directory));
  EXPECT_THAT(error_of([&] { archive->get("a", directory.path() / "out"); }),
              AllOf(HasSubstr("503"), HasSubstr("after 3 attempts")));
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "out"));
  EXPECT_LE(server.served, 3);
}

TEST(S3Archive, AServerThatIsDownIsNamed) {
  const TemporaryDirectory directory;
  int port = 0;
  { port = ScriptedServer({}).port; }
  const auto archive = make_s3_archive(options_for(port, directory));
  EXPECT_THAT(error_of([&] { archive->list("a/"); }),
              AllOf(HasSubstr("http://127.0.0.1:" + std::to_string(port)), HasSubstr("after 3 attempts"),
                    HasSubstr("check that the server runs"), Not(HasSubstr("hush"))));
}

TEST(S3Archive, AListingThatIsNoneIsAnError) {
  const TemporaryDirectory directory;
  const ScriptedServer server({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"});
  const auto archive = make_s3_archive(options_for(server.port, directory));
  EXPECT_THAT(error_of([&] { archive->list(""); }), HasSubstr("no listing"));
}

TEST(S3Archive, AnAnswerWithoutEndIsCutOff) {
  const TemporaryDirectory directory;
  const ScriptedServer server({"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n" +
                               std::string(s3::answer_bytes_max + 1'000'000, 'x')});
  const auto archive = make_s3_archive(options_for(server.port, directory));
  EXPECT_THAT(error_of([&] { archive->list(""); }), HasSubstr("longer than"));
}

TEST(S3Archive, OptionsThatAreWrongAreNamedAtOnce) {
  const TemporaryDirectory directory;
  const auto with = [&](auto change) {
    auto options = options_for(1, directory);
    change(options);
    return error_of([&] { make_s3_archive(options); });
  };
  EXPECT_THAT(with([](auto& o) { o.endpoint = "ftp://x"; }), HasSubstr("write http://"));
  EXPECT_THAT(with([](auto& o) { o.endpoint = "http://me:hush@x"; }),
              AllOf(HasSubstr("endpoint"), Not(HasSubstr("hush"))));
  EXPECT_THAT(with([](auto& o) { o.bucket = "a/b"; }), HasSubstr("'a/b' is no name of a bucket"));
  EXPECT_THAT(with([](auto& o) { o.prefix = "../x"; }), HasSubstr("'../x' is no prefix"));
  EXPECT_THAT(with([](auto& o) { o.credentials_file = "none"; }), HasSubstr("none: there is no such file"));
}

TEST(S3Credentials, AreReadAsTheToolsOfAwsWriteThem) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "file";
  const auto error = [&](const std::string& text) {
    test::write_private(file, text);
    auto options = options_for(1, directory);
    options.credentials_file = file;
    return error_of([&] { make_s3_archive(options); });
  };
  EXPECT_EQ(error("# mine\n[other]\nregion=x\n[default]\r\naws_access_key_id = k\naws_secret_access_key = a=b\n"),
            "no error");
  EXPECT_THAT(error("[default]\naws_access_key_id = k\n"), HasSubstr("is missing"));
  EXPECT_THAT(error("aws_access_key_id = k\nhush hush\n"), AllOf(HasSubstr("line 2"), Not(HasSubstr("hush"))));
  EXPECT_THAT(error("aws_session_token = hush\n"), AllOf(HasSubstr("line 1"), Not(HasSubstr("hush"))));
  EXPECT_THAT(error(std::string(20'000, '#')), HasSubstr("too long"));
}

TEST(S3Credentials, ThatOthersMayReadAreRefused) {
  const TemporaryDirectory directory;
  const auto options = options_for(1, directory);
  std::filesystem::permissions(options.credentials_file, std::filesystem::perms::group_read,
                               std::filesystem::perm_options::add);
  EXPECT_THAT(error_of([&] { make_s3_archive(options); }), HasSubstr("chmod 0600"));
}

TEST(S3Answers, ReadPagesAndNothingElse) {
  const auto page = s3::read_page(
      "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b&lt;</NextContinuationToken>"
      "<Contents><Key>x</Key><Size>1</Size></Contents><Contents><Key>y</Key></Contents></ListBucketResult>");
  ASSERT_TRUE(page);
  EXPECT_THAT(page->keys, ElementsAre("x", "y"));
  EXPECT_EQ(page->next, "a&b<");
  EXPECT_FALSE(s3::read_page(""));
  EXPECT_FALSE(s3::read_page("<ListBucketResult><IsTruncated>false</IsTruncated>")) << "cut off";
  EXPECT_FALSE(s3::read_page("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>")) << "no token";
  EXPECT_FALSE(
      s3::read_page("<ListBucketResult><IsTruncated>false</IsTruncated><Contents></Contents></ListBucketResult>"));
  EXPECT_FALSE(
      s3::read_page("<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>a<Contents><Key>x</Key>"
                    "</Contents><Key></NextContinuationToken></ListBucketResult>"))
      << "a token holds no elements";
}

TEST(S3Answers, ACodeIsAWordOrNothing) {
  EXPECT_EQ(s3::error_code("<Error><Code>NoSuchKey</Code></Error>"), "NoSuchKey");
  EXPECT_EQ(s3::error_code("<Error><Code>\x1b[31m</Code></Error>"), "");
  EXPECT_EQ(s3::error_code("<Code>" + std::string(1'000, 'a') + "</Code>"), "");
  EXPECT_EQ(s3::error_code("<Code>"), "");
}

TEST(S3Answers, QueriesAreEncodedAsSignaturesWantIt) {
  EXPECT_EQ(s3::encoded("a/b c~d-e_f.g+\xc3\xa4"), "a%2Fb%20c~d-e_f.g%2B%C3%A4");
}

}  // namespace
}  // namespace virtscale
