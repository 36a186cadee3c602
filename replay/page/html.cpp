#include "replay/page/html.hpp"

namespace virtscale::replay {
namespace {

// Fonts are the reader's own. Widths are set for A4, and a screen shows the same sheet.
constexpr std::string_view style = R"(
:root { --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --wash: #f6f8fa; --mark: #9a6700; --people: #fff8e1; }
* { box-sizing: border-box; }
body { margin: 0; background: #eef1f4; color: var(--ink); font: 15px/1.5 "Source Sans 3", "Segoe UI", "DejaVu Sans",
  sans-serif; }
main { max-width: 60rem; margin: 1.5rem auto; padding: 2.5rem 3rem; background: #fff; border: 1px solid var(--line); }
h1 { margin: 0 0 .2rem; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 2.2rem 0 .6rem; padding-bottom: .25rem; border-bottom: 2px solid var(--line); font-size: 1.2rem; }
h3 { margin: 1.4rem 0 .4rem; font-size: 1rem; }
p, ul, ol { margin: .5rem 0; orphans: 3; widows: 3; }
code, pre, .place { font-family: "DejaVu Sans Mono", "Liberation Mono", monospace; font-size: .82em; }
pre { padding: .7rem .9rem; background: var(--wash); white-space: pre-wrap;
  overflow-wrap: anywhere; }
table { width: 100%; margin: .7rem 0; border-collapse: collapse; font-size: .9rem; }
th { text-align: left; color: var(--soft); font-weight: 600; }
th, td { padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
figure { margin: 1rem 0; }
figure svg { display: block; width: 100%; height: auto; }
figcaption { color: var(--soft); font-size: .85rem; }
.lead { margin: 0 0 1.2rem; color: var(--soft); }
.cite { color: var(--soft); font-size: .78em; white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.people { margin: .6rem 0; padding: .6rem .9rem; background: var(--people); border-left: 4px solid var(--mark); }
.people b, .open { color: var(--mark); }
.strong { font-weight: 600; }
.plain td:first-child { width: 1%; padding-right: 1.5rem; color: var(--soft); white-space: nowrap; }
.tree, .tree ul { list-style: none; margin: 0; padding-left: 1.1rem; border-left: 1px solid var(--line); }
.tree { padding-left: 0; border: 0; }
.tree li { margin: .45rem 0; }
.since { display: inline-block; min-width: 5.2rem; color: var(--soft); font-variant-numeric: tabular-nums; }
.detail { margin-left: 5.4rem; font-size: .85rem; color: var(--soft); overflow-wrap: anywhere; }
.asks, .sets { color: #0550ae; } .made { color: #1a7f37; } .changed { color: #7d4e00; } .gone { color: #a40e26; }
@page { size: A4; margin: 16mm 15mm; }
@media print {
  body { background: none; font-size: 10pt; }
  main { max-width: none; margin: 0; padding: 0; border: 0; }
  table { font-size: 8.5pt; }
  h2, h3 { break-after: avoid; }
  figure, tr, .people, .tree li > div { break-inside: avoid; }
  thead { display: table-header-group; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)";

std::string_view escape_of(char letter) {
  switch (letter) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return static_cast<unsigned char>(letter) < 0x20 && letter != '\n' ? " " : std::string_view();
  }
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string html;
  html.reserve(text.size());
  for (const char letter : text) {
    const auto escape = escape_of(letter);
    escape.empty() ? html += letter : html += escape;
  }
  return html;
}

std::string element(std::string_view name, std::string_view style_class, std::string_view content) {
  std::string html = "<" + std::string(name);
  if (!style_class.empty()) html += " class=\"" + std::string(style_class) + "\"";
  return html + ">" + std::string(content) + "</" + std::string(name) + ">";
}

std::string whole_page(std::string_view title, std::string_view body) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n" +
         element("title", "", escaped(title)) + "\n" + element("style", "", style) + "\n</head>\n<body>\n<main>\n" +
         std::string(body) + "\n</main>\n</body>\n</html>\n";
}

}  // namespace virtscale::replay
