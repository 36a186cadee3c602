// Bodies of Alertmanager as events, and the exact values in them.
#include "stages/signal/edges/webhook.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stages/signal/calendar/civil.hpp"
#include "stages/signal/edges/json_body.hpp"
#include "stages/signal/edges/text.hpp"

namespace virtscale::signal {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

std::string webhook_of(const std::string& alerts) {
  return R"({"receiver":"vs","status":"firing","alerts":[)" + alerts +
         R"(],"groupLabels":{},"commonLabels":{},"commonAnnotations":{},"externalURL":"http://vm:9093",)"
         R"("version":"4","groupKey":"{}:{alertname=\"x\"}","truncatedAlerts":0})"
         "\n";
}

std::string alert_of(const std::string& labels, const std::string& annotations = "{}",
                     const std::string& status = "firing") {
  return R"({"status":")" + status + R"(","labels":)" + labels + R"(,"annotations":)" + annotations +
         R"(,"startsAt":"2026-11-22T00:36:08.688Z","endsAt":"2026-11-22T00:36:12.688Z","generatorURL":"http://vm/g",)"
         R"("fingerprint":"727e043dfc9ec9df"})";
}

template <class Event>
Event only(const std::string& body) {
  const auto webhook = read_webhook(body);
  EXPECT_EQ(webhook.fault, "");
  EXPECT_THAT(webhook.events, SizeIs(1));
  if (webhook.events.size() != 1 || !std::holds_alternative<Event>(webhook.events[0])) {
    ADD_FAILURE() << "another event";
    return {};
  }
  return std::get<Event>(webhook.events[0]);
}

TEST(Webhook, TurnsAFiringAlertIntoAlertRaised) {
  const auto raised = only<schema::AlertRaisedT>(
      webhook_of(alert_of(R"({"alertname":"autoscale.cpu.hi","service":"shop","severity":"page"})",
                          R"({"summary":"cpu über 70","value":"72.5"})")));
  EXPECT_EQ(raised.service, "shop");
  EXPECT_EQ(raised.name, "autoscale.cpu.hi");
  EXPECT_EQ(raised.fingerprint, "727e043dfc9ec9df");
  EXPECT_EQ(raised.starts_at_us, (days_of({2026, 11, 22}) * day_s + 36 * 60 + 8) * 1'000'000 + 688'000);
  EXPECT_EQ(raised.value_milli, 72'500);
  EXPECT_EQ(raised.summary, "cpu über 70");
  EXPECT_EQ(raised.queue_depth, -1);
}

TEST(Webhook, TurnsAResolvedAlertIntoAlertResolved) {
  const auto resolved =
      only<schema::AlertResolvedT>(webhook_of(alert_of(R"({"alertname":"A","pool":"vm-pool/web"})", "{}", "resolved")));
  EXPECT_EQ(resolved.service, "web");
  EXPECT_EQ(resolved.ends_at_us - resolved.starts_at_us, 4'000'000);
}

TEST(Webhook, FindsTheServiceInItsLabelOrThePool) {
  const auto service_of = [](const std::string& labels) {
    return only<schema::AlertRaisedT>(webhook_of(alert_of(labels))).service;
  };
  EXPECT_EQ(service_of(R"({"alertname":"A","service":"web","pool":"vm-pool/other"})"), "web");
  EXPECT_EQ(service_of(R"({"alertname":"A","pool":"vm-pool/web"})"), "web");
  EXPECT_EQ(service_of(R"({"alertname":"A","pool":"web"})"), "web");
}

TEST(Webhook, KeepsWhatItCannotRouteWithTheReason) {
  const auto reason_of = [](const std::string& labels) {
    const auto event = only<schema::AlertUnroutableT>(webhook_of(alert_of(labels)));
    EXPECT_THAT(event.payload, HasSubstr("727e043dfc9ec9df"));
    return event.reason;
  };
  EXPECT_THAT(reason_of(R"({"alertname":"A"})"), HasSubstr("neither a label `service` nor `pool`"));
  EXPECT_THAT(reason_of(R"({"service":"web"})"), HasSubstr("alertname"));
  EXPECT_THAT(reason_of(R"({"alertname":"A","service":"a/b"})"), HasSubstr("not the name of a service"));
  EXPECT_THAT(reason_of(R"({"alertname":"A","service":"Web"})"), HasSubstr("not the name of a service"));
  EXPECT_THAT(reason_of(R"({"alertname":")" + std::string(1'025, 'n') + R"(","service":"web"})"), HasSubstr("1,024"));
}

TEST(Webhook, RecordsThatAlertsWereLeftOut) {
  auto body = webhook_of(alert_of(R"({"alertname":"A","service":"web"})"));
  body.replace(body.find("\"truncatedAlerts\":0"), 19, "\"truncatedAlerts\":7");
  const auto webhook = read_webhook(body);
  ASSERT_THAT(webhook.events, SizeIs(2));
  EXPECT_THAT(std::get<schema::AlertUnroutableT>(webhook.events[1]).reason, HasSubstr("max_alerts"));
}

struct BadBody {
  std::string_view what;
  std::string body;
  std::string_view place;
};

std::vector<BadBody> bad_bodies() {
  const std::string labels = R"({"alertname":"A","service":"web","severity":"page"})";
  const auto with = [&](std::string_view from, std::string_view to) {
    auto body = webhook_of(alert_of(labels));
    const auto at = body.find(from);
    EXPECT_NE(at, body.npos) << from;
    return body.replace(at, from.size(), to);
  };
  std::string many = "{";
  for (int i = 0; i < 100'000; ++i) many += (i == 0 ? "\"l" : ",\"l") + std::to_string(i) + "\":\"\"";
  std::string alerts(R"({})");
  for (int i = 0; i < 10'000; ++i) alerts += ",{}";
  return {
      {"empty", "", "line 1, column 1"},
      {"truncated", webhook_of(alert_of(labels)).substr(0, 100), "line 1, column 101"},
      {"two_documents", webhook_of("") + "{}", "line 2"},
      {"no_json", "alerts: []", "line 1"},
      {"nested_5000_deep", std::string(5'000, '[') + std::string(5'000, ']'), "column 33"},
      {"nested_deep_in_a_label", with("\"page\"", std::string(5'000, '[')), "line 1"},
      {"invalid_utf8", with("page", "pa\xff\xfege"), "line 1"},
      {"overlong_utf8", with("page", "pa\xc0\xafge"), "line 1"},
      {"surrogate_in_utf8", with("page", "\xed\xa0\x80"), "line 1"},
      {"lone_surrogate_escape", with("page", "\\ud800"), "line 1"},
      {"array", "[]", "the body: must be an object"},
      {"number", "1", "the body: must be an object"},
      {"no_version", R"({"alerts":[]})", "version: is missing"},
      {"other_version", with(R"("version":"4")", R"("version":"5")"), "version: must be \"4\""},
      {"no_alerts", R"({"version":"4"})", "alerts: must be an array"},
      {"alerts_object", R"({"version":"4","alerts":{}})", "alerts: must be an array"},
      {"alert_number", webhook_of("7"), "alerts[0]: must be an object"},
      {"second_alert", webhook_of(alert_of(labels) + ",null"), "alerts[1]: must be an object"},
      {"labels_array", with(labels, "[]"), "alerts[0].labels: must be an object"},
      {"label_number", with("\"web\"", "5"), "alerts[0].labels.service: must be a string"},
      {"label_null", with("\"web\"", "null"), "alerts[0].labels.service: must be a string"},
      {"label_too_long", with("\"web\"", "\"" + std::string(65'537, 'x') + "\""),
       "alerts[0].labels.service: is longer"},
      {"labels_100000", with(labels, many + "}"), "alerts[0].labels: has 100000 entries"},
      {"alerts_10001", webhook_of(alerts), "alerts: has more than 10,000"},
      {"no_fingerprint", with(R"("fingerprint":"727e043dfc9ec9df")", R"("f":"")"), "alerts[0].fingerprint: is missing"},
      {"empty_fingerprint", with("727e043dfc9ec9df", ""), "alerts[0].fingerprint: must not be empty"},
      {"start_is_no_time", with("2026-11-22T00:36:08.688Z", "yesterday"), "alerts[0].startsAt: must be a time"},
      {"start_number", with("\"2026-11-22T00:36:08.688Z\"", "5"), "alerts[0].startsAt: must be a string"},
      {"status", with(R"([{"status":"firing")", R"([{"status":"burning")"), "alerts[0].status: must be"},
      {"truncated_alerts", with("\"truncatedAlerts\":0", "\"truncatedAlerts\":-1"), "truncatedAlerts: must be"},
  };
}

TEST(Webhook, NamesThePlaceOfWhateverIsWrong) {
  for (const auto& bad : bad_bodies()) {
    const auto webhook = read_webhook(bad.body);
    EXPECT_THAT(webhook.fault, HasSubstr(bad.place)) << bad.what;
    EXPECT_TRUE(webhook.events.empty()) << bad.what;
    EXPECT_LT(webhook.fault.size(), 300u) << bad.what;
  }
}

TEST(Webhook, TakesEveryPrefixOfABodyForMalformed) {
  const auto body = webhook_of(alert_of(R"({"alertname":"A","service":"web"})"));
  for (std::size_t size = 0; size + 1 < body.size(); ++size) {
    ASSERT_NE(read_webhook(body.substr(0, size)).fault, "") << size;
  }
}

TEST(JsonBodies, PointAtLineAndColumn) {
  EXPECT_THAT(read_json("{\n  \"a\": 1,\n  \"b\": x\n}").fault, HasSubstr("line 3, column 8"));
  EXPECT_TRUE(read_json("{\"a\": [1, \"\xe2\x82\xac\"]}").value);
}

TEST(Values, AreReadExactlyIntoThousandths) {
  const std::vector<std::pair<std::string, std::int64_t>> table = {{"72", 72'000},
                                                                   {"0.72", 720},
                                                                   {"72%", 72'000},
                                                                   {"0.1", 100},
                                                                   {".5", 500},
                                                                   {"5.", 5'000},
                                                                   {"-3.25", -3'250},
                                                                   {"+1", 1'000},
                                                                   {"0.0009", 0},
                                                                   {"1.9999", 1'999},
                                                                   {"-0.0019", -1},
                                                                   {"7.2e+01", 72'000},
                                                                   {"1e3", 1'000'000},
                                                                   {"72333e-3", 72'333},
                                                                   {"1E-3", 1},
                                                                   {"1e-30", 0},
                                                                   {"007", 7'000},
                                                                   {"0.29", 290},
                                                                   {"1.005", 1'005},
                                                                   {"4.35e2", 435'000},
                                                                   {"1e15", value_max * 1'000},
                                                                   {"72.3333333333333333333333333", 72'333}};
  for (const auto& [text, value] : table) EXPECT_EQ(parse_thousandths(text), value) << text;
  for (const auto* text : {"",     "-",      ".",    "%",  "NaN", "+Inf", "1,5", "1.2.3", "1e",
                           "1e+",  "1e1000", "0x10", " 1", "1 ",  "1%%",  "--1", "1e16",  "1000000000000001",
                           "1e31", "72 %"}) {
    EXPECT_FALSE(parse_thousandths(text)) << text;
  }
  EXPECT_FALSE(parse_thousandths(std::string(65, '1')));
}

TEST(Times, AreReadExactlyIntoMicroseconds) {
  const auto at = [](std::string_view text) {
    const auto time = parse_time(text);
    return time ? time->us : -1;
  };
  EXPECT_EQ(at("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(at("1970-01-01T01:00:00.000001+01:00"), 1);
  EXPECT_EQ(at("1969-12-31T19:00:01.5-05:00"), 1'500'000);
  EXPECT_EQ(at("1970-01-01t00:00:00.1234569z"), 123'456);
  EXPECT_EQ(at("1970-01-01 05:45:00+05:45"), 0);
  EXPECT_EQ(at("2016-12-31T23:59:60Z"), at("2017-01-01T00:00:00Z"));
  EXPECT_EQ(at("2024-02-29T00:00:00Z"), days_of({2024, 2, 29}) * day_s * 1'000'000);
  EXPECT_EQ(at("0001-01-01T00:00:00Z"), -62'135'596'800'000'000);
  EXPECT_EQ(at("9999-12-31T23:59:59.999999Z"), 253'402'300'799'999'999);
  for (const auto* text :
       {"", "2026", "2026-11-22", "2026-11-22T00:36:08", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-11-31T00:00:00Z", "2026-11-00T00:00:00Z", "2026-11-22T24:00:00Z",
        "2026-11-22T00:60:00Z", "2026-11-22T00:00:61Z", "2026-11-22T00:00:00.Z", "2026-11-22T00:00:00+1:00",
        "2026-11-22T00:00:00+24:00", "2026-11-22T00:00:00Zx", "26-11-22T00:00:00Z", "2026-1-22T00:00:00Z",
        "-026-11-22T00:00:00Z"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(Names, AreShortPlainAndWithoutSlashes) {
  for (const auto* name : {"a", "web", "acme-tickets", "prod-eu-a", "r3.05.nd", "0", "a_b"}) EXPECT_TRUE(is_name(name));
  for (const auto* name : {"", "-a", "a-", ".", "..", "a/b", "Web", "a b", "\xc3\xbc", "a\n"}) {
    EXPECT_FALSE(is_name(name)) << name;
  }
  EXPECT_TRUE(is_name(std::string(63, 'a')));
  EXPECT_FALSE(is_name(std::string(64, 'a')));
}

}  // namespace
}  // namespace virtscale::signal
