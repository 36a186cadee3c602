#include "topology/adapters/smtp/message.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>

namespace virtscale {
namespace {

// RFC 2047, 2: an encoded word is at most 75 characters; 45 bytes are 60 of base64, and "=?UTF-8?B?" "?=" are 12.
constexpr std::size_t encoded_word_bytes_max = 45;
// RFC 2045, 6.8: lines of base64 are at most 76 characters, 57 bytes.
constexpr std::size_t encoded_line_bytes_max = 57;
constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string base64(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto at = [&](std::size_t k) -> std::uint32_t {
      return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0;
    };
    const auto group = at(0) << 16 | at(1) << 8 | at(2);
    const auto used = std::min<std::size_t>(bytes.size() - i, 3) + 1;
    for (std::size_t k = 0; k < 4; ++k) text.push_back(k < used ? base64_digits[group >> (18 - 6 * k) & 63] : '=');
  }
  return text;
}

/// The length of the longest beginning of `text` of at most `bytes_max` that does not cut a UTF-8 character.
std::size_t whole_characters(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text.size();
  auto end = bytes_max;
  while (end > 1 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return end;
}

std::string header_text(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  std::string words;
  while (!text.empty()) {
    const auto size = whole_characters(text, encoded_word_bytes_max);
    words.append(words.empty() ? "" : "\r\n ").append("=?UTF-8?B?").append(base64(text.substr(0, size))).append("?=");
    text.remove_prefix(size);
  }
  return words;
}

std::string with_crlf(std::string_view text) {
  std::string lines;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    lines.append(text[i] == '\n' || text[i] == '\r' ? "\r\n" : std::string(1, text[i]));
  }
  if (!lines.ends_with("\r\n")) lines.append("\r\n");
  return lines;
}

bool has_long_line(std::string_view text) {
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find("\r\n", begin), text.size());
    if (end - begin > mail_line_bytes_max) return true;
    begin = end + 2;
  }
  return false;
}

std::string in_lines(std::string_view bytes) {
  std::string lines;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), encoded_line_bytes_max))) {
    lines.append(base64(bytes.substr(0, encoded_line_bytes_max))).append("\r\n");
  }
  return lines;
}

std::string mail_date(Instant at) {
  static constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t time = at.us / 1'000'000;
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %d %02d:%02d:%02d +0000", days[parts.tm_wday], parts.tm_mday,
                months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return text.data();
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
}

}  // namespace

bool is_mail_address(std::string_view address) {
  const auto at = address.find('@');
  if (address.size() > mail_address_bytes_max || at == 0 || at == std::string_view::npos) return false;
  if (at + 1 == address.size() || address.find('@', at + 1) != std::string_view::npos) return false;
  return std::all_of(address.begin(), address.end(), [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("()<>[]:;\\,\"").find(c) == std::string_view::npos;
  });
}

std::optional<std::string> mail_fault(const MailOrder& order) {
  if (!is_mail_address(order.to)) return "the recipient is not a mail address; correct `owner` in the contract";
  if (has_control(order.subject) || order.subject.size() > mail_line_bytes_max - 9) {
    return "the subject has a line break or another control character, or is too long; send it on one short line";
  }
  if (has_control(order.message_id) || order.message_id.find_first_of("<> ") != std::string::npos) {
    return "the message id has a space, a bracket or a control character; send it without";
  }
  return std::nullopt;
}

std::string mail_message(const MailOrder& order, std::string_view from, Instant at) {
  const auto domain = from.substr(from.find('@'));
  auto id = order.message_id;
  if (id.find('@') == std::string::npos) id.append(domain);
  const auto text = with_crlf(order.text);
  const auto is_plain = is_ascii(text) && !has_long_line(text);
  std::string message;
  message.append("Date: ").append(mail_date(at)).append("\r\n");
  message.append("Message-ID: <").append(id).append(">\r\n");
  message.append("From: ").append(from).append("\r\n");
  message.append("To: ").append(order.to).append("\r\n");
  message.append("Subject: ").append(header_text(order.subject)).append("\r\n");
  message.append("Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n");
  message.append("Content-Transfer-Encoding: ").append(is_plain ? "7bit" : "base64").append("\r\n\r\n");
  return message.append(is_plain ? text : in_lines(text));
}

}  // namespace virtscale
