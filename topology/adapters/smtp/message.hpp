// A mail as bytes (RFC 5322), with what is not ASCII encoded (RFC 2045, 2047), since not every server takes 8 bits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "topology/contract/units.hpp"
#include "topology/ports/effects.hpp"

namespace virtscale {

/// An address, and a line of a header, are at most this long (RFC 5321, 4.5.3.1.3; RFC 5322, 2.1.1).
inline constexpr std::size_t mail_address_bytes_max = 254;
inline constexpr std::size_t mail_line_bytes_max = 998;

/// True for `local@domain` in printable ASCII without spaces, quotes, comments or brackets: what cannot be mistaken for
/// anything but an address in a header or an SMTP command.
bool is_mail_address(std::string_view address);

/// What is wrong with the order, and what to do; nothing if it can be sent. A control character in the recipient, the
/// subject or the id is refused: it would begin a header of its own.
std::optional<std::string> mail_fault(const MailOrder& order);

/// The message with lines that end in CRLF, dated `at` in UTC. REQUIRES: no `mail_fault`, `is_mail_address(from)`.
std::string mail_message(const MailOrder& order, std::string_view from, Instant at);

}  // namespace virtscale
