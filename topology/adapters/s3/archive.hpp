// The archive in a bucket of S3, or of a server that speaks its protocol, by libcurl.
//
// The one thing to know: each request is signed (AWS Signature Version 4) together with the SHA-256 of its body, so the
// server refuses bytes that changed on their way; and what fails in passing is tried again with growing pauses.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "topology/contract/units.hpp"
#include "topology/ports/archive.hpp"

namespace virtscale {

struct S3ArchiveOptions {
  std::string endpoint;              ///< http[s]://HOST[:PORT]; the bucket is the first part of the path
  std::string region = "us-east-1";  ///< as it is signed; servers of one's own take any
  std::string bucket;                ///< must exist
  std::string prefix{};              ///< before every name, such as `virtscale/prod`; may be empty
  /// As the tools of AWS have it: `aws_access_key_id = …` and `aws_secret_access_key = …` under `[default]`; mode 0600.
  std::filesystem::path credentials_file;
  std::filesystem::path ca_file{};     ///< of https; empty: the system's
  std::uint32_t attempts = 4;          ///< of each request, when the server is away or answers 5xx or 429
  Duration pause = milliseconds(250);  ///< before the second attempt; doubled each time, 10 s at most
  Duration connect_timeout = seconds(3);
  Duration silence_timeout = seconds(30);  ///< after this long with hardly a byte an attempt has failed
};

/// Does not reach for the server yet. Throws ArchiveError with the option that is wrong and what to do. Errors name the
/// endpoint, the bucket and S3's code; the secret never leaves.
std::unique_ptr<Archive> make_s3_archive(const S3ArchiveOptions& options);

}  // namespace virtscale
