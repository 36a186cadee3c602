// The settings of a process: addresses, drivers, keys and paces. Nothing here can change what a fold decides.
//
// The one thing to know: no file is needed; what a file leaves out has the default that stands here.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "topology/contract/units.hpp"
#include "topology/ports/journal.hpp"
#include "topology/ports/log.hpp"

namespace virtscale {

/// A settings file has at most this many bytes.
inline constexpr std::size_t settings_bytes_max = 1 << 20;

/// An IP address and a port, `127.0.0.1:7070` or `[::1]:7070`.
struct Endpoint {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
};

/// A bearer token, as its SHA-256 in hexadecimal; the token itself is stored nowhere.
struct TokenSetting {
  std::string org;  ///< empty: an operator's
  std::string sha256;
};

struct Settings {
  // http: {signal: ADDRESS:PORT, audit: …, certificate: FILE, key: FILE}
  Endpoint signal{"127.0.0.1", 7070};
  Endpoint audit{"127.0.0.1", 7071};
  std::string certificate_file;  ///< PEM; empty: no TLS
  std::string certificate_key_file;

  // log: {segment_size: 128MiB, partitions: {alerts: 1, …}}
  LogLayout layout;
  std::uint64_t segment_bytes_max = 128ULL << 20U;

  // state: {commit_every: 1s}
  Duration commit_every = seconds(1);

  // haproxy: {address: PATH or HOST:PORT, connections_max: N}
  std::string haproxy_address;  ///< empty: no load balancer; a service that names a backend then fails to join
  std::uint32_t haproxy_connections_max = 0;  ///< of one server; what is above it waits in HAProxy's queue. 0: no bound

  // smtp: {url: smtp://HOST:PORT, from: ADDRESS, user: …, password_file: FILE}
  std::string smtp_url;  ///< empty: mails fail, and that is recorded
  std::string smtp_from = "virtscale@localhost";
  std::string smtp_user;
  std::string smtp_password_file;

  // ledger: {key: NAME, keys: DIR}
  std::string ledger_key = "virtscale-ledger";
  std::string keys_directory;  ///< empty: `keys` in the data directory

  // tokens: [{org: NAME, sha256: HEX}, {operator: true, sha256: HEX}]
  std::vector<TokenSetting> tokens;

  // sweep: {cell: NAME, every: 10s}: whose partition is told of orphans
  std::string sweep_cell = "local";
  Duration sweep_every = seconds(10);

  // journal: {level: info, format: text | json}
  Severity journal_level = Severity::info;
  bool journal_json = false;
};

/// What is wrong with a file, and where. Lines and columns count from 1.
struct SettingsFault {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  std::string message;  ///< what is wrong, and what to do
};

struct ParsedSettings {
  Settings settings;
  std::vector<SettingsFault> faults;  ///< empty if the settings can be used
};

/// Reads YAML. Never throws.
ParsedSettings parse_settings(std::string_view text);

}  // namespace virtscale
