// A copy of an org's ledger, fetched over HTTP: what its checkpoint covers, no more and no less.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "compose/cli/client.hpp"

namespace virtscale::cli {

/// What was fetched. `status` is the HTTP status of what failed, with its body; 200 if all was fetched.
struct FetchedLedger {
  HttpAnswer failure{.status = 200, .body = {}};
  std::uint64_t lines = 0;
};

/// Writes `checkpoint`, `tile/…`, `lines.jsonl` and `keys` of the org's ledger into `directory`, which is made.
/// Progress goes to stderr if that is a terminal. Throws NoAnswer, and std::filesystem::filesystem_error.
FetchedLedger fetch_ledger(const ClientOptions& client, const std::string& org, const std::filesystem::path& directory);

/// The lines of an org's ledger from the first on, at most so many, in as many answers as the server needs; or the
/// first answer that is not 200. Throws NoAnswer.
HttpAnswer ledger_lines(const ClientOptions& client, const std::string& org, std::uint64_t lines_max);

}  // namespace virtscale::cli
