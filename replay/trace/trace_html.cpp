#include "replay/page/html.hpp"
#include "replay/text.hpp"
#include "replay/trace/detail.hpp"
#include "replay/trace/views.hpp"

namespace virtscale::replay {
namespace {

std::string item(const Trace& trace, const TraceTree& tree, std::size_t index) {
  const auto& record = trace.records[index];
  const auto head = head_of(trace, record);
  auto html =
      element("div", "",
              element("span", "since", escaped(head.since)) + element("span", "strong", escaped(head.name)) + " " +
                  element("span", "place", escaped(head.place)) + " " + element("span", "cite", escaped(head.by)));
  for (const auto& detail : details_of(trace, record)) {
    const auto kind = name_of(detail.kind);
    html += element("div", "detail", element("span", kind, kind) + " " + escaped(detail.text));
  }
  std::string children;
  for (const auto child : tree.children[index]) children += item(trace, tree, child);
  if (!children.empty()) html += element("ul", "", children);
  return element("li", "", html) + "\n";
}

}  // namespace

std::string trace_html(const Trace& trace) {
  const auto title = to_string(trace.scale) + " of " + trace.org;
  auto body = element("h1", "", escaped(title));
  body += element("p", "lead",
                  "All that the log holds of it, each record below its cause. Times are since the first record, " +
                      escaped(to_text(trace.records.front().kept.timestamp)) + ".");
  for (const auto& line : summary_of(trace)) body += element("p", "", escaped(line));
  const auto tree = tree_of(trace);
  std::string items;
  for (const auto root : tree.roots) items += item(trace, tree, root);
  return whole_page(title, body + element("ul", "tree", items));
}

}  // namespace virtscale::replay
