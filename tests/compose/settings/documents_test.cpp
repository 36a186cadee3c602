#include "compose/settings/documents.hpp"

#include <gmock/gmock.h>

#include "schemas/codec.hpp"

namespace virtscale {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view contract = R"(kind: Contract
org: acme-tickets
version: 1
signed: 2025-11-02
quota: {vcpu: 100, ram: 480GiB, disk: 10TiB}
overage: 10%                       # 0, 5, 10 or 20
owner: owner@acme-tickets.example
)";

constexpr std::string_view service = R"(kind: Service
org: acme-tickets
name: web
cell: prod-eu-a
domain: {vcpu: 10, ram: 48GiB, disk: 100GiB, template: web-warm, command: [serve, "--port", "{port}"]}
replicas: {min: 2, max: 40}
scale:
  - {on: autoscale.cpu.hi, change: +1, every: 2m}
  - {on: autoscale.cpu.lo, change: -1}
  - {at: "0 8 * * 1-5", zone: Europe/Berlin, replicas: 12}
cooldown: {out: 60s, in: 300s}
health: {path: /healthz, every: 500ms, deadline: 60s}
vip: 10.10.4.12/32
haproxy: {backend: web}
)";

constexpr std::string_view cell = R"(kind: Cell
name: prod-eu-a
nodes:
  - {name: r3.05.nd-04a2c1, zone: zone-b, numa: [{vcpu: 32, ram: 128GiB}, {vcpu: 0.5, ram: 128MiB}]}
)";

constexpr std::string_view calendar = R"(kind: Calendar
org: acme-tickets
name: de-berlin
version: 3
zone: Europe/Berlin
holidays:
  - 2026-05-01                     # Labour Day
  - 2026-05-14
)";

ParsedDocuments parse(std::string_view text) {
  return parse_documents(text, "test.yaml");
}

/// `text` with `from` replaced, which must stand in it.
std::string with(std::string_view text, std::string_view from, std::string_view to) {
  std::string changed(text);
  const auto at = changed.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return changed.replace(at, from.size(), to);
}

std::string first_fault(const std::string& text) {
  const auto parsed = parse(text);
  EXPECT_TRUE(parsed.faults.empty() || parsed.documents.empty());
  if (parsed.faults.empty()) return "no fault";
  const auto& fault = parsed.faults.front();
  return std::to_string(fault.line) + ":" + std::to_string(fault.column) + ": " + fault.message;
}

template <class Body>
auto unpacked(const Document& document) {
  const auto* event = schema::verify_event(document.event);
  EXPECT_NE(event, nullptr);
  EXPECT_EQ(event->org()->str(), document.org);
  EXPECT_TRUE(event->body_type() == schema::BodyTraits<Body>::enum_value);
  return std::unique_ptr<typename Body::NativeTableType>(static_cast<const Body*>(event->body())->UnPack());
}

TEST(Documents, ReadAContractIntoItsEvent) {
  const auto parsed = parse(contract);
  ASSERT_THAT(parsed.faults, IsEmpty());
  ASSERT_THAT(parsed.documents, SizeIs(1));
  const auto& document = parsed.documents[0];
  EXPECT_EQ(document.kind, DocumentKind::contract);
  EXPECT_EQ(document.to, Topic::signals);
  EXPECT_EQ(document.key, "acme-tickets");
  EXPECT_EQ(document.version, 1);
  const auto body = unpacked<schema::ContractApplied>(document);
  EXPECT_EQ(body->version, 1);
  EXPECT_EQ(body->signed_, "2025-11-02");
  EXPECT_EQ(body->quota.vcpu_milli(), 100'000);
  EXPECT_EQ(body->quota.ram_mib(), 480 * 1'024);
  EXPECT_EQ(body->quota.disk_gib(), 10 * 1'024);
  EXPECT_EQ(body->overage_percent, 10);
  EXPECT_EQ(body->owner, "owner@acme-tickets.example");
}

TEST(Documents, ReadAServiceIntoItsEvent) {
  const auto parsed = parse(service);
  ASSERT_THAT(parsed.faults, IsEmpty());
  const auto& document = parsed.documents.at(0);
  EXPECT_EQ(document.to, Topic::alerts);
  EXPECT_EQ(document.key, "acme-tickets/web");
  ASSERT_THAT(document.rules, SizeIs(3));
  EXPECT_EQ(document.rules[2].line, 10u);
  EXPECT_EQ(document.rules[2].column, 5u);
  const auto body = unpacked<schema::ServiceApplied>(document);
  const auto& spec = *body->spec;
  EXPECT_EQ(spec.cell, "prod-eu-a");
  EXPECT_EQ(spec.domain.vcpu_milli(), 10'000);
  EXPECT_EQ(spec.domain_template, "web-warm");
  EXPECT_THAT(spec.command, ElementsAre("serve", "--port", "{port}"));
  EXPECT_EQ(spec.replicas_max, 40);
  ASSERT_THAT(spec.rules, SizeIs(3));
  EXPECT_EQ(spec.rules[0]->on, "autoscale.cpu.hi");
  EXPECT_EQ(spec.rules[0]->mode, schema::ScaleMode::by);
  EXPECT_EQ(spec.rules[0]->every_us, 120'000'000);
  EXPECT_EQ(spec.rules[1]->amount, -1);
  EXPECT_EQ(spec.rules[2]->mode, schema::ScaleMode::to);
  EXPECT_EQ(spec.rules[2]->amount, 12);
  EXPECT_EQ(spec.rules[2]->cron, "0 8 * * 1-5");
  EXPECT_EQ(spec.rules[2]->zone, "Europe/Berlin");
  EXPECT_EQ(spec.cooldown_in_us, 300'000'000);
  EXPECT_EQ(spec.health->every_us, 500'000);
  EXPECT_EQ(spec.vip, "10.10.4.12/32");
  EXPECT_EQ(spec.haproxy_backend, "web");
}

TEST(Documents, GiveAServiceWhatItLeavesOut) {
  const auto parsed = parse(
      "kind: Service\norg: a\nname: web\ncell: c\ndomain: {vcpu: 500m, ram: 1MiB, disk: 0GiB}\n"
      "replicas: {min: 0, max: 1}\n");
  ASSERT_THAT(parsed.faults, IsEmpty());
  const auto body = unpacked<schema::ServiceApplied>(parsed.documents.at(0));
  EXPECT_EQ(body->spec->cooldown_out_us, 60'000'000);
  EXPECT_EQ(body->spec->cooldown_in_us, 300'000'000);
  EXPECT_EQ(body->spec->health->path, "/healthz");
  EXPECT_EQ(body->spec->haproxy_backend, "");
}

TEST(Documents, ReadACellIntoItsEvent) {
  const auto parsed = parse(cell);
  ASSERT_THAT(parsed.faults, IsEmpty());
  const auto& document = parsed.documents.at(0);
  EXPECT_EQ(document.to, Topic::decisions);
  EXPECT_EQ(document.key, "prod-eu-a");
  EXPECT_EQ(document.org, "");
  const auto body = unpacked<schema::CellApplied>(document);
  ASSERT_THAT(body->nodes, SizeIs(1));
  EXPECT_EQ(body->nodes[0]->name, "r3.05.nd-04a2c1");
  EXPECT_EQ(body->nodes[0]->numa.at(1)->vcpu_milli, 500);
  EXPECT_EQ(body->nodes[0]->numa.at(1)->ram_mib, 128);
  EXPECT_THAT(parse("{kind: Cell, name: empty, nodes: []}").faults, IsEmpty());
}

TEST(Documents, ReadACellsOrderOfPlacement) {
  const auto placement = [](const std::string& text) {
    const auto parsed = parse(text);
    EXPECT_THAT(parsed.faults, IsEmpty()) << text;
    return unpacked<schema::CellApplied>(parsed.documents.at(0))->placement;
  };
  const auto least_loaded = with(cell, "nodes:", "placement: least-loaded\nnodes:");
  EXPECT_EQ(placement(std::string(cell)), schema::PlacementOrder::least_loaded);
  EXPECT_EQ(placement(least_loaded), schema::PlacementOrder::least_loaded);
  EXPECT_EQ(placement(with(cell, "nodes:", "placement: bin-pack\nnodes:")), schema::PlacementOrder::bin_pack);
  EXPECT_EQ(parse(least_loaded).documents.at(0).event, parse(cell).documents.at(0).event);
}

TEST(Documents, RefuseACellThatNoEventHolds) {
  std::string text = "{kind: Cell, name: wide, nodes: [";
  for (int node = 0; node < 10'000; ++node)
    text +=
        "{name: node-" + std::to_string(node) + ", zone: z1, numa: [{vcpu: 8, ram: 64GiB}, {vcpu: 8, ram: 64GiB}]},";
  const auto parsed = parse(text + "]}");
  EXPECT_THAT(parsed.documents, IsEmpty());
  ASSERT_THAT(parsed.faults, SizeIs(1));
  EXPECT_THAT(parsed.faults[0].message, HasSubstr("make several cells of its nodes"));
}

TEST(Documents, ReadACalendarIntoItsEvent) {
  const auto parsed = parse(calendar);
  ASSERT_THAT(parsed.faults, IsEmpty()) << parsed.faults[0].message;
  const auto& document = parsed.documents.at(0);
  EXPECT_EQ(document.kind, DocumentKind::calendar);
  EXPECT_EQ(document.to, Topic::signals);
  EXPECT_EQ(document.key, "acme-tickets");
  EXPECT_EQ(document.name, "de-berlin");
  EXPECT_EQ(document.version, 3);
  const auto body = unpacked<schema::CalendarApplied>(document);
  EXPECT_EQ(body->version, 3);
  EXPECT_EQ(body->zone, "Europe/Berlin");
  EXPECT_THAT(body->holidays, ElementsAre("2026-05-01", "2026-05-14"));
}

TEST(Documents, ReadSeveralInTheOrderOfTheFile) {
  const auto parsed = parse(std::string(service) + "---\n" + std::string(contract) + "---\n---\n" + std::string(cell));
  ASSERT_THAT(parsed.faults, IsEmpty());
  ASSERT_THAT(parsed.documents, SizeIs(3));
  EXPECT_EQ(parsed.documents[0].kind, DocumentKind::service);
  EXPECT_EQ(parsed.documents[1].at.line, 16u);
}

TEST(Documents, ReadJson) {
  const auto parsed = parse(
      "[{\"kind\": \"Cell\",\n\t\"name\": \"c\", \"nodes\": []},\n"
      " {\"kind\":\"Contract\",\"org\":\"acme\",\"version\":2,\"signed\":\"2024-02-29\",\"overage\":\"5%\","
      "\"quota\":{\"vcpu\":1.5,\"ram\":\"1GiB\",\"disk\":\"1GiB\"},\"owner\":\"a\\u0062@c.example\"}]");
  ASSERT_THAT(parsed.faults, IsEmpty()) << parsed.faults[0].message;
  ASSERT_THAT(parsed.documents, SizeIs(2));
  EXPECT_EQ(unpacked<schema::ContractApplied>(parsed.documents[1])->owner, "ab@c.example");
}

TEST(Documents, NameTheLineAndColumnOfEveryFaultAndApplyNothing) {
  const auto text = with(with(std::string(contract), "480GiB", "480GB"), "version: 1", "version: 0\ncolour: red");
  const auto parsed = parse(text + "---\n" + std::string(cell));
  EXPECT_THAT(parsed.documents, IsEmpty());
  ASSERT_THAT(parsed.faults, SizeIs(3));
  EXPECT_EQ(parsed.faults[0].line, 3u);
  EXPECT_EQ(parsed.faults[0].column, 10u);
  EXPECT_THAT(parsed.faults[0].message, HasSubstr("version: 0 is out of range; write 1 to"));
  EXPECT_EQ(parsed.faults[1].line, 4u);
  EXPECT_EQ(parsed.faults[1].column, 1u);
  EXPECT_THAT(parsed.faults[1].message, HasSubstr("`colour` is not known in a contract; it takes kind, org, version"));
  EXPECT_EQ(parsed.faults[2].line, 6u);
  EXPECT_EQ(parsed.faults[2].column, 25u);
  EXPECT_THAT(parsed.faults[2].message, HasSubstr("decimal unit; write GiB"));
}

struct Slip {
  std::string_view text;
  std::string_view from;
  std::string_view to;
  std::string_view says;
};

TEST(Documents, RefuseEachSlipWithItsRemedy) {
  const Slip slips[] = {
      {contract, "kind: Contract", "kind: Contrakt",
       "1:7: this kind is not known; write Contract, Service, Cell or Calendar"},
      {contract, "kind: Contract\n", "", "1:1: a document is a map with `kind`"},
      {contract, "acme-tickets\n", "Acme\n", "2:6: org: `Acme` is not a name"},
      {contract, "acme-tickets\n", "acme/x\n", "2:6: org: `acme/x` is not a name"},
      {contract, "version: 1\n", "", "1:1: a contract needs `version`; add it"},
      {contract, "version: 1\n", "version: 1.5\n", "3:10: version: `1.5` is not an integer"},
      {contract, "version: 1\n", "version: 99999999999999999999\n", "3:10: version:"},
      {contract, "version: 1\n", "version:\n", "must be one value"},
      {contract, "2025-11-02", "2025-02-29", "4:9: signed: `2025-02-29` is not a day"},
      {contract, "vcpu: 100", "vcpu: -1", "5:15: vcpu: `-1` is not a number of vCPU"},
      {contract, "vcpu: 100", "vcpu: 1e3", "is not a number of vCPU"},
      {contract, "vcpu: 100", "vcpu: 0.0001", "is not a number of vCPU"},
      {contract, "ram: 480GiB", "ram: 480", "`480` is not a size; write a whole number and its unit"},
      {contract, "ram: 480GiB", "ram: 1.5GiB", "is not a size"},
      {contract, "disk: 10TiB", "disk: 512MiB", "not a whole number of GiB"},
      {contract, "disk: 10TiB", "disk: 99999999999TiB", "write less"},
      {contract, "10%", "10", "6:10: overage: `10` is not a percentage"},
      {contract, "10%", "15%", "write 0%, 5%, 10% or 20%"},
      {contract, "owner@acme-tickets.example", "nobody", "is not a mail address"},
      {contract, "org: acme-tickets", "org: acme\norg: acme", "3:1: `org` stands here twice"},
      {service, "min: 2, max: 40", "min: 41, max: 40", "6:11: `min` is above `max`"},
      {service, "max: 40", "max: 10001", "10001 is out of range; write 0 to 10000"},
      {service, "min: 2", "min: -1", "-1 is out of range"},
      {service, "change: +1", "change: 0", "a change is +1 to +10000"},
      {service, "change: +1", "change: 10001", "a change is +1 to +10000"},
      {service, "change: +1", "change: +1, replicas: 3", "8:5: a rule needs either `change` or `replicas`"},
      {service, "on: autoscale.cpu.hi, ", "", "8:5: a rule needs either `on` (an alert) or `at`"},
      {service, "autoscale.cpu.lo", "autoscale.cpu.hi", "9:5: an earlier rule has the same cause"},
      {service, "every: 2m", "every: 2", "is not a duration; write a whole number and its unit"},
      {service, "every: 2m", "every: 10ms", "is out of range; write 1s to 168h"},
      {service, "0 8 * * 1-5", "0 8 * *", "is not a schedule; write five fields"},
      {service, "zone: Europe/Berlin, ", "", "a rule of `scale` needs `zone`"},
      {service, "Europe/Berlin", "../etc/passwd", "is not a time zone"},
      {service, "path: /healthz", "path: healthz", "a path begins with `/`"},
      {service, "every: 500ms", "every: 99ms", "write 100ms to 1h"},
      {service, "every: 500ms", "every: 61s", "longer than `deadline`"},
      {service, "vcpu: 10,", "vcpu: 0,", "a domain needs more than no vcpu"},
      {service, "[serve, ", "[[serve], ", "a word of `command` is a text"},
      {service, "10.10.4.12/32", "10.10.4.12", "is not an address with its prefix length"},
      {service, "10.10.4.12/32", "10.10.4.12/33", "is not an address with its prefix length"},
      {service, "10.10.4.12/32", "\"10.10.4.12\\0/32\"", "is not an address with its prefix length"},
      {service, "haproxy: {backend: web}", "haproxy: {backend: \"web; shutdown\"}", "a backend of HAProxy has letters"},
      {service, "cooldown: {out: 60s, in: 300s}", "cooldown: 60s", "11:11: `cooldown` must be a map"},
      {service, "scale:\n", "scale: 3\nextra:\n", "7:8: `scale` must be a list"},
      {calendar, "2026-05-01", "2026-02-30", "7:5: `2026-02-30` is not a day; write it as YYYY-MM-DD"},
      {calendar, "- 2026-05-01", "- {day: 2026-05-01}", "7:5: `` is not a day"},
      {calendar, "version: 3\n", "", "1:1: a calendar needs `version`; add it"},
      {calendar, "Europe/Berlin", "/etc/passwd", "5:7: zone: `/etc/passwd` is not a time zone"},
      {calendar, "de-berlin", "Germany | Berlin", "name: `Germany | Berlin` is not a name"},
      {cell, "numa: [", "numa: [], x: [", "a node has at least one NUMA node"},
      {cell, "nodes:", "placement: binpack\nnodes:",
       "3:12: placement: `binpack` is not an order of placement; write least-loaded or bin-pack"},
      {cell, "nodes:", "placement: [bin-pack]\nnodes:", "3:12: `placement` must be one value"},
      {cell, "nodes:", "placement:\nnodes:", "4:1: `placement` must be one value"},
      {cell, "r3.05.nd-04a2c1", "r3..nd", "is not a node's name"},
      {cell, "128MiB", "0.5GiB", "is not a size"},
  };
  for (const auto& slip : slips) {
    const auto parsed = parse(with(slip.text, slip.from, slip.to));
    std::string all;
    for (const auto& fault : parsed.faults) {
      all += std::to_string(fault.line) + ":" + std::to_string(fault.column) + ": " + fault.message + "\n";
    }
    EXPECT_THAT(all, HasSubstr(std::string(slip.says))) << slip.to;
    EXPECT_THAT(parsed.documents, IsEmpty()) << slip.to;
  }
}

TEST(Documents, RefuseTheSameDocumentTwice) {
  EXPECT_THAT(first_fault(std::string(cell) + "---\n" + std::string(cell)), HasSubstr("6:1: the Cell prod-eu-a"));
}

TEST(Documents, AreBounded) {
  std::string nodes = "kind: Cell\nname: big\nnodes:\n";
  for (int i = 0; i < 10'001; ++i)
    nodes += "  - {name: n" + std::to_string(i) + ", zone: z, numa: [{vcpu: 1, ram: 1GiB}]}\n";
  EXPECT_THAT(first_fault(nodes), HasSubstr("at most 10000 entries"));
  std::string days(calendar);
  for (int i = 0; i < 1'199; ++i) days += "  - 2027-01-01\n";
  EXPECT_THAT(first_fault(days), HasSubstr("at most 1200 entries"));
  std::string many;
  for (int i = 0; i < 1'001; ++i) many += "---\nkind: Cell\nname: c" + std::to_string(i) + "\nnodes: []\n";
  EXPECT_THAT(first_fault(many), HasSubstr("more than 1,000 documents"));
  std::string faulty = "kind: Cell\nname: c\nnodes:\n";
  for (int i = 0; i < 5'000; ++i) faulty += "  - x\n";
  EXPECT_THAT(parse(faulty).faults, SizeIs(100));
}

TEST(Documents, SayWhenThereAreNone) {
  EXPECT_THAT(first_fault(""), HasSubstr("test.yaml holds no document"));
  EXPECT_THAT(first_fault("---\n# nothing\n"), HasSubstr("holds no document"));
}

}  // namespace
}  // namespace virtscale
