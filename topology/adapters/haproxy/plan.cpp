#include "topology/adapters/haproxy/plan.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>

namespace virtscale::haproxy {
namespace {

std::string name_of(const Plan& plan) {
  return plan.backend + "/" + plan.server;
}

Next send(std::string command) {
  return {.kind = Next::Kind::send, .command = std::move(command)};
}

Next wait_for(std::string what) {
  return {.kind = Next::Kind::wait, .waits_for = std::move(what)};
}

Next state_of(const Plan& plan, std::string_view state) {
  return send("set server " + name_of(plan) + " state " + std::string(state));
}

Next removal(const Plan& plan) {
  return send("set server " + name_of(plan) + " state maint; del server " + name_of(plan));
}

Next deletion(const Plan& plan) {
  return send("del server " + name_of(plan));
}

Next addition(const Plan& plan) {
  const auto name = name_of(plan);
  return {.kind = Next::Kind::send,
          .command = "add server " + name + " " + address_of(plan.target) + " " + plan.options,
          .then = "enable health " + name + "; set server " + name + " state drain"};
}

Next next_out(const Plan& plan, const StatRow* row) {
  if (row == nullptr) return {.kind = Next::Kind::done};
  // Whoever is down gets nothing new, and maintenance keeps it so.
  if (row->idle() && row->in_maintenance()) return deletion(plan);
  if (row->idle() && !row->takes_traffic()) return removal(plan);
  if (row->in_maintenance() || row->drains())
    return wait_for(std::to_string(row->sessions) + " connections and " + std::to_string(row->queued) +
                    " queued requests to end");
  return state_of(plan, "drain");
}

Next next_in(const Plan& plan, const StatRow* row) {
  if (row == nullptr) return addition(plan);
  // Another incarnation, or one whose removal was cut short: its checks may be of long ago.
  if (row->address != address_of(plan.target) || row->in_maintenance()) return next_out(plan, row);
  if (!row->check_passed()) return wait_for("the health check to pass (now " + row->check + ")");
  if (row->takes_traffic()) return {.kind = Next::Kind::done};
  if (row->drains()) return state_of(plan, "ready");
  return wait_for("the server to come up (now " + row->status + ")");
}

bool is_name(std::string_view name) {
  constexpr std::string_view others = "-_.:";
  const auto allowed = [&](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || others.find(c) != std::string_view::npos;
  };
  return !name.empty() && name.size() <= name_bytes_max && std::all_of(name.begin(), name.end(), allowed);
}

/// The address as HAProxy prints it, which is as inet_ntop does; nothing if it is none.
std::optional<std::string> canonical(const std::string& address) {
  const int family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  std::array<unsigned char, sizeof(in6_addr)> binary{};
  std::array<char, INET6_ADDRSTRLEN> printed{};
  if (inet_pton(family, address.c_str(), binary.data()) != 1) return std::nullopt;
  inet_ntop(family, binary.data(), printed.data(), printed.size());
  return family == AF_INET ? std::string(printed.data()) : "[" + std::string(printed.data()) + "]";
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \r\n";
  const auto begin = text.find_first_not_of(blank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

/// What an operator can do about a reply that refuses; empty if we do not know.
std::string_view remedy_of(std::string_view reply) {
  if (reply.starts_with("Backend must use a dynamic load balancing"))
    return "; set `balance leastconn` in that backend and reload HAProxy";
  if (reply.starts_with("Permission denied")) return "; give the `stats socket` the option `level admin`";
  return {};
}

Verdict refused(const Plan& plan, std::string_view reply) {
  constexpr std::size_t quoted_max = 200;
  const auto first_line = reply.substr(0, std::min(reply.find('\n'), quoted_max));
  return {Verdict::Kind::refused,
          {"haproxy refused " + name_of(plan) + ": \"" + std::string(first_line) + "\"" + std::string(remedy_of(reply)),
           false}};
}

}  // namespace

Next next_of(const Plan& plan, const StatRow* row) {
  return plan.aim == Aim::in ? next_in(plan, row) : next_out(plan, row);
}

std::string fault_of(const Plan& plan) {
  const std::string rule = "\" is not a name for HAProxy: 1 to 200 letters, digits, '-', '_', '.' or ':'";
  if (!is_name(plan.backend)) return "backend \"" + plan.backend + rule + "; correct `haproxy.backend` of the service";
  if (!is_name(plan.server)) return "server \"" + plan.server + rule;
  if (plan.aim == Aim::out) return {};
  if (!canonical(plan.target.address) || plan.target.port == 0)
    return "server " + plan.server + ": \"" + address_of(plan.target) +
           "\" is not an IP address and a port, and HAProxy resolves no names at run time";
  return {};
}

Verdict verdict_of(const Plan& plan, std::string_view reply) {
  const auto text = trimmed(reply);
  // Only the first of a line's commands can be refused for a reason of its own; the rest then finds no server.
  if (text.empty() || text == "New server registered." || text == "Server deleted.") return {};
  if (text.starts_with("Already exists a server") || text.starts_with("No such server") ||
      text.starts_with("Server still has connections") || text.starts_with("Only servers in maintenance"))
    return {Verdict::Kind::again, {}};
  if (text.starts_with("No such backend")) return {Verdict::Kind::refused, unknown_backend(plan.backend)};
  return refused(plan, text);
}

Failure unknown_backend(const std::string& backend) {
  return {"haproxy has no backend \"" + backend + "\"; add `backend " + backend +
              "` to its configuration and reload it, or correct `haproxy.backend` of the service",
          false};
}

std::string address_of(const DomainAddress& target) {
  return canonical(target.address).value_or(target.address) + ":" + std::to_string(target.port);
}

}  // namespace virtscale::haproxy
