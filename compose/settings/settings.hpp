// The settings of a process: addresses, drivers, keys and paces. Nothing here can change what a fold decides.
//
// The one thing to know: no file is needed; what a file leaves out has the default that stands here.
#pragma once

#include <array>
#include <cstdint>
#include <map>
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

/// A Kafka cluster: the log of stages that run as processes of their own.
struct KafkaSettings {
  std::string bootstrap;                          ///< HOST:PORT,…; empty: the embedded log
  std::string prefix;                             ///< of topics and groups
  std::uint16_t replication = 3;                  ///< of the topics that `virtscale topics create` makes
  std::uint16_t in_sync_min = 2;                  ///< min.insync.replicas
  Duration session_timeout = seconds(6);          ///< after which a silent process is taken for dead
  std::map<std::string, std::string> properties;  ///< of librdkafka, for SASL and TLS; values may be secrets
};

/// An S3 bucket that keeps snapshots.
struct S3Settings {
  std::string endpoint;  ///< https://HOST[:PORT]; empty: none
  std::string region = "us-east-1";
  std::string bucket;
  std::string prefix;            ///< of all names in the bucket
  std::string credentials_file;  ///< two lines: the id of the access key, and its secret
};

/// Where snapshots of state go, and when.
struct SnapshotSettings {
  std::string directory;  ///< empty: none, unless `s3` is given
  S3Settings s3;
  Duration every{};        ///< 0: on demand only
  std::uint32_t keep = 3;  ///< of each partition, the newest
};

struct Settings {
  // http: {signal: ADDRESS:PORT, …, advertise: URL, certificate: FILE, key: FILE}
  Endpoint signal{"127.0.0.1", 7070};
  Endpoint audit{"127.0.0.1", 7071};
  Endpoint policy{"127.0.0.1", 7072};
  Endpoint orchestration{"127.0.0.1", 7073};
  Endpoint dataplane{"127.0.0.1", 7074};
  /// How other processes reach this one; empty: by the address that it listens on.
  std::string advertise;
  std::string certificate_file;  ///< PEM; empty: no TLS
  std::string certificate_key_file;

  // log: {segment_size: 128MiB, partitions: {alerts: 1, …}}
  LogLayout layout;
  std::uint64_t segment_bytes_max = 128ULL << 20U;

  // kafka: {bootstrap: HOST:PORT,…, prefix: …, replication: 3, in_sync_min: 2, session_timeout: 6s, properties: {…}}
  KafkaSettings kafka;

  // domains: {directory: DIR}: of the driver `process`; shared by all processes of orchestration
  std::string domains_directory;  ///< empty: `domains` in the data directory

  // snapshots: {directory: DIR, every: 5m, keep: 3} or {s3: {endpoint, region, bucket, prefix, credentials_file}, …}
  SnapshotSettings snapshots;

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

  // sweep: {every: 10s}: how often orphans are looked for
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

/// Reads an IP address and a port. Empty, or what is wrong and what to do.
std::string read_endpoint(std::string_view text, Endpoint& value);

/// Reads YAML. Never throws.
ParsedSettings parse_settings(std::string_view text);

}  // namespace virtscale
