// A real server of S3 as a process of the test: S3Proxy, which checks signatures, on loopback.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "topology/adapters/s3/archive.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale::test {

/// Up as long as it lives, with the bucket `cold`.
class S3Server {
 public:
  S3Server();
  S3Server(const S3Server&) = delete;
  S3Server& operator=(const S3Server&) = delete;
  ~S3Server();

  /// Empty if it is up; otherwise why it cannot run on this machine.
  const std::string& absence() const { return absence_; }
  /// Options for its bucket, with a credentials file of `key_id` and `secret`.
  S3ArchiveOptions options(const std::string& prefix, const std::string& key_id = "test-key",
                           const std::string& secret = "test-secret");

 private:
  void await();

  TemporaryDirectory directory_;
  pid_t child_ = -1;
  int port_ = 0;
  std::string absence_;
};

/// The server of all tests, started by the first that asks.
S3Server& s3_server();

/// Writes `text` to a file of mode 0600.
std::filesystem::path write_private(const std::filesystem::path& file, const std::string& text);

}  // namespace virtscale::test
