// A page: one HTML file that needs nothing else. No script, no network; it prints on A4 as it looks.
#pragma once

#include <string>
#include <string_view>

namespace virtscale::replay {

/// Text for elements and attributes: `&`, `<`, `>` and quotes escaped; control characters become spaces.
std::string escaped(std::string_view text);

/// `<name class="style">content</name>`; `content` is HTML. Without a style, no class.
std::string element(std::string_view name, std::string_view style, std::string_view content);

/// The whole file. `title` is text, `body` HTML.
std::string whole_page(std::string_view title, std::string_view body);

}  // namespace virtscale::replay
