#include "compose/settings/settings.hpp"

#include <gmock/gmock.h>

namespace virtscale {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string hash(64, 'a');

std::string faults_of(const std::string& text) {
  std::string all;
  for (const auto& fault : parse_settings(text).faults) {
    all += std::to_string(fault.line) + ":" + std::to_string(fault.column) + ": " + fault.message + "\n";
  }
  return all;
}

TEST(Settings, NeedNoFile) {
  const auto parsed = parse_settings("");
  ASSERT_THAT(parsed.faults, IsEmpty());
  EXPECT_EQ(parsed.settings.signal.port, 7070);
  EXPECT_EQ(parsed.settings.audit.port, 7071);
  EXPECT_EQ(parsed.settings.segment_bytes_max, 128u << 20);
  EXPECT_EQ(parsed.settings.layout, LogLayout{});
}

TEST(Settings, TakeEverythingThatIsWritten) {
  const auto parsed = parse_settings(
      "http: {signal: \"0.0.0.0:80\", audit: \"[::1]:0\", certificate: /c.pem, key: /k.pem}\n"
      "log: {segment_size: 1GiB, partitions: {alerts: 12, ledger: 3}}\n"
      "state: {commit_every: 250ms}\n"
      "haproxy: {address: /run/haproxy.sock, connections_max: 20}\n"
      "smtp: {url: \"smtp://127.0.0.1:25\", from: vs@vs.example, user: vs, password_file: /run/password}\n"
      "ledger: {key: policy-gate-2026-q1, keys: /etc/virtscale/keys}\n"
      "tokens:\n  - {org: acme, sha256: " +
      hash + "}\n  - {operator: true, sha256: " + std::string(64, 'b') +
      "}\n"
      "sweep: {every: 1m}\n"
      "journal: {level: warning, format: json}\n");
  ASSERT_THAT(parsed.faults, IsEmpty()) << parsed.faults[0].message;
  const auto& settings = parsed.settings;
  EXPECT_EQ(settings.signal.address, "0.0.0.0");
  EXPECT_EQ(settings.signal.port, 80);
  EXPECT_EQ(settings.audit.address, "::1");
  EXPECT_EQ(settings.certificate_key_file, "/k.pem");
  EXPECT_EQ(settings.segment_bytes_max, 1u << 30);
  EXPECT_EQ(settings.layout.partitions[0], 12u);
  EXPECT_EQ(settings.layout.partitions[1], 1u);
  EXPECT_EQ(settings.layout.partitions[5], 3u);
  EXPECT_EQ(settings.commit_every, milliseconds(250));
  EXPECT_EQ(settings.haproxy_address, "/run/haproxy.sock");
  EXPECT_EQ(settings.haproxy_connections_max, 20u);
  EXPECT_EQ(settings.smtp_password_file, "/run/password");
  EXPECT_EQ(settings.ledger_key, "policy-gate-2026-q1");
  ASSERT_THAT(settings.tokens, SizeIs(2));
  EXPECT_EQ(settings.tokens[0].org, "acme");
  EXPECT_EQ(settings.tokens[1].org, "");
  EXPECT_EQ(settings.sweep_every, seconds(60));
  EXPECT_EQ(settings.journal_level, Severity::warning);
  EXPECT_TRUE(settings.journal_json);
}

TEST(Settings, NameThePlaceOfEveryFault) {
  const auto all =
      faults_of("http:\n  signal: localhost:7070\n  adit: 127.0.0.1:1\nlog: {segment_size: 128MB}\nstat: {}\n");
  EXPECT_EQ(all,
            "2:11: signal: write an IP address and a port, such as 127.0.0.1:7070 or [::1]:7070\n"
            "3:3: `adit` is not known in `http`; it takes signal, audit, policy, orchestration, dataplane, "
            "advertise, certificate, key\n"
            "4:21: segment_size: `128MB` has a decimal unit; write MiB, sizes are binary\n"
            "5:1: `stat` is not known in the settings; it takes http, log, kafka, domains, snapshots, state, haproxy, "
            "smtp, ledger, tokens, sweep, "
            "journal\n");
}

TEST(Settings, RefuseEachSlipWithItsRemedy) {
  const std::pair<std::string, std::string> slips[] = {
      {"http: {signal: \"127.0.0.1:65536\"}", "write an IP address and a port"},
      {"http: {signal: \"::1:80\"}", "write an IP address and a port"},
      {"http: {signal: \"127.0.0.1:\"}", "write an IP address and a port"},
      {"http: {signal: \"127.0.0.1\\0x:80\"}", "write an IP address and a port"},
      {"log: {segment_size: 3GiB}", "a segment has 1MiB to 2GiB"},
      {"http: {certificate: /c.pem}", "1:7: TLS needs both"},
      {"log: {segment_size: 8GiB}", "1MiB to 2GiB"},
      {"log: {partitions: {alerts: 0}}", "1:28: alerts: 0 is out of range; write 1 to 1024"},
      {"log: {partitions: {alarms: 1}}", "`alarms` is not known"},
      {"state: {commit_every: 1}", "is not a duration"},
      {"state: {commit_every: 2m}", "is out of range; write 1ms to 1m"},
      {"haproxy: {}", "`haproxy` needs `address`"},
      {"haproxy: {address: here}", "write the path of HAProxy's stats socket"},
      {"smtp: {url: \"http://x\"}", "write smtp://HOST:PORT"},
      {"smtp: {url: \"smtp://x\", user: vs}", "belong together"},
      {"tokens: [{sha256: " + hash + "}]", "a token needs either"},
      {"tokens: [{org: a, operator: true, sha256: " + hash + "}]", "a token needs either"},
      {"tokens: [{operator: false, sha256: " + hash + "}]", "write `operator: true`"},
      {"tokens: [{org: a, sha256: " + hash + "}, {org: b, sha256: " + hash + "}]", "same hash"},
      {"journal: {level: loud}", "write debug, info, warning or error"},
      {"journal: {format: xml}", "write text or json"},
      {"sweep: {every: 10ms}", "is out of range; write 1s to 1h"},
      {"a: b\n---\nc: d", "3:1: settings are one document"},
      {"[1, 2]", "1:1: the settings must be a map"},
      {"just words", "the settings must be a map"},
  };
  for (const auto& [text, says] : slips) EXPECT_THAT(faults_of(text), HasSubstr(says)) << text;
}

TEST(Settings, NeverShowASecretThatStandsWhereItShouldNot) {
  const auto all =
      faults_of("tokens: [{org: a, sha256: vs_verysecret}]\nsmtp: {url: \"smtp://user:hunter2@mail:25\"}\n");
  EXPECT_THAT(all, HasSubstr("never the token itself"));
  EXPECT_THAT(all, HasSubstr("no user in the url"));
  EXPECT_THAT(all, testing::Not(HasSubstr("verysecret")));
  EXPECT_THAT(all, testing::Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace virtscale
