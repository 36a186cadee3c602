// What every stage's HTTP edge says in the same words: errors, who may ask, and text as JSON.
//
// The one thing to know: an error is application/problem+json (RFC 9457); its `type` ends in a code that is stable, for
// machines, and its `detail` says what is wrong and what to do, for people.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "topology/ports/authorizer.hpp"
#include "topology/ports/http.hpp"

namespace virtscale {

/// Longer tokens are nobody's.
inline constexpr std::size_t token_bytes_max = 4'096;

/// One error. `detail` holds no secret.
struct Problem {
  unsigned status = 500;
  std::string_view code;  ///< the end of `type`, such as `beyond_envelope`
  std::string detail;
};

/// The answer to a problem: `type`, `title` (of the status), `status`, `detail`, then `members`: further members as
/// JSON, `"name":value,…`, or nothing.
HttpResponse response_to(const Problem& problem, std::string_view members = {});
/// A problem that passes: 503 with `Retry-After: 1`.
HttpResponse try_again(std::string detail);
/// 405: this address takes `allowed` only, such as `GET`.
HttpResponse wrong_method(std::string_view allowed);

/// The token in `Authorization: Bearer …`; empty if there is none. Borrowed from the request.
std::string_view bearer_token(const HttpRequest& request);

/// What a caller wants to enter.
struct Door {
  std::string org;        ///< empty: for operators only
  std::string forbidden;  ///< the detail for a caller whose token does not open it
};
/// Nothing if `access` opens the door; otherwise the answer: 401 or 403.
std::optional<HttpResponse> objection_to(Access access, const Door& door);
/// The same for the token of `request`.
std::optional<HttpResponse> objection_to(const HttpRequest& request, const Authorizer& authorizer, const Door& door);

/// `text` as a JSON string with its quotes (RFC 8259); bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

}  // namespace virtscale
