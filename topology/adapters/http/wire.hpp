// The small texts of HTTP: dates, field values, and answers that say what is wrong.
#pragma once

#include <string>
#include <string_view>

#include "topology/ports/http.hpp"

namespace virtscale {

/// An answer of status `status` that says what is wrong (RFC 9457). `detail` is plain text of ours, not the client's.
HttpResponse problem(unsigned status, std::string_view title, std::string_view detail);

/// The present, as the field `Date` has it (RFC 9110, 5.6.7).
std::string http_date();

/// ASCII letters in lower case.
std::string lower(std::string_view text);

/// A value that cannot end its field: control characters become spaces.
std::string one_line(std::string value);

}  // namespace virtscale
