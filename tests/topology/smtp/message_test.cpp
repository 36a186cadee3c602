#include "topology/adapters/smtp/message.hpp"

#include <gmock/gmock.h>

namespace virtscale {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const MailOrder order{"m1", "owner@acme.example", "Scale of web refused", "110 of 110 vCPU\nare in use.\n"};

TEST(MailMessage, IsDatedNamedAndPlain) {
  EXPECT_EQ(mail_message(order, "virtscale@vs.example", {1776737640122000}),
            "Date: Tue, 21 Apr 2026 02:14:00 +0000\r\n"
            "Message-ID: <m1@vs.example>\r\n"
            "From: virtscale@vs.example\r\n"
            "To: owner@acme.example\r\n"
            "Subject: Scale of web refused\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: 7bit\r\n"
            "\r\n"
            "110 of 110 vCPU\r\nare in use.\r\n");
}

TEST(MailMessage, EncodesWhatIsNotAscii) {
  auto foreign = order;
  foreign.subject = "Skalierung für „web“ abgelehnt: über dem Vertrag, und dies ist eine lange Zeile äöüß";
  foreign.text = "Über dem Rahmen";
  const auto message = mail_message(foreign, "virtscale@vs.example", {0});
  EXPECT_THAT(
      message,
      AllOf(
          HasSubstr("Subject: =?UTF-8?B?U2thbGllcnVuZyBmw7xyIOKAnndlYuKAnCBhYmdlbGVobnQ6IMO8YmVyIGRl?=\r\n =?UTF-8?B?"),
          HasSubstr("\r\n =?UTF-8?B?w7zDnw==?=\r\n"),
          HasSubstr("Content-Transfer-Encoding: base64\r\n\r\nw5xiZXIgZGVtIFJhaG1lbg0K\r\n"),
          StartsWith("Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n")));
  for (std::size_t begin = 0; begin < message.size(); begin = message.find("\r\n", begin) + 2) {
    EXPECT_LE(message.find("\r\n", begin) - begin, 85u);
  }
}

TEST(MailMessage, FoldsLinesThatServersWouldRefuse) {
  auto wide = order;
  wide.text = std::string(2'000, 'x');
  EXPECT_THAT(mail_message(wide, "a@b.example", {0}), AllOf(HasSubstr("base64"), Not(HasSubstr("xxxx"))));
}

TEST(MailMessage, EndsEveryLineOnceWhateverItEndedWith) {
  auto mixed = order;
  mixed.text = "a\r\nb\nc\rd";
  EXPECT_THAT(mail_message(mixed, "a@b.example", {0}), EndsWith("\r\n\r\na\r\nb\r\nc\r\nd\r\n"));
}

TEST(MailFault, RefusesWhatWouldBeginAHeaderOfItsOwn) {
  EXPECT_FALSE(mail_fault(order));
  auto bad = order;
  bad.subject = "hello\r\nBcc: all@example.org";
  EXPECT_TRUE(mail_fault(bad));
  bad = order;
  bad.to = "a@b.example>\r\nRCPT TO:<c@d.example";
  EXPECT_TRUE(mail_fault(bad));
  bad = order;
  bad.message_id = "x>\nBcc: y";
  EXPECT_TRUE(mail_fault(bad));
  bad = order;
  bad.subject = std::string(2'000, 's');
  EXPECT_TRUE(mail_fault(bad));
}

TEST(MailAddress, IsOneAddressAndNothingElse) {
  EXPECT_TRUE(is_mail_address("owner+vs@acme-tickets.example"));
  for (const auto* bad : {"", "a", "@b", "a@", "a@b@c", "a b@c", "Name <a@b>", "a@b,c@d", "\"a\"@b", "a@b\n"}) {
    EXPECT_FALSE(is_mail_address(bad)) << bad;
  }
  EXPECT_FALSE(is_mail_address(std::string(300, 'a') + "@b.example"));
}

}  // namespace
}  // namespace virtscale
