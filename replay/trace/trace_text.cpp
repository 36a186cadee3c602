#include "replay/trace/detail.hpp"
#include "replay/trace/views.hpp"

namespace virtscale::replay {
namespace {

constexpr std::size_t since_width = 11;

std::string right(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

class TreeText {
 public:
  explicit TreeText(const Trace& trace) : trace_(trace), tree_(tree_of(trace)) {}

  std::string print() {
    text_ = to_string(trace_.scale) + " of " + trace_.org + "\n";
    for (const auto& line : summary_of(trace_)) text_ += line + "\n";
    for (const auto root : tree_.roots) {
      text_ += "\n";
      put(root, "", "");
    }
    return std::move(text_);
  }

 private:
  // `first` stands before the record's own line, `rest` before all that is below it.
  void put(std::size_t index, const std::string& first, const std::string& rest) {
    const auto& record = trace_.records[index];
    const auto& children = tree_.children[index];
    const auto head = head_of(trace_, record);
    text_ += right(head.since, since_width) + "  " + first + head.name + "  " + head.place + "  " + head.by + "\n";
    const auto below = std::string(since_width + 2, ' ') + rest + (children.empty() ? "   " : "│  ");
    for (const auto& detail : details_of(trace_, record))
      text_ += below + std::string(name_of(detail.kind)) + " " + detail.text + "\n";
    for (const auto child : children) {
      const bool is_last = child == children.back();
      put(child, rest + (is_last ? "└─ " : "├─ "), rest + (is_last ? "   " : "│  "));
    }
  }

  const Trace& trace_;
  const TraceTree tree_;
  std::string text_;
};

}  // namespace

std::string trace_text(const Trace& trace) {
  return TreeText(trace).print();
}

}  // namespace virtscale::replay
