#include "replay/decision/ledger_line.hpp"

#include <boost/json.hpp>

namespace virtscale::replay {
namespace {

namespace json = boost::json;

// Members of an object, each with what stands for one that is not there.
class Members {
 public:
  explicit Members(const json::value* value) : object_(value == nullptr ? nullptr : value->if_object()) {}

  std::string text(std::string_view name) const {
    const auto* value = find(name);
    const auto* found = value == nullptr ? nullptr : value->if_string();
    return found == nullptr ? std::string() : std::string(*found);
  }
  std::int64_t number(std::string_view name, std::int64_t otherwise = 0) const {
    const auto* value = find(name);
    const auto* found = value == nullptr ? nullptr : value->if_int64();
    return found == nullptr ? otherwise : *found;
  }
  bool yes(std::string_view name) const {
    const auto* value = find(name);
    return value != nullptr && value->is_bool() && value->as_bool();
  }
  Members members(std::string_view name) const { return Members(find(name)); }
  template <class Take>
  void each(std::string_view name, Take take) const {
    const auto* value = find(name);
    const auto* list = value == nullptr ? nullptr : value->if_array();
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) take(Members(&(*list)[i]));
  }

 private:
  const json::value* find(std::string_view name) const {
    return object_ == nullptr ? nullptr : object_->if_contains(json::string_view(name.data(), name.size()));
  }
  const json::object* object_;
};

void take_lists(LedgerLine& line, const Members& of) {
  of.each("steps", [&](const Members& step) { line.steps.push_back({step.text("step"), {step.number("at_us")}}); });
  of.each("domains", [&](const Members& domain) {
    line.domains.push_back({domain.text("name"), domain.text("node"), domain.text("zone"), domain.text("cell"),
                            domain.number("numa"), domain.text("outcome"), domain.text("reason"),
                            domain.number("backends")});
  });
  for (const auto* dimension : {"vcpu", "ram", "disk"}) {
    const auto one = of.members("projection").members(dimension);
    if (one.text("unit").empty()) continue;
    line.projection.push_back({dimension, one.number("committed"), one.number("reserved"), one.number("asked"),
                               one.number("quota"), one.number("envelope")});
  }
}

}  // namespace

std::optional<LedgerLine> parse_line(std::string_view text) {
  boost::system::error_code error;
  const auto value = json::parse(json::string_view(text.data(), text.size()), error);
  const Members of(&value);
  if (error || of.text("event").empty()) return std::nullopt;
  LedgerLine line;
  line.index = static_cast<std::uint64_t>(of.number("index"));
  line.event = of.text("event");
  line.org = of.text("org");
  line.service = of.text("service");
  line.decision = of.text("decision");
  line.code = of.text("code");
  line.reason = of.text("reason");
  line.remedy = of.text("remedy");
  line.binding = of.text("binding");
  line.requester = of.text("requester");
  line.contract_version = of.members("contract").number("version");
  line.overage_percent = of.members("contract").number("overage_percent");
  line.elapsed_us = of.number("elapsed_us");
  line.from = of.members("replicas").number("from");
  line.to = of.members("replicas").number("to");
  line.signal_kind = of.members("signal").text("kind");
  line.signal_name = of.members("signal").text("name");
  line.value_milli = of.members("signal").number("value_milli");
  line.queue_depth = of.members("signal").number("queue_depth", -1);
  line.ends = of.yes("ends");
  take_lists(line, of);
  return line;
}

}  // namespace virtscale::replay
