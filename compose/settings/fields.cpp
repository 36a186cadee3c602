#include "compose/settings/fields.hpp"

#include <algorithm>
#include <utility>

namespace virtscale {
namespace {

std::string joined(std::initializer_list<std::string_view> words) {
  std::string text;
  for (const auto word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

std::string shown(Duration duration) {
  for (const auto& [unit, us] : {std::pair{"h", 3'600'000'000LL}, {"m", 60'000'000LL}, {"s", 1'000'000LL}}) {
    if (duration.us >= us && duration.us % us == 0) return std::to_string(duration.us / us) + unit;
  }
  return std::to_string(duration.us / 1'000) + "ms";
}

}  // namespace

void Faults::add(DocumentPlace at, std::string message) {
  if (faults_.size() < faults_max) faults_.push_back({at.line, at.column, std::move(message)});
}

std::vector<DocumentFault> Faults::take() {
  std::stable_sort(faults_.begin(), faults_.end(), [](const DocumentFault& a, const DocumentFault& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  return std::move(faults_);
}

const std::vector<YamlNode>& read_list(const YamlNode& node, std::string_view what, std::size_t items_max,
                                       Faults& faults) {
  static const std::vector<YamlNode> none;
  if (node.kind != YamlNode::Kind::list) {
    faults.add(node.at, std::string(what) + " must be a list; write `- item` or [item, item]");
    return none;
  }
  if (node.items.size() > items_max) {
    faults.add(node.at,
               std::string(what) + " may have at most " + std::to_string(items_max) + " entries; take some out");
    return none;
  }
  return node.items;
}

Fields::Fields(const YamlNode& node, std::string_view what, std::initializer_list<std::string_view> known,
               Faults& faults)
    : node_(node), what_(what), faults_(faults) {
  if (node.kind != YamlNode::Kind::map) {
    faults.add(node.at, what_ + " must be a map; write `key: value` for each of " + joined(known));
    return;
  }
  for (const auto& key : node.keys) {
    if (std::find(known.begin(), known.end(), key.text) != known.end()) continue;
    std::string shown_key;
    read_plain_line(std::string_view(key.text).substr(0, 64), 64, shown_key);
    faults.add(key.at, "`" + shown_key + "` is not known in " + what_ + "; it takes " + joined(known));
  }
}

const YamlNode* Fields::find(std::string_view key, Presence presence) {
  for (std::size_t i = 0; i < node_.keys.size(); ++i) {
    if (node_.keys[i].text == key) return &node_.items[i];
  }
  if (presence == Presence::needed && node_.kind == YamlNode::Kind::map) {
    faults_.add(node_.at, what_ + " needs `" + std::string(key) + "`; add it");
  }
  return nullptr;
}

const YamlNode* Fields::text(std::string_view key, Presence presence) {
  const auto* node = find(key, presence);
  if (!node) return nullptr;
  if (node->kind == YamlNode::Kind::text) return node;
  faults_.add(node->at, "`" + std::string(key) + "` must be one value, neither empty nor a list nor a map");
  return nullptr;
}

bool Fields::accept(const YamlNode& node, std::string_view key, const std::string& fault) {
  if (!fault.empty()) faults_.add(node.at, std::string(key) + ": " + fault);
  return fault.empty();
}

std::string Fields::bounded(std::string_view text, std::int64_t least, std::int64_t most, std::int64_t& value) {
  if (auto fault = read_integer(text, value); !fault.empty()) return fault;
  if (value >= least && value <= most) return {};
  return std::to_string(value) + " is out of range; write " + std::to_string(least) + " to " + std::to_string(most);
}

bool Fields::read_time(std::string_view key, Presence presence, Duration least, Duration most, Duration& value) {
  return read(
      key, presence,
      [&](std::string_view text, Duration& duration) -> std::string {
        Duration written;
        if (auto fault = read_duration(text, written); !fault.empty()) return fault;
        if (written < least || written > most) {
          return "`" + std::string(text) + "` is out of range; write " + shown(least) + " to " + shown(most);
        }
        duration = written;
        return {};
      },
      value);
}

bool Fields::read_line(std::string_view key, Presence presence, std::size_t bytes_max, std::string& value) {
  return read(
      key, presence, [&](std::string_view text, std::string& line) { return read_plain_line(text, bytes_max, line); },
      value);
}

std::string read_plain_line(std::string_view text, std::size_t bytes_max, std::string& value) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (text.empty() || text.size() > bytes_max || std::any_of(text.begin(), text.end(), is_control)) {
    return "this must be one line of 1 to " + std::to_string(bytes_max) + " bytes without control characters";
  }
  value = text;
  return {};
}

}  // namespace virtscale
