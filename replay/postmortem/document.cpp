#include "replay/postmortem/document.hpp"

#include "replay/page/html.hpp"

namespace virtscale::replay {
namespace {

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) text.append(i == 0 ? "" : between).append(parts[i]);
  return text;
}

bool is_number_column(const std::string& head) {
  return head.ends_with(':');
}

std::string shown_head(const std::string& head) {
  return is_number_column(head) ? head.substr(0, head.size() - 1) : head;
}

// What Markdown would take for its own. Names and reasons come from outside.
std::string plain(std::string_view text) {
  std::string markdown;
  for (const char letter : text) {
    if (std::string_view("\\`*_<>[]|").find(letter) != std::string_view::npos) markdown += '\\';
    markdown += letter == '\n' ? ' ' : letter;
  }
  return markdown;
}

struct Markdown {
  std::string_view page;

  static std::string sentence(const Sentence& sentence) {
    return plain(sentence.text) + (sentence.cites.empty() ? "" : " [" + joined(sentence.cites, "; ") + "]");
  }
  static std::string row(const std::vector<std::string>& cells) { return "| " + joined(cells, " | ") + " |\n"; }

  std::string operator()(const Heading& heading) const {
    return std::string(static_cast<std::size_t>(heading.level), '#') + " " + plain(heading.text) + "\n";
  }
  std::string operator()(const Paragraph& paragraph) const {
    std::string text;
    for (const auto& one : paragraph.sentences) text += sentence(one) + "\n";
    return text;
  }
  std::string operator()(const Items& items) const {
    std::string text;
    for (const auto& one : items.sentences) text += "- " + sentence(one) + "\n";
    return text;
  }
  std::string operator()(const ForPeople& people) const {
    return "> **To be written.** " + plain(people.question) + "\n";
  }
  std::string operator()(const DocumentTable& table) const {
    std::string text;
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      std::vector<std::string> cells;
      for (const auto& cell : table.rows[i]) cells.push_back(plain(i == 0 ? shown_head(cell) : cell));
      text += row(cells);
      if (i != 0) continue;
      for (std::size_t column = 0; column < cells.size(); ++column)
        cells[column] = is_number_column(table.rows[0][column]) ? "---:" : "---";
      text += row(cells);
    }
    return text;
  }
  std::string operator()(const Verbatim& verbatim) const { return "```text\n" + verbatim.text + "\n```\n"; }
  std::string operator()(const Figure& figure) const {
    return "*" + plain(figure.caption) + " (The picture is in " + std::string(page) + ".)*\n";
  }
};

struct Html {
  static std::string sentence(const Sentence& sentence) {
    const auto text = escaped(sentence.text);
    if (sentence.cites.empty()) return text;
    return text + " " + element("span", "cite", "[" + escaped(joined(sentence.cites, "; ")) + "]");
  }

  std::string operator()(const Heading& heading) const {
    return element(heading.level == 2 ? "h2" : "h3", "", escaped(heading.text));
  }
  std::string operator()(const Paragraph& paragraph) const {
    std::string text;
    for (const auto& one : paragraph.sentences) text += (text.empty() ? "" : "\n") + sentence(one);
    return element("p", "", text);
  }
  std::string operator()(const Items& items) const {
    std::string text;
    for (const auto& one : items.sentences) text += element("li", "", sentence(one)) + "\n";
    return element("ul", "", text);
  }
  std::string operator()(const ForPeople& people) const {
    return element("div", "people", element("b", "", "To be written.") + " " + escaped(people.question));
  }
  std::string operator()(const DocumentTable& table) const {
    std::string head;
    for (const auto& cell : table.rows.front()) head += this->cell("th", cell, escaped(shown_head(cell)));
    std::string body;
    for (std::size_t i = 1; i < table.rows.size(); ++i) {
      std::string row;
      for (std::size_t column = 0; column < table.rows[i].size(); ++column)
        row += cell("td", table.rows[0][column], escaped(table.rows[i][column]));
      body += element("tr", "", row) + "\n";
    }
    if (table.rows.front().front().empty()) return element("table", "plain", element("tbody", "", body));
    return element("table", "", element("thead", "", element("tr", "", head)) + element("tbody", "", body));
  }
  std::string operator()(const Verbatim& verbatim) const { return element("pre", "", escaped(verbatim.text)); }
  std::string operator()(const Figure& figure) const {
    return element("figure", "", figure.svg + element("figcaption", "", escaped(figure.caption)));
  }

 private:
  static std::string cell(std::string_view name, const std::string& head, std::string_view content) {
    if (content == to_be_written) return element(name, "open", content);
    return element(name, is_number_column(head) ? "number" : "", content);
  }
};

}  // namespace

std::string to_markdown(const Document& document, std::string_view page_name) {
  auto text = "# " + plain(document.title) + "\n\n" + plain(document.lead) + "\n";
  for (const auto& block : document.blocks) text += "\n" + std::visit(Markdown{page_name}, block);
  return text;
}

std::string to_html(const Document& document) {
  auto body = element("h1", "", escaped(document.title)) + element("p", "lead", escaped(document.lead));
  for (const auto& block : document.blocks) body += "\n" + std::visit(Html(), block);
  return whole_page(document.title, body);
}

}  // namespace virtscale::replay
