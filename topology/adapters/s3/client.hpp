// Signed requests to one server, one attempt each, on libcurl.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "topology/adapters/s3/archive.hpp"
#include "topology/adapters/s3/credentials.hpp"

namespace virtscale::s3 {

/// One request. Path and query are encoded already; the query's parts are sorted by name, each `name=value`, since they
/// are signed as they stand.
struct Request {
  std::string method;
  std::string path;  ///< begins with `/`
  std::string query{};
  std::optional<std::filesystem::path> from{};  ///< sent as the body
  std::optional<std::filesystem::path> into{};  ///< gets the body of a 200, instead of `Answer::text`; written anew
};

/// What became of it.
struct Answer {
  long status = 0;         ///< of HTTP; 0: there was no whole answer, and `failure` says why
  std::string text{};      ///< the body, `answer_bytes_max` at most
  std::string failure{};   ///< in curl's words
  bool is_passing = true;  ///< another attempt may fare better
};

/// Thread-safe. Connections are kept for the next request.
class Client {
 public:
  Client(const S3ArchiveOptions& options, Credentials credentials);
  ~Client();
  /// Blocks. Throws ArchiveError if a file of this machine cannot be read or written.
  Answer perform(const Request& request);

 private:
  struct Connections;
  const S3ArchiveOptions options_;
  const Credentials credentials_;
  const std::unique_ptr<Connections> connections_;
};

}  // namespace virtscale::s3
