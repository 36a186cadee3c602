// The mailbox: what the owners of contracts have got, by message id, as a receiver can tell copies apart.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "tests/simulation/engine/virtual_time.hpp"
#include "topology/ports/effects.hpp"

namespace virtscale::simulation {

struct Received {
  MailOrder mail;
  Instant first;
  std::uint32_t copies = 0;
};

class Mailbox {
 public:
  explicit Mailbox(VirtualTime& time) : time_(time) {}

  /// Takes the mail; a failure if no mail is taken now.
  std::optional<Failure> take(const MailOrder& mail) {
    if (time_.now() < down_until_) return Failure{"the mail server does not answer"};
    auto& received = received_[mail.message_id];
    if (received.copies++ == 0) {
      received.mail = mail;
      received.first = time_.now();
      if (on_mail) on_mail(received);
    }
    return std::nullopt;
  }
  void down_until(Instant until) { down_until_ = until; }
  const std::map<std::string, Received>& received() const { return received_; }

  /// Told of each mail that is no copy.
  std::function<void(const Received&)> on_mail;

 private:
  VirtualTime& time_;
  Instant down_until_;
  std::map<std::string, Received> received_;
};

}  // namespace virtscale::simulation
