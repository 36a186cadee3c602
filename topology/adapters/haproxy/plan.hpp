// What to do next with one server, from what HAProxy shows of it: the sequence that drops no connection.
//
// In:  add (it starts in maintenance) → enable health, drain (it is checked, without traffic) → first check passed →
//      ready. Never by the keyword `enabled` of `add server`: in HAProxy 2.6 it spoils the sum of the backend's
//      weights, and the whole backend goes down when the server leaves. Nor by `enable server` before the check: it is
//      UP at once.
// Out: drain → no connection and nothing queued → maintenance → delete, again while pooled connections are left.
//
// The one thing to know: another process may be at the same server (one that was taken over from and does not know it
// yet), so a command may find the world ahead of the look it was planned from. Each is chosen to do no harm then: only
// who has added a server takes it out of maintenance, and what is in maintenance is deleted and nothing else, which
// HAProxy refuses for a server that is not.
#pragma once

#include <string>
#include <string_view>

#include "topology/adapters/haproxy/stat.hpp"
#include "topology/ports/effects.hpp"

namespace virtscale::haproxy {

/// HAProxy's own bound for names is higher; ours are names of services and domains.
inline constexpr std::size_t name_bytes_max = 200;

/// What is to become of a server.
enum class Aim { in, out };

struct Plan {
  Aim aim = Aim::in;
  std::string backend;
  std::string server;
  DomainAddress target{};  ///< of `in`
  std::string options{};   ///< of `add server`, such as `check inter 200ms`
};

/// What comes next: a command to send, or one of the two below.
struct Next {
  enum class Kind { send, wait, done };
  Kind kind = Kind::wait;
  std::string command{};
  std::string then{};       ///< of `send`: a second command, once HAProxy has taken the first
  std::string waits_for{};  ///< of `wait`: for the message when time is up
};

/// `row` is null if the backend has no such server.
Next next_of(const Plan& plan, const StatRow* row);

/// What is wrong with the names and the address of a plan, for people; empty if nothing. What passes cannot smuggle a
/// command into HAProxy's.
std::string fault_of(const Plan& plan);

/// How HAProxy took a command.
struct Verdict {
  enum class Kind { taken, again, refused };
  Kind kind = Kind::taken;
  Failure failure{};  ///< of `refused`
};
/// `again`: look again, the world has moved, or connections are left.
Verdict verdict_of(const Plan& plan, std::string_view reply);

/// Why a backend cannot be shown.
Failure unknown_backend(const std::string& backend);

/// `127.0.0.1:80` or `[::1]:80`, as HAProxy prints it.
std::string address_of(const DomainAddress& target);

}  // namespace virtscale::haproxy
