#include "compose/settings/settings.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "compose/settings/fields.hpp"

namespace virtscale {
namespace {

constexpr std::size_t path_bytes_max = 4'096;
constexpr std::size_t tokens_max = 10'000;
constexpr std::size_t properties_max = 100;
// Topic names have at most 249 bytes in Kafka.
constexpr std::size_t prefix_bytes_max = 100;
// Each partition has its own lanes to every other; more than this is a mistake on one log.
constexpr std::int64_t partitions_max = 1'024;
constexpr std::int64_t segment_mib_min = 1;
constexpr std::int64_t segment_mib_max = 2'048;

bool is_address(const std::string& address) {
  in6_addr bytes{};
  // YAML can write a zero byte, at which inet_pton would stop.
  if (address.find('\0') != std::string::npos) return false;
  return inet_pton(AF_INET, address.c_str(), &bytes) == 1 || inet_pton(AF_INET6, address.c_str(), &bytes) == 1;
}

// Of one server in HAProxy; more is as good as no bound.
constexpr std::uint32_t connections_max = 1'000'000;

std::string read_segment_size(std::string_view text, std::uint64_t& value) {
  std::int64_t mib = 0;
  if (auto fault = read_mebibytes(text, mib); !fault.empty()) return fault;
  if (mib < segment_mib_min || mib > segment_mib_max) return "a segment has 1MiB to 2GiB; write such a size";
  value = static_cast<std::uint64_t>(mib) << 20U;
  return {};
}

std::string read_haproxy(std::string_view text, std::string& value) {
  if (auto fault = read_plain_line(text, path_bytes_max, value); !fault.empty()) return fault;
  const auto is_path = text.starts_with('/') || text.starts_with("./");
  const auto colon = text.rfind(':');
  if (is_path || (colon != std::string_view::npos && colon > 0 && colon + 1 < text.size())) return {};
  return "write the path of HAProxy's stats socket, or HOST:PORT";
}

std::string read_bootstrap(std::string_view text, std::string& value) {
  if (auto fault = read_plain_line(text, path_bytes_max, value); !fault.empty()) return fault;
  if (text.find(':') != std::string_view::npos && text.find(' ') == std::string_view::npos) return {};
  return "write HOST:PORT, or several joined by commas";
}

/// What other processes are told of this one, or where a bucket is.
std::string read_http_url(std::string_view text, std::string& value) {
  if (auto fault = read_plain_line(text, path_bytes_max, value); !fault.empty()) return fault;
  if (text.find('@') != std::string_view::npos) return "no user in the url";
  const bool is_url = text.starts_with("http://") || text.starts_with("https://");
  return is_url && !text.ends_with('/') ? ""
                                        : "write http://HOST:PORT or https://HOST:PORT, without a slash at the end";
}

std::string read_smtp_url(std::string_view text, std::string& value) {
  if (auto fault = read_plain_line(text, path_bytes_max, value); !fault.empty()) return fault;
  // A password in a URL would reach every error that names the server.
  if (text.find('@') != std::string_view::npos) return "no user in the url; write `user` and `password_file`";
  if (text.starts_with("smtp://") || text.starts_with("smtps://")) return {};
  return "write smtp://HOST:PORT or smtps://HOST:PORT";
}

std::string read_sha256(std::string_view text, std::string& value) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (text.size() != 64 || !std::all_of(text.begin(), text.end(), is_hex)) {
    return "write the SHA-256 of the token, 64 lower-case hexadecimal digits, never the token itself";
  }
  value = text;
  return {};
}

std::string read_true(std::string_view text, std::string&) {
  return text == "true" ? "" : "write `operator: true`, or `org: NAME` instead";
}

std::string read_severity(std::string_view text, Severity& value) {
  constexpr std::array<std::string_view, 4> names = {"debug", "info", "warning", "error"};
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return "write debug, info, warning or error";
  value = static_cast<Severity>(found - names.begin());
  return {};
}

/// Whether the journal's lines are JSON.
std::string read_format(std::string_view text, bool& value) {
  if (text != "text" && text != "json") return "write text or json";
  value = text == "json";
  return {};
}

void read_http(const YamlNode& node, Settings& settings, Faults& faults) {
  Fields fields(node, "`http`",
                {"signal", "audit", "policy", "orchestration", "dataplane", "advertise", "certificate", "key"}, faults);
  fields.read("signal", Presence::optional, read_endpoint, settings.signal);
  fields.read("audit", Presence::optional, read_endpoint, settings.audit);
  fields.read("policy", Presence::optional, read_endpoint, settings.policy);
  fields.read("orchestration", Presence::optional, read_endpoint, settings.orchestration);
  fields.read("dataplane", Presence::optional, read_endpoint, settings.dataplane);
  fields.read("advertise", Presence::optional, read_http_url, settings.advertise);
  fields.read_line("certificate", Presence::optional, path_bytes_max, settings.certificate_file);
  fields.read_line("key", Presence::optional, path_bytes_max, settings.certificate_key_file);
  if (settings.certificate_file.empty() != settings.certificate_key_file.empty()) {
    faults.add(node.at, "TLS needs both `certificate` and `key`; write the other too");
  }
}

void read_log(const YamlNode& node, Settings& settings, Faults& faults) {
  Fields fields(node, "`log`", {"segment_size", "partitions"}, faults);
  fields.read("segment_size", Presence::optional, read_segment_size, settings.segment_bytes_max);
  const auto* partitions = fields.find("partitions", Presence::optional);
  if (!partitions) return;
  static_assert(topics_count == 7);
  Fields topics(
      *partitions, "`partitions`",
      {topic_names[0], topic_names[1], topic_names[2], topic_names[3], topic_names[4], topic_names[5], topic_names[6]},
      faults);
  for (std::size_t i = 0; i < topics_count; ++i) {
    topics.read_number(topic_names[i], Presence::optional, 1, partitions_max, settings.layout.partitions[i]);
  }
}

void read_properties(const YamlNode& node, KafkaSettings& kafka, Faults& faults) {
  if (node.kind != YamlNode::Kind::map || node.keys.size() > properties_max) {
    return faults.add(node.at, "`properties` is a map of at most " + std::to_string(properties_max) +
                                   " settings of librdkafka, such as `security.protocol: SASL_SSL`");
  }
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    if (node.items[i].kind != YamlNode::Kind::text) {
      faults.add(node.items[i].at, "`" + node.keys[i].text + "` must be one value");
    }
    kafka.properties[node.keys[i].text] = node.items[i].text;
  }
}

void read_kafka(const YamlNode& node, Settings& settings, Faults& faults) {
  auto& kafka = settings.kafka;
  Fields fields(node, "`kafka`", {"bootstrap", "prefix", "replication", "in_sync_min", "session_timeout", "properties"},
                faults);
  fields.read("bootstrap", Presence::needed, read_bootstrap, kafka.bootstrap);
  const auto* prefix = fields.find("prefix", Presence::optional);
  if (prefix && !(prefix->kind == YamlNode::Kind::text && prefix->text.empty())) {
    fields.read_line("prefix", Presence::optional, prefix_bytes_max, kafka.prefix);
  }
  fields.read_number("replication", Presence::optional, 1, 7, kafka.replication);
  fields.read_number("in_sync_min", Presence::optional, 1, 7, kafka.in_sync_min);
  if (kafka.in_sync_min > kafka.replication) {
    faults.add(node.at, "`in_sync_min` is above `replication`: nothing could be written; lower it");
  }
  fields.read_time("session_timeout", Presence::optional, seconds(6), seconds(300), kafka.session_timeout);
  if (const auto* properties = fields.find("properties", Presence::optional)) {
    read_properties(*properties, kafka, faults);
  }
}

void read_domains(const YamlNode& node, Settings& settings, Faults& faults) {
  Fields fields(node, "`domains`", {"directory"}, faults);
  fields.read_line("directory", Presence::needed, path_bytes_max, settings.domains_directory);
}

void read_s3(const YamlNode& node, S3Settings& s3, Faults& faults) {
  Fields fields(node, "`s3`", {"endpoint", "region", "bucket", "prefix", "credentials_file"}, faults);
  fields.read("endpoint", Presence::needed, read_http_url, s3.endpoint);
  fields.read_line("region", Presence::optional, name_bytes_max, s3.region);
  fields.read_line("bucket", Presence::needed, name_bytes_max, s3.bucket);
  fields.read_line("prefix", Presence::optional, name_bytes_max, s3.prefix);
  fields.read_line("credentials_file", Presence::needed, path_bytes_max, s3.credentials_file);
}

void read_snapshots(const YamlNode& node, Settings& settings, Faults& faults) {
  auto& snapshots = settings.snapshots;
  Fields fields(node, "`snapshots`", {"directory", "s3", "every", "keep"}, faults);
  fields.read_line("directory", Presence::optional, path_bytes_max, snapshots.directory);
  if (const auto* s3 = fields.find("s3", Presence::optional)) read_s3(*s3, snapshots.s3, faults);
  if (snapshots.directory.empty() == snapshots.s3.endpoint.empty()) {
    faults.add(node.at, "snapshots go to one place: write either `directory` or `s3`");
  }
  fields.read_time("every", Presence::optional, seconds(1), hours(24), snapshots.every);
  fields.read_number("keep", Presence::optional, 1, 100, snapshots.keep);
}

void read_state(const YamlNode& node, Settings& settings, Faults& faults) {
  Fields fields(node, "`state`", {"commit_every"}, faults);
  fields.read_time("commit_every", Presence::optional, milliseconds(1), seconds(60), settings.commit_every);
}

void read_load_balancer(const YamlNode& node, Settings& settings, Faults& faults) {
  Fields fields(node, "`haproxy`", {"address", "connections_max"}, faults);
  fields.read("address", Presence::needed, read_haproxy, settings.haproxy_address);
  fields.read_number("connections_max", Presence::optional, 0, connections_max, settings.haproxy_connections_max);
}

void read_smtp(const YamlNode& node, Settings& settings, Faults& faults) {
  Fields fields(node, "`smtp`", {"url", "from", "user", "password_file"}, faults);
  fields.read("url", Presence::needed, read_smtp_url, settings.smtp_url);
  fields.read("from", Presence::optional, read_mail_address, settings.smtp_from);
  fields.read_line("user", Presence::optional, name_bytes_max, settings.smtp_user);
  fields.read_line("password_file", Presence::optional, path_bytes_max, settings.smtp_password_file);
  if (settings.smtp_user.empty() != settings.smtp_password_file.empty()) {
    faults.add(node.at, "`user` and `password_file` belong together; write the other too");
  }
}

void read_ledger(const YamlNode& node, Settings& settings, Faults& faults) {
  Fields fields(node, "`ledger`", {"key", "keys"}, faults);
  fields.read("key", Presence::optional, read_name, settings.ledger_key);
  fields.read_line("keys", Presence::optional, path_bytes_max, settings.keys_directory);
}

TokenSetting read_token(const YamlNode& node, Faults& faults) {
  TokenSetting token;
  Fields fields(node, "a token", {"org", "operator", "sha256"}, faults);
  const auto* org = fields.find("org", Presence::optional);
  const auto* is_operators = fields.find("operator", Presence::optional);
  if ((org == nullptr) == (is_operators == nullptr)) {
    faults.add(node.at, "a token needs either `org: NAME` or `operator: true`; write one of them");
  }
  fields.read("org", Presence::optional, read_name, token.org);
  std::string unused;
  fields.read("operator", Presence::optional, read_true, unused);
  fields.read("sha256", Presence::needed, read_sha256, token.sha256);
  return token;
}

void read_tokens(const YamlNode& node, Settings& settings, Faults& faults) {
  std::set<std::string> hashes;
  for (const auto& item : read_list(node, "`tokens`", tokens_max, faults)) {
    auto token = read_token(item, faults);
    if (!token.sha256.empty() && !hashes.insert(token.sha256).second) {
      faults.add(item.at, "an earlier token has the same hash; give each its own");
    }
    settings.tokens.push_back(std::move(token));
  }
}

void read_sweep(const YamlNode& node, Settings& settings, Faults& faults) {
  Fields fields(node, "`sweep`", {"every"}, faults);
  fields.read_time("every", Presence::optional, seconds(1), hours(1), settings.sweep_every);
}

void read_journal(const YamlNode& node, Settings& settings, Faults& faults) {
  Fields fields(node, "`journal`", {"level", "format"}, faults);
  fields.read("level", Presence::optional, read_severity, settings.journal_level);
  fields.read("format", Presence::optional, read_format, settings.journal_json);
}

using ReadSection = void (*)(const YamlNode&, Settings&, Faults&);
constexpr std::array<std::pair<std::string_view, ReadSection>, 12> sections = {{{"http", read_http},
                                                                                {"log", read_log},
                                                                                {"kafka", read_kafka},
                                                                                {"domains", read_domains},
                                                                                {"snapshots", read_snapshots},
                                                                                {"state", read_state},
                                                                                {"haproxy", read_load_balancer},
                                                                                {"smtp", read_smtp},
                                                                                {"ledger", read_ledger},
                                                                                {"tokens", read_tokens},
                                                                                {"sweep", read_sweep},
                                                                                {"journal", read_journal}}};

void read_settings(const YamlNode& node, Settings& settings, Faults& faults) {
  Fields fields(node, "the settings",
                {"http", "log", "kafka", "domains", "snapshots", "state", "haproxy", "smtp", "ledger", "tokens",
                 "sweep", "journal"},
                faults);
  for (const auto& [name, read] : sections) {
    if (const auto* section = fields.find(name, Presence::optional)) read(*section, settings, faults);
  }
}

}  // namespace

std::string read_endpoint(std::string_view text, Endpoint& value) {
  const auto wrong = "write an IP address and a port, such as 127.0.0.1:7070 or [::1]:7070";
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong;
  auto address = text.substr(0, colon);
  const auto port = text.substr(colon + 1);
  const auto is_bracketed = address.starts_with('[') && address.ends_with(']');
  if (is_bracketed) address = address.substr(1, address.size() - 2);
  Endpoint endpoint{std::string(address)};
  const auto read = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  const auto is_port = !port.empty() && read.ec == std::errc() && read.ptr == port.data() + port.size();
  if (!is_port || !is_address(endpoint.address) || is_bracketed != (address.find(':') != std::string_view::npos)) {
    return wrong;
  }
  value = std::move(endpoint);
  return {};
}

ParsedSettings parse_settings(std::string_view text) {
  static_assert(settings_bytes_max == yaml_bytes_max);
  const auto yaml = parse_yaml(text);
  ParsedSettings parsed;
  if (yaml.fault) {
    parsed.faults.push_back({yaml.fault->line, yaml.fault->column, yaml.fault->message});
    return parsed;
  }
  Faults faults;
  if (!yaml.documents.empty()) read_settings(yaml.documents.front(), parsed.settings, faults);
  if (yaml.documents.size() > 1) faults.add(yaml.documents[1].at, "settings are one document; take the second out");
  for (auto& fault : faults.take()) parsed.faults.push_back({fault.line, fault.column, std::move(fault.message)});
  return parsed;
}

}  // namespace virtscale
