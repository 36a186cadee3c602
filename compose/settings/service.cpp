#include "compose/settings/service.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "schemas/codec.hpp"

namespace virtscale {
namespace {

constexpr auto cooldown_out_default = seconds(60);
constexpr auto cooldown_in_default = seconds(300);
constexpr auto cooldown_max = hours(24 * 7);
// A probe more often than this is load, not a probe.
constexpr auto health_every_min = milliseconds(100);
// The timers of the signal stage are no finer.
constexpr auto rule_every_min = seconds(1);
constexpr std::size_t alert_name_bytes_max = 256;
constexpr std::size_t path_bytes_max = 1'024;

std::string read_path(std::string_view text, std::string& value) {
  const auto is_plain = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!text.starts_with('/') || text.size() > path_bytes_max || !std::all_of(text.begin(), text.end(), is_plain)) {
    return "a path begins with `/` and has no spaces; write /healthz";
  }
  value = text;
  return {};
}

std::string read_change(std::string_view text, std::int64_t& value) {
  if (auto fault = read_integer(text, value); !fault.empty()) return fault;
  if (value != 0 && value >= -replicas_max && value <= replicas_max) return {};
  return "a change is +1 to +10000 or -1 to -10000";
}

std::string read_backend(std::string_view text, std::string& value) {
  const auto may_stand = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-.:").find(c) != std::string_view::npos;
  };
  if (text.empty() || text.size() > name_bytes_max || !std::all_of(text.begin(), text.end(), may_stand)) {
    return "a backend of HAProxy has letters, digits and `_-.:`, at most 63; write the name that haproxy.cfg has";
  }
  value = text;
  return {};
}

void read_domain(const YamlNode& node, schema::ServiceSpecT& spec, Faults& faults) {
  Fields fields(node, "a domain", {"vcpu", "ram", "disk", "template", "command"}, faults);
  const auto resources = read_resources(fields);
  spec.domain = schema::Resources(resources.vcpu_milli, resources.ram_mib, resources.disk_gib);
  if (resources.vcpu_milli == 0) faults.add(node.at, "a domain needs more than no vcpu; write at least 1m");
  if (resources.ram_mib == 0) faults.add(node.at, "a domain needs more than no ram; write at least 1MiB");
  fields.read("template", Presence::optional, read_node_name, spec.domain_template);
  const auto* command = fields.find("command", Presence::optional);
  if (!command) return;
  for (const auto& word : read_list(*command, "`command`", command_words_max, faults)) {
    if (word.text.empty() || word.text.size() > command_word_bytes_max) {
      faults.add(word.at, "a word of `command` is a text of 1 to 4096 bytes; quote what is not");
    }
    spec.command.push_back(word.text);
  }
}

void read_replicas(Fields& service, schema::ServiceSpecT& spec) {
  const auto* node = service.find("replicas", Presence::needed);
  if (!node) return;
  Fields fields(*node, "`replicas`", {"min", "max"}, service.faults());
  const auto has_min = fields.read_number("min", Presence::needed, 0, replicas_max, spec.replicas_min);
  const auto has_max = fields.read_number("max", Presence::needed, 0, replicas_max, spec.replicas_max);
  if (has_min && has_max && spec.replicas_min > spec.replicas_max) {
    service.faults().add(node->at, "`min` is above `max`; write a range");
  }
}

/// What to change to: `change` or `replicas`.
void read_amount(Fields& fields, schema::ScaleRuleT& rule) {
  std::int64_t amount = 0;
  const auto* change = fields.find("change", Presence::optional);
  const auto* replicas = fields.find("replicas", Presence::optional);
  if ((change == nullptr) == (replicas == nullptr)) {
    return fields.faults().add(fields.at(), "a rule needs either `change` or `replicas`; write one of them");
  }
  if (change) {
    fields.read("change", Presence::needed, read_change, amount);
  } else {
    fields.read_number("replicas", Presence::needed, 0, replicas_max, amount);
  }
  rule.mode = change ? schema::ScaleMode::by : schema::ScaleMode::to;
  rule.amount = static_cast<std::int32_t>(amount);
}

void read_alert_rule(Fields& fields, schema::ScaleRuleT& rule) {
  fields.read_line("on", Presence::needed, alert_name_bytes_max, rule.on);
  Duration every;
  if (fields.read_time("every", Presence::optional, rule_every_min, cooldown_max, every)) rule.every_us = every.us;
  if (const auto* zone = fields.find("zone", Presence::optional)) {
    fields.faults().add(zone->at, "`zone` belongs to a rule with `at`; take it out");
  }
}

void read_schedule_rule(Fields& fields, schema::ScaleRuleT& rule) {
  fields.read("at", Presence::needed, read_cron, rule.cron);
  fields.read("zone", Presence::needed, read_zone, rule.zone);
  if (const auto* every = fields.find("every", Presence::optional)) {
    fields.faults().add(every->at, "`every` belongs to a rule with `on`; take it out");
  }
  if (const auto* change = fields.find("change", Presence::optional)) {
    fields.faults().add(change->at, "a schedule sets a number, it adds none; write `replicas`");
  }
}

std::unique_ptr<schema::ScaleRuleT> read_rule(const YamlNode& node, Faults& faults) {
  auto rule = std::make_unique<schema::ScaleRuleT>();
  Fields fields(node, "a rule of `scale`", {"on", "at", "zone", "change", "replicas", "every"}, faults);
  if (node.kind != YamlNode::Kind::map) return rule;
  const auto* on = fields.find("on", Presence::optional);
  const auto* at = fields.find("at", Presence::optional);
  if ((on == nullptr) == (at == nullptr)) {
    faults.add(node.at, "a rule needs either `on` (an alert) or `at` (a schedule); write one of them");
    return rule;
  }
  read_amount(fields, *rule);
  on ? read_alert_rule(fields, *rule) : read_schedule_rule(fields, *rule);
  return rule;
}

void read_rules(Fields& service, Document& document, schema::ServiceSpecT& spec) {
  const auto* node = service.find("scale", Presence::optional);
  if (!node) return;
  std::set<std::pair<std::string, std::string>> causes;
  for (const auto& item : read_list(*node, "`scale`", rules_max, service.faults())) {
    auto rule = read_rule(item, service.faults());
    const auto is_new = causes.emplace(rule->on, rule->cron + "\n" + rule->zone).second;
    if (!is_new && (!rule->on.empty() || !rule->cron.empty())) {
      service.faults().add(item.at, "an earlier rule has the same cause, so this one would never apply; keep one");
    }
    document.rules.push_back(item.at);
    spec.rules.push_back(std::move(rule));
  }
}

void read_cooldown(Fields& service, schema::ServiceSpecT& spec) {
  auto out = cooldown_out_default;
  auto in = cooldown_in_default;
  if (const auto* node = service.find("cooldown", Presence::optional)) {
    Fields fields(*node, "`cooldown`", {"out", "in"}, service.faults());
    fields.read_time("out", Presence::optional, {0}, cooldown_max, out);
    fields.read_time("in", Presence::optional, {0}, cooldown_max, in);
  }
  spec.cooldown_out_us = out.us;
  spec.cooldown_in_us = in.us;
}

void read_health(Fields& service, schema::ServiceSpecT& spec) {
  auto every = milliseconds(500);
  auto deadline = seconds(60);
  spec.health = std::make_unique<schema::HealthT>();
  spec.health->path = "/healthz";
  if (const auto* node = service.find("health", Presence::optional)) {
    Fields fields(*node, "`health`", {"path", "every", "deadline"}, service.faults());
    fields.read("path", Presence::optional, read_path, spec.health->path);
    fields.read_time("every", Presence::optional, health_every_min, hours(1), every);
    fields.read_time("deadline", Presence::optional, health_every_min, hours(1), deadline);
    if (every > deadline) service.faults().add(node->at, "`every` is longer than `deadline`: nothing would be probed");
  }
  spec.health->every_us = every.us;
  spec.health->deadline_us = deadline.us;
}

}  // namespace

WrittenResources read_resources(Fields& fields) {
  WrittenResources resources;
  fields.read("vcpu", Presence::needed, read_vcpu, resources.vcpu_milli);
  fields.read("ram", Presence::needed, read_mebibytes, resources.ram_mib);
  fields.read("disk", Presence::needed, read_gibibytes, resources.disk_gib);
  return resources;
}

Document read_service(const YamlNode& node, Faults& faults) {
  Fields fields(node, "a service",
                {"kind", "org", "name", "cell", "domain", "replicas", "scale", "cooldown", "health", "vip", "haproxy"},
                faults);
  Document document;
  document.kind = DocumentKind::service;
  document.at = node.at;
  document.to = Topic::alerts;
  schema::ServiceAppliedT body;
  body.spec = std::make_unique<schema::ServiceSpecT>();
  auto& spec = *body.spec;
  fields.read("org", Presence::needed, read_name, document.org);
  fields.read("name", Presence::needed, read_name, spec.name);
  fields.read("cell", Presence::needed, read_name, spec.cell);
  if (const auto* domain = fields.find("domain", Presence::needed)) read_domain(*domain, spec, faults);
  read_replicas(fields, spec);
  read_rules(fields, document, spec);
  read_cooldown(fields, spec);
  read_health(fields, spec);
  fields.read("vip", Presence::optional, read_prefix, spec.vip);
  if (const auto* haproxy = fields.find("haproxy", Presence::optional)) {
    Fields(*haproxy, "`haproxy`", {"backend"}, faults)
        .read("backend", Presence::needed, read_backend, spec.haproxy_backend);
  }
  document.name = spec.name;
  document.key = document.org + "/" + spec.name;
  document.event = schema::encode(body, document.org);
  return document;
}

}  // namespace virtscale
