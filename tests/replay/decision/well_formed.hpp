// Whether a page is well-formed and stands alone: every element closed, no script, nothing fetched.
#pragma once

#include <string>
#include <string_view>

namespace virtscale::test {

/// What is wrong with the page; empty if nothing is.
std::string fault_of_page(std::string_view page);

}  // namespace virtscale::test
