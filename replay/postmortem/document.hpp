// A document: headings, sentences, tables and pictures, written out as Markdown and as a page.
//
// The one thing to know: a sentence that was derived from the log carries the places it was derived from; what has none
// and is for people to write stands in a field of its own, and says so.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace virtscale::replay {

/// A sentence, and where in the log it comes from: `line 2`, `outcomes/0@25`.
struct Sentence {
  std::string text;
  std::vector<std::string> cites;
};

struct Heading {
  std::string text;
  int level = 2;  ///< 2 or 3
};
struct Paragraph {
  std::vector<Sentence> sentences;
};
struct Items {
  std::vector<Sentence> sentences;
};
/// For people to write: what is asked of them.
struct ForPeople {
  std::string question;
};
/// A cell that is for people to write says so.
inline constexpr const char* to_be_written = "to be written";
/// The first row is the head; without one if its cells are empty: then the first column names the second. Columns whose
/// head ends in `:` are numbers, set to the right; the colon is not shown.
struct DocumentTable {
  std::vector<std::vector<std::string>> rows;
};
struct Verbatim {
  std::string text;
};
struct Figure {
  std::string caption;
  std::string svg;
};

using Block = std::variant<Heading, Paragraph, Items, ForPeople, DocumentTable, Verbatim, Figure>;

struct Document {
  std::string title;
  std::string lead;
  std::vector<Block> blocks;
};

/// Pictures are on the page, which `page_name` names.
std::string to_markdown(const Document& document, std::string_view page_name);
std::string to_html(const Document& document);

}  // namespace virtscale::replay
