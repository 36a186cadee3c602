#include "compose/settings/documents.hpp"

#include <set>
#include <utility>

#include "compose/settings/fields.hpp"
#include "compose/settings/service.hpp"
#include "schemas/codec.hpp"
#include "topology/ports/log.hpp"

namespace virtscale {
namespace {

constexpr std::size_t nodes_max = 10'000;
constexpr std::size_t numa_nodes_max = 64;
constexpr std::size_t holidays_max = 1'200;  // fifty years of two dozen
// What JSON readers take for an exact integer (RFC 8259, 6).
constexpr std::int64_t version_max = (1LL << 53) - 1;

std::string read_overage(std::string_view text, std::int32_t& value) {
  if (auto fault = read_percent(text, value); !fault.empty()) return fault;
  if (value == 0 || value == 5 || value == 10 || value == 20) return {};
  return "an overage is one of those on offer; write 0%, 5%, 10% or 20%";
}

Document read_contract(const YamlNode& node, Faults& faults) {
  Fields fields(node, "a contract", {"kind", "org", "version", "signed", "quota", "overage", "owner"}, faults);
  Document document;
  document.kind = DocumentKind::contract;
  document.at = node.at;
  document.to = Topic::signals;
  schema::ContractAppliedT body;
  fields.read("org", Presence::needed, read_name, document.org);
  fields.read_number("version", Presence::needed, 1, version_max, body.version);
  fields.read("signed", Presence::needed, read_date, body.signed_);
  if (const auto* quota = fields.find("quota", Presence::needed)) {
    Fields dimensions(*quota, "`quota`", {"vcpu", "ram", "disk"}, faults);
    const auto resources = read_resources(dimensions);
    body.quota = schema::Resources(resources.vcpu_milli, resources.ram_mib, resources.disk_gib);
  }
  fields.read("overage", Presence::needed, read_overage, body.overage_percent);
  fields.read("owner", Presence::needed, read_mail_address, body.owner);
  document.name = document.org;
  document.version = body.version;
  document.key = document.org;
  document.event = schema::encode(body, document.org);
  return document;
}

Document read_calendar(const YamlNode& node, Faults& faults) {
  Fields fields(node, "a calendar", {"kind", "org", "name", "version", "zone", "holidays"}, faults);
  Document document;
  document.kind = DocumentKind::calendar;
  document.at = node.at;
  document.to = Topic::signals;
  schema::CalendarAppliedT body;
  fields.read("org", Presence::needed, read_name, document.org);
  fields.read("name", Presence::needed, read_name, body.name);
  fields.read_number("version", Presence::needed, 1, version_max, body.version);
  fields.read("zone", Presence::needed, read_zone, body.zone);
  if (const auto* holidays = fields.find("holidays", Presence::needed)) {
    for (const auto& item : read_list(*holidays, "`holidays`", holidays_max, faults)) {
      if (auto fault = read_date(item.text, body.holidays.emplace_back()); !fault.empty()) faults.add(item.at, fault);
    }
  }
  document.name = body.name;
  document.version = body.version;
  document.key = document.org;
  document.event = schema::encode(body, document.org);
  return document;
}

std::unique_ptr<schema::NumaSpecT> read_numa(const YamlNode& node, Faults& faults) {
  auto numa = std::make_unique<schema::NumaSpecT>();
  Fields fields(node, "a NUMA node", {"vcpu", "ram"}, faults);
  fields.read("vcpu", Presence::needed, read_vcpu, numa->vcpu_milli);
  fields.read("ram", Presence::needed, read_mebibytes, numa->ram_mib);
  return numa;
}

std::unique_ptr<schema::NodeSpecT> read_node(const YamlNode& node, Faults& faults) {
  auto spec = std::make_unique<schema::NodeSpecT>();
  Fields fields(node, "a node", {"name", "zone", "numa"}, faults);
  fields.read("name", Presence::needed, read_node_name, spec->name);
  fields.read("zone", Presence::needed, read_name, spec->zone);
  const auto* numa = fields.find("numa", Presence::needed);
  if (!numa) return spec;
  const auto& items = read_list(*numa, "`numa`", numa_nodes_max, faults);
  if (numa->kind == YamlNode::Kind::list && numa->items.empty())
    faults.add(numa->at, "a node has at least one NUMA node");
  for (const auto& item : items) spec->numa.push_back(read_numa(item, faults));
  return spec;
}

std::string read_placement(std::string_view text, schema::PlacementOrder& order) {
  order = text == "bin-pack" ? schema::PlacementOrder::bin_pack : schema::PlacementOrder::least_loaded;
  if (order == schema::PlacementOrder::bin_pack || text == "least-loaded") return {};
  return "`" + std::string(text) + "` is not an order of placement; write least-loaded or bin-pack";
}

Document read_cell(const YamlNode& node, Faults& faults) {
  Fields fields(node, "a cell", {"kind", "name", "placement", "nodes"}, faults);
  Document document;
  document.kind = DocumentKind::cell;
  document.at = node.at;
  document.to = Topic::decisions;
  schema::CellAppliedT body;
  fields.read("name", Presence::needed, read_name, body.name);
  fields.read("placement", Presence::optional, read_placement, body.placement);
  std::set<std::string> names;
  if (const auto* nodes = fields.find("nodes", Presence::needed)) {
    for (const auto& item : read_list(*nodes, "`nodes`", nodes_max, faults)) {
      auto spec = read_node(item, faults);
      if (!spec->name.empty() && !names.insert(spec->name).second) {
        faults.add(item.at, "the node " + spec->name + " stands here twice; keep one");
      }
      body.nodes.push_back(std::move(spec));
    }
  }
  document.name = body.name;
  document.key = body.name;
  document.event = schema::encode(body, "");
  if (document.event.size() > event_bytes_max)
    faults.add(node.at, "this cell takes " + std::to_string(document.event.size()) +
                            " bytes in the log, and an event has at most " + std::to_string(event_bytes_max) +
                            "; make several cells of its nodes");
  return document;
}

std::optional<Document> read_document(const YamlNode& node, Faults& faults) {
  const auto no_kind = "a document is a map with `kind`: Contract, Service, Cell or Calendar";
  if (node.kind != YamlNode::Kind::map) {
    faults.add(node.at, no_kind);
    return std::nullopt;
  }
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    if (node.keys[i].text != "kind") continue;
    const auto& kind = node.items[i];
    if (kind.text == name_of(DocumentKind::contract)) return read_contract(node, faults);
    if (kind.text == name_of(DocumentKind::service)) return read_service(node, faults);
    if (kind.text == name_of(DocumentKind::cell)) return read_cell(node, faults);
    if (kind.text == name_of(DocumentKind::calendar)) return read_calendar(node, faults);
    faults.add(kind.at, "this kind is not known; write Contract, Service, Cell or Calendar");
    return std::nullopt;
  }
  faults.add(node.at, no_kind);
  return std::nullopt;
}

/// The documents of one text, each only once.
class Reading {
 public:
  void read(const YamlNode& node) {
    auto document = read_document(node, faults_);
    if (!document) return;
    const auto is_new = seen_.emplace(document->kind, document->key).second;
    if (!is_new && faults_.empty()) {
      faults_.add(node.at, "the " + std::string(name_of(document->kind)) + " " + document->key +
                               " stands in this file twice; keep one");
    }
    documents_.push_back(std::move(*document));
  }

  ParsedDocuments take() {
    if (!faults_.empty()) documents_.clear();
    return {std::move(documents_), faults_.take()};
  }

 private:
  Faults faults_;
  std::set<std::pair<DocumentKind, std::string>> seen_;
  std::vector<Document> documents_;
};

}  // namespace

ParsedDocuments parse_documents(std::string_view text, std::string_view file_name) {
  const auto yaml = parse_yaml(text);
  if (yaml.fault) return {{}, {*yaml.fault}};
  Reading reading;
  for (const auto& node : yaml.documents) {
    // An array of documents, as JSON has it.
    if (node.kind == YamlNode::Kind::list) {
      for (const auto& item : node.items) reading.read(item);
    } else {
      reading.read(node);
    }
  }
  auto parsed = reading.take();
  if (parsed.documents.empty() && parsed.faults.empty()) {
    parsed.faults.push_back({1, 1, std::string(file_name) + " holds no document; write one with `kind`"});
  }
  if (parsed.documents.size() > documents_max)
    return {{}, {{1, 1, "there are more than 1,000 documents; split the file"}}};
  return parsed;
}

}  // namespace virtscale
