#include "stages/signal/edges/webhook.hpp"

#include <boost/json.hpp>
#include <utility>

#include "stages/signal/edges/json_body.hpp"
#include "stages/signal/edges/text.hpp"
#include "stages/signal/state.hpp"

namespace virtscale::signal {
namespace {

namespace json = boost::json;

constexpr std::string_view pool_prefix = "vm-pool/";

// Reads members by name, and keeps the first fault with its place.
struct Reader {
  std::string place;
  std::string& fault;

  void fail(std::string_view member, std::string_view what) {
    if (!fault.empty()) return;
    fault = place + (place.empty() || member.empty() ? "" : ".") + std::string(member) + ": " + std::string(what);
  }

  std::string_view optional_text(const json::object& in, std::string_view member) {
    const auto* value = in.if_contains(member);
    if (value == nullptr) return {};
    if (!value->is_string()) {
      fail(member, "must be a string");
      return {};
    }
    const std::string_view text = value->get_string();
    if (text.size() > text_bytes_max) fail(member, "is longer than 65,536 bytes");
    return text;
  }

  std::string_view text(const json::object& in, std::string_view member) {
    if (in.if_contains(member) == nullptr) fail(member, "is missing");
    return optional_text(in, member);
  }

  std::int64_t time(const json::object& in, std::string_view member) {
    const auto at = parse_time(text(in, member));
    if (!at) fail(member, "must be a time such as 2026-11-22T00:36:08.688Z");
    return at ? at->us : 0;
  }

  // An object of strings; an empty one if it is absent.
  const json::object& texts(const json::object& in, std::string_view member) {
    static const json::object none;
    const auto* value = in.if_contains(member);
    if (value == nullptr) return none;
    if (!value->is_object()) {
      fail(member, "must be an object");
      return none;
    }
    const auto& object = value->get_object();
    if (object.size() > labels_max) {
      fail(member, "has " + std::to_string(object.size()) + " entries, at most 1,000 are allowed");
      return none;
    }
    Reader inner{place + "." + std::string(member), fault};
    for (const auto& entry : object) {
      if (entry.key().size() > text_bytes_max) inner.fail("", "a name is longer than 65,536 bytes");
      inner.optional_text(object, entry.key());
    }
    return fault.empty() ? object : none;
  }
};

std::string_view member_of(const json::object& texts, std::string_view name) {
  const auto* value = texts.if_contains(name);
  return value == nullptr ? std::string_view() : std::string_view(value->get_string());
}

// Cut between characters.
std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  auto end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

std::string_view service_of(const json::object& labels) {
  const auto service = member_of(labels, "service");
  if (!service.empty()) return service;
  auto pool = member_of(labels, "pool");
  if (pool.starts_with(pool_prefix)) pool.remove_prefix(pool_prefix.size());
  return pool;
}

std::string_view why_unroutable(std::string_view service, std::string_view name, std::string_view fingerprint) {
  if (name.empty()) return "the alert has no label `alertname`";
  if (name.size() > alert_name_bytes_max) return "the label `alertname` is longer than 1,024 bytes";
  if (fingerprint.size() > fingerprint_bytes_max) return "the fingerprint is longer than 256 bytes";
  if (service.empty()) return "the alert has neither a label `service` nor `pool`: add one to its rule";
  if (!is_name(service)) return "the label `service` or `pool` is not the name of a service";
  return {};
}

std::int64_t value_of(const json::object& annotations, const json::object& labels) {
  const auto annotated = member_of(annotations, "value");
  return parse_thousandths(annotated.empty() ? member_of(labels, "value") : annotated).value_or(0);
}

schema::AlertUnroutableT unroutable(std::string_view name, std::string_view fingerprint, std::string_view reason,
                                    const json::value& payload) {
  schema::AlertUnroutableT event;
  event.name = cut(name, alert_name_bytes_max);
  event.fingerprint = cut(fingerprint, fingerprint_bytes_max);
  event.reason = reason;
  event.payload = cut(json::serialize(payload), payload_bytes_max);
  return event;
}

// What raised and resolved alerts have in common.
template <class Event>
Event alert_event(std::string_view service, std::string_view name, std::string_view fingerprint, std::int64_t start) {
  Event event;
  event.service = service;
  event.name = name;
  event.fingerprint = fingerprint;
  event.starts_at_us = start;
  return event;
}

AlertEvent read_alert(Reader& reader, const json::object& alert) {
  const auto status = reader.text(alert, "status");
  const auto fingerprint = reader.text(alert, "fingerprint");
  const auto start = reader.time(alert, "startsAt");
  const auto& labels = reader.texts(alert, "labels");
  const auto& annotations = reader.texts(alert, "annotations");
  if (fingerprint.empty()) reader.fail("fingerprint", "must not be empty");
  if (status != "firing" && status != "resolved") reader.fail("status", "must be `firing` or `resolved`");
  if (!reader.fault.empty()) return schema::AlertUnroutableT{};
  const auto name = member_of(labels, "alertname");
  const auto service = service_of(labels);
  const auto reason = why_unroutable(service, name, fingerprint);
  if (!reason.empty()) return unroutable(name, fingerprint, reason, alert);
  if (status == "resolved") {
    auto event = alert_event<schema::AlertResolvedT>(service, name, fingerprint, start);
    event.ends_at_us = reader.time(alert, "endsAt");
    return event;
  }
  auto event = alert_event<schema::AlertRaisedT>(service, name, fingerprint, start);
  event.value_milli = value_of(annotations, labels);
  event.summary = member_of(annotations, "summary");
  return event;
}

const json::array* alerts_of(Reader& reader, const json::object& body) {
  if (reader.text(body, "version") != "4") reader.fail("version", "must be \"4\", as Alertmanager's webhooks have it");
  const auto* alerts = body.if_contains("alerts");
  if (alerts == nullptr || !alerts->is_array()) {
    reader.fail("alerts", "must be an array");
  } else if (alerts->get_array().size() > alerts_max) {
    reader.fail("alerts", "has more than 10,000 entries");
  }
  return reader.fault.empty() ? &alerts->get_array() : nullptr;
}

// What was left out can never be known, but that it was must not go unseen.
void note_truncation(Reader& reader, const json::object& body, std::vector<AlertEvent>& events) {
  const auto* left_out = body.if_contains("truncatedAlerts");
  if (left_out == nullptr) return;
  if (!left_out->is_int64() || left_out->get_int64() < 0) {
    return reader.fail("truncatedAlerts", "must be an integer, 0 or more");
  }
  if (left_out->get_int64() == 0) return;
  events.emplace_back(unroutable("", reader.optional_text(body, "groupKey"),
                                 "Alertmanager has left alerts out of a group: set max_alerts of its webhook to 0",
                                 *left_out));
}

void read_body(Webhook& webhook, const json::value& body) {
  Reader reader{"", webhook.fault};
  if (!body.is_object()) return reader.fail("the body", "must be an object");
  const auto* alerts = alerts_of(reader, body.get_object());
  if (alerts == nullptr) return;
  for (std::size_t i = 0; i < alerts->size() && webhook.fault.empty(); ++i) {
    Reader inner{"alerts[" + std::to_string(i) + "]", webhook.fault};
    if ((*alerts)[i].is_object())
      webhook.events.push_back(read_alert(inner, (*alerts)[i].get_object()));
    else
      inner.fail("", "must be an object");
  }
  note_truncation(reader, body.get_object(), webhook.events);
}

}  // namespace

Webhook read_webhook(std::string_view body) {
  Webhook webhook;
  const auto read = read_json(body);
  webhook.fault = read.fault;
  if (read.value) read_body(webhook, *read.value);
  if (!webhook.fault.empty()) webhook.events.clear();
  return webhook;
}

}  // namespace virtscale::signal
