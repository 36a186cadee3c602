// Mail by SMTP on libcurl: one server, one sender, one thread that sends one mail after another.
//
// The one thing to know: whether a failure is final is what the server says. 5xx is final; 4xx, and a server that
// cannot be reached, is temporary.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "topology/contract/units.hpp"
#include "topology/ports/clock.hpp"
#include "topology/ports/effects.hpp"

namespace virtscale {

/// What has to be encrypted before a mail is said. `opportunistic` takes STARTTLS where it is offered.
enum class MailEncryption : std::uint8_t { none, opportunistic, required };

struct SmtpOptions {
  std::string url;   ///< smtp://host:port or smtps://host:port
  std::string from;  ///< the sender's address
  std::string user{};
  std::string password_file{};  ///< its first line is the password; mode 0600
  MailEncryption encryption = MailEncryption::opportunistic;
  Duration timeout = seconds(10);  ///< of one mail, from connecting to the server's last answer
};

/// Mails that wait for their turn. While there are more, the oldest fail, temporarily.
inline constexpr std::size_t mails_waiting_max = 1'000;

/// `clock` dates the mails and must outlive what is made. A mail that waits when it is destroyed fails temporarily.
/// Throws std::runtime_error with the option that is wrong and what to do; the password never leaves.
std::unique_ptr<Mail> make_smtp_mail(const SmtpOptions& options, const Clock& clock);

}  // namespace virtscale
