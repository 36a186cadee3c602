#include "compose/settings/yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "topology/contract/utf8.hpp"

namespace virtscale {
namespace {

DocumentPlace place_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

DocumentFault fault_at(DocumentPlace at, std::string message) {
  return {at.line, at.column, std::move(message)};
}

[[noreturn]] void stop(const YAML::Mark& mark, std::string message) {
  throw fault_at(place_of(mark), std::move(message));
}

/// Builds the tree of one document after another. Stops with a DocumentFault.
class Builder final : public YAML::EventHandler {
 public:
  /// Of a text of `bytes`.
  explicit Builder(std::size_t bytes) : nodes_max_(2 * bytes + 1) {}

  std::vector<YamlNode> take() { return std::move(documents_); }
  /// Where the last text in quotes, or what could be one, begins.
  const std::optional<DocumentPlace>& last_quote() const { return last_quote_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    // yaml-cpp makes empty documents without end of a stray comma, and reads no further.
    if (mark.pos == last_start_) stop(mark, "this is not YAML (nothing can stand here); correct it");
    last_start_ = mark.pos;
    open_.clear();
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    put({.kind = YamlNode::Kind::null, .at = place_of(mark)}, mark);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse_anchor(mark, 1); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    const auto quotes = tag == "!" ? YamlNode::Quotes::some : YamlNode::Quotes::none;
    last_quote_ = tag == "!" ? std::optional(place_of(mark)) : std::nullopt;
    const auto is_null = tag != "!" && (value == "null" || value == "~" || value.empty());
    put({.kind = is_null ? YamlNode::Kind::null : YamlNode::Kind::text,
         .quotes = quotes,
         .at = place_of(mark),
         .text = value},
        mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  static void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) stop(mark, "anchors and aliases (& and *) are not taken; write the value out");
  }
  static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") stop(mark, "tags (!) are not taken; write the value without");
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlNode::Kind kind) {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (awaits_key()) stop(mark, "a key must be a text; write `key: value`");
    if (open_.size() >= yaml_depth_max) stop(mark, "this nests deeper than 16; no document of Virtscale does");
    open_.push_back({.kind = kind, .at = place_of(mark)});
  }

  void close() {
    auto node = std::move(open_.back());
    open_.pop_back();
    refuse_twins(node);
    add(std::move(node));
  }

  void put(YamlNode node, const YAML::Mark& mark) {
    if (!awaits_key()) return add(std::move(node));
    if (node.kind != YamlNode::Kind::text) stop(mark, "a key must be a text; write `key: value`");
    open_.back().keys.push_back(std::move(node));
  }

  void add(YamlNode node) {
    if (++nodes_ > nodes_max_) throw fault_at(node.at, "this is not YAML (it has more values than bytes); correct it");
    if (!open_.empty()) {
      open_.back().items.push_back(std::move(node));
    } else if (node.kind != YamlNode::Kind::null) {
      if (documents_.size() == documents_max)
        throw fault_at(node.at, "there are more than 1,000 documents; split the file");
      documents_.push_back(std::move(node));
    }
  }

  bool awaits_key() const {
    return !open_.empty() && open_.back().kind == YamlNode::Kind::map &&
           open_.back().keys.size() == open_.back().items.size();
  }

  static void refuse_twins(const YamlNode& map) {
    std::vector<const YamlNode*> keys;
    for (const auto& key : map.keys) keys.push_back(&key);
    std::stable_sort(keys.begin(), keys.end(), [](const auto* a, const auto* b) { return a->text < b->text; });
    const auto twin = std::adjacent_find(keys.begin(), keys.end(), [](auto* a, auto* b) { return a->text == b->text; });
    if (twin == keys.end()) return;
    throw fault_at(twin[1]->at, "`" + twin[1]->text.substr(0, 64) + "` stands here twice; keep one of them");
  }

  std::vector<YamlNode> documents_;
  const std::size_t nodes_max_;
  std::size_t nodes_ = 0;
  int last_start_ = -1;
  std::optional<DocumentPlace> last_quote_;
  std::vector<YamlNode> open_;  // from the root of the document to where we are
};

std::optional<DocumentFault> encoding_fault(std::string_view text) {
  DocumentPlace at;
  for (std::size_t i = 0; i < text.size();) {
    const auto bytes = utf8_bytes(text.substr(i));
    if (bytes == 0 || text[i] == 0) return fault_at(at, "this byte is not UTF-8 text; save the file as UTF-8");
    if (text[i] == '\n') {
      at = {at.line + 1, 1};
    } else {
      at.column += static_cast<std::uint32_t>(bytes);
    }
    i += bytes;
  }
  return std::nullopt;
}

/// All from `place` on.
std::string_view from_place(std::string_view text, DocumentPlace place) {
  for (std::uint32_t line = 1; line < place.line; ++line) text.remove_prefix(text.find('\n') + 1);
  text.remove_prefix(std::min<std::size_t>(place.column - 1, text.size()));
  return text;
}

/// True unless `text` begins with a quote that is not closed. yaml-cpp takes the end of the text for its end.
bool is_closed(std::string_view text) {
  if (!text.starts_with('"') && !text.starts_with('\'')) return true;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[0] == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == text[0] && text[0] == '\'' && i + 1 < text.size() && text[i + 1] == '\'') {
      ++i;
    } else if (text[i] == text[0]) {
      return true;
    }
  }
  return false;
}

ParsedYaml built(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Builder builder(text.size());
  while (parser.HandleNextDocument(builder)) continue;
  if (const auto& quote = builder.last_quote(); quote && !is_closed(from_place(text, *quote))) {
    throw fault_at(*quote, "this quote is not closed; end it");
  }
  return {builder.take()};
}

}  // namespace

ParsedYaml parse_yaml(std::string_view text) {
  if (text.size() > yaml_bytes_max) return {{}, fault_at({}, "the text is larger than 1 MiB; split it")};
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (auto fault = encoding_fault(text)) return {{}, std::move(fault)};
  try {
    return built(std::string(text));
  } catch (const DocumentFault& fault) {
    return {{}, fault};
  } catch (const YAML::Exception& error) {
    return {{}, fault_at(place_of(error.mark), "this is not YAML (" + error.msg + "); correct it")};
  } catch (const std::exception& error) {
    return {{}, fault_at({}, std::string("this cannot be read as YAML (") + error.what() + "); correct it")};
  }
}

}  // namespace virtscale
