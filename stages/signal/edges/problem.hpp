// Errors as people and machines read them: application/problem+json (RFC 9457).
#pragma once

#include <string>
#include <string_view>

#include "topology/ports/http.hpp"

namespace boost::json {
class object;
}

namespace virtscale::signal {

/// One error. `detail` says what is wrong, where, and what to do; it holds no secret.
struct Problem {
  unsigned status = 500;
  std::string_view code;  ///< stable, for machines: the end of `type`, such as `beyond_envelope`
  std::string detail;
};

/// The response to a problem: `type`, `title` (of the status), `status` and `detail`.
HttpResponse response_to(const Problem& problem);
/// The same with further members.
HttpResponse response_to(const Problem& problem, const boost::json::object& members);
/// A problem that passes: 503 with `Retry-After: 1`.
HttpResponse try_again(std::string detail);

}  // namespace virtscale::signal
