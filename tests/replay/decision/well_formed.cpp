#include "tests/replay/decision/well_formed.hpp"

#include <vector>

namespace virtscale::test {
namespace {

// The names that stand for themselves in HTML and are written as in XML here.
bool closes_itself(std::string_view tag) {
  return tag.ends_with('/') || tag.starts_with('!');
}

std::string_view name_in(std::string_view tag) {
  return tag.substr(0, tag.find_first_of(" \n/"));
}

}  // namespace

std::string fault_of_page(std::string_view page) {
  for (const std::string_view forbidden : {"<script", "<link", "<img", "<iframe", "<object", "src=", "href=", "url(",
                                           "@import", " onload", " onclick", "javascript:"}) {
    if (page.find(forbidden) != page.npos) return "it has " + std::string(forbidden);
  }
  std::vector<std::string_view> open;
  for (auto begin = page.find('<'); begin != page.npos; begin = page.find('<', begin + 1)) {
    const auto end = page.find('>', begin);
    if (end == page.npos) return "a tag does not end";
    const auto tag = page.substr(begin + 1, end - begin - 1);
    if (closes_itself(tag)) continue;
    if (!tag.starts_with('/')) {
      open.push_back(name_in(tag));
    } else if (open.empty() || open.back() != tag.substr(1)) {
      return "</" + std::string(tag.substr(1)) + "> closes " + (open.empty() ? "nothing" : std::string(open.back()));
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : "<" + std::string(open.back()) + "> is not closed";
}

}  // namespace virtscale::test
