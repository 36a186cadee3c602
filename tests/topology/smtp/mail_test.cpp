#include "topology/adapters/smtp/mail.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <future>
#include <optional>

namespace virtscale {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct FixedClock final : Clock {
  Instant now() const override { return {1776737640122000}; }
};

/// The server of sink.py, as long as this lives.
class Sink {
 public:
  Sink() {
    int in[2];
    int out[2];
    EXPECT_EQ(pipe(in), 0);
    EXPECT_EQ(pipe(out), 0);
    child_ = fork();
    if (child_ == 0) {
      dup2(in[0], 0);
      dup2(out[1], 1);
      for (const auto end : {in[0], in[1], out[0], out[1]}) close(end);
      // Debian's own, whatever stands first in PATH: it is the one that has aiosmtpd.
      execl("/usr/bin/python3", "python3", "tests/topology/smtp/sink.py", nullptr);
      _exit(127);
    }
    close(in[0]);
    close(out[1]);
    input_ = in[1];
    output_ = fdopen(out[0], "r");
  }
  ~Sink() {
    close(input_);
    fclose(output_);
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }

  std::string line() {
    char text[65536] = {};
    return fgets(text, sizeof text, output_) ? text : "";
  }

 private:
  pid_t child_ = -1;
  int input_ = -1;
  FILE* output_ = nullptr;
};

class SmtpMailTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    sink_ = new Sink;
    port_ = std::stoi(sink_->line());
  }
  static void TearDownTestSuite() { delete sink_; }

  static SmtpOptions options() {
    return {.url = "smtp://127.0.0.1:" + std::to_string(port_), .from = "virtscale@vs.example", .timeout = seconds(5)};
  }

  std::optional<Failure> send(const SmtpOptions& with, const MailOrder& order) {
    const auto mail = make_smtp_mail(with, clock_);
    std::promise<std::optional<Failure>> end;
    mail->send(order, [&](const Failure* failure) { end.set_value(failure ? std::optional(*failure) : std::nullopt); });
    return end.get_future().get();
  }

  static inline Sink* sink_ = nullptr;
  static inline int port_ = 0;
  FixedClock clock_;
};

MailOrder order_to(std::string to) {
  return {"vs-1", std::move(to), "Scale of web refused", "First line\n.\n..a line that begins with a dot\n"};
}

TEST_F(SmtpMailTest, DeliversTheMailAsItIs) {
  const auto failure = send(options(), order_to("owner@acme.example"));
  ASSERT_FALSE(failure) << failure->reason;
  EXPECT_THAT(sink_->line(),
              AllOf(HasSubstr(R"("from": "virtscale@vs.example", "to": ["owner@acme.example"])"),
                    HasSubstr(R"(Message-ID: <vs-1@vs.example>\r\n)"), HasSubstr("Date: Tue, 21 Apr 2026 02:14:00"),
                    HasSubstr(R"(\r\n\r\nFirst line\r\n.\r\n..a line that begins with a dot\r\n")")));
}

TEST_F(SmtpMailTest, SendsOneAfterAnotherOverOneThread) {
  const auto mail = make_smtp_mail(options(), clock_);
  std::promise<void> last;
  for (int i = 0; i < 10; ++i) {
    mail->send(order_to("o" + std::to_string(i) + "@acme.example"), [&last, i](const Failure* failure) {
      EXPECT_EQ(failure, nullptr);
      if (i == 9) last.set_value();
    });
  }
  last.get_future().get();
  for (int i = 0; i < 10; ++i) EXPECT_THAT(sink_->line(), HasSubstr("o" + std::to_string(i) + "@acme.example"));
}

TEST_F(SmtpMailTest, TriesAgainWhatTheServerPutOff) {
  const auto failure = send(options(), order_to("full@acme.example"));
  ASSERT_TRUE(failure);
  EXPECT_TRUE(failure->temporary);
  EXPECT_THAT(failure->reason, AllOf(HasSubstr("451"), HasSubstr(options().url)));
}

TEST_F(SmtpMailTest, GivesUpWhatTheServerRefused) {
  const auto failure = send(options(), order_to("nobody@acme.example"));
  ASSERT_TRUE(failure);
  EXPECT_FALSE(failure->temporary);
  EXPECT_THAT(failure->reason, HasSubstr("550"));
}

TEST_F(SmtpMailTest, TriesAgainWhenNobodyListens) {
  auto nowhere = options();
  nowhere.url = "smtp://127.0.0.1:1";
  const auto failure = send(nowhere, order_to("owner@acme.example"));
  ASSERT_TRUE(failure);
  EXPECT_TRUE(failure->temporary);
}

TEST_F(SmtpMailTest, DoesNotWaitForAServerThatDoesNotAnswer) {
  auto hasty = options();
  hasty.timeout = milliseconds(300);
  const auto failure = send(hasty, order_to("slow@acme.example"));
  ASSERT_TRUE(failure);
  EXPECT_TRUE(failure->temporary);
}

TEST_F(SmtpMailTest, NeverSaysWithoutEncryptionWhatMustBeEncrypted) {
  auto strict = options();
  strict.encryption = MailEncryption::required;
  const auto failure = send(strict, order_to("owner@acme.example"));
  ASSERT_TRUE(failure);
  EXPECT_TRUE(failure->temporary);
}

TEST_F(SmtpMailTest, RefusesAnOrderThatWouldForgeHeaders) {
  auto forged = order_to("owner@acme.example");
  forged.subject = "x\r\nBcc: all@acme.example";
  const auto failure = send(options(), forged);
  ASSERT_TRUE(failure);
  EXPECT_FALSE(failure->temporary);
}

TEST_F(SmtpMailTest, EndsWhileAServerKeepsItWaiting) {
  std::promise<bool> end;
  const auto begun = std::chrono::steady_clock::now();
  {
    auto patient = options();
    patient.timeout = seconds(60);
    const auto mail = make_smtp_mail(patient, clock_);
    mail->send(order_to("slow@acme.example"), [&](const Failure* failure) { end.set_value(failure != nullptr); });
    usleep(100'000);
  }
  EXPECT_TRUE(end.get_future().get());
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(3));
}

TEST_F(SmtpMailTest, SaysWhichOptionIsWrongAndNeverThePassword) {
  const auto message_of = [&](const SmtpOptions& wrong) -> std::string {
    try {
      make_smtp_mail(wrong, clock_);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no error";
  };
  std::string file = testing::TempDir() + "virtscale-mail-password";
  std::ofstream(file) << "hunter2\n";
  chmod(file.c_str(), 0644);
  auto wide = options();
  wide.user = "vs";
  EXPECT_THAT(message_of(wide), HasSubstr("needs encryption"));
  wide.encryption = MailEncryption::required;
  wide.password_file = file;
  EXPECT_THAT(message_of(wide), AllOf(HasSubstr("chmod 0600 " + file), testing::Not(HasSubstr("hunter2"))));
  chmod(file.c_str(), 0600);
  EXPECT_EQ(message_of(wide), "no error");
  unlink(file.c_str());
  EXPECT_THAT(message_of({.url = "http://x", .from = "a@b"}), HasSubstr("smtp://HOST:PORT"));
  EXPECT_THAT(message_of({.url = "smtp://x", .from = "nobody"}), HasSubstr("nobody"));
}

}  // namespace
}  // namespace virtscale
