// Bearer tokens: made, hashed and compared.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compose/settings/settings.hpp"
#include "topology/ports/authorizer.hpp"

namespace virtscale {

/// A new token: `vs_` and 43 characters of base64url, 256 random bits.
std::string generate_token();

/// The SHA-256 of a token, as the settings hold it: 64 hexadecimal digits.
std::string hash_of_token(std::string_view token);

/// Compares in constant time against every entry.
std::unique_ptr<Authorizer> make_authorizer(const std::vector<TokenSetting>& tokens);

}  // namespace virtscale
