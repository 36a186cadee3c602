// Who may do what over HTTP: a bearer token is an org's, an operator's, or nobody's.
//
// The one thing to know: implementations keep only hashes of tokens and compare them in constant time, and no token
// ever reaches a log, an event or an error.
#pragma once

#include <cstdint>
#include <string_view>

namespace virtscale {

/// What a token opens.
enum class Access : std::uint8_t {
  unknown,    ///< nobody's token: answer 401
  none,       ///< a token that is valid, but not for this org: answer 403
  org,        ///< the org's own token
  operator_,  ///< an operator's token: every org and the documents
};

class Authorizer {
 public:
  virtual ~Authorizer() = default;
  /// What `token` opens in `org`. With an empty `org` only an operator's token opens anything: an org's gets `none`.
  /// Thread-safe; takes the same time for every token of the same length.
  virtual Access check(std::string_view token, std::string_view org) const = 0;
};

}  // namespace virtscale
