#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "tests/topology/http/client.hpp"
#include "topology/adapters/http/server.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale {
namespace {

/// What the command prints, on both its outputs.
std::string output_of(const std::string& command) {
  std::string output;
  auto* pipe = popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> bytes{};
  while (const auto count = fread(bytes.data(), 1, bytes.size(), pipe)) output.append(bytes.data(), count);
  pclose(pipe);
  return output;
}

TEST(HttpServerWithTls, ServesThoseWhoTrustItsCertificate) {
  const TemporaryDirectory directory;
  const auto folder = directory.path().string();
  output_of(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=127.0.0.1 -addext "
      "subjectAltName=IP:127.0.0.1 -keyout " +
      folder + "/key.pem -out " + folder + "/cert.pem");
  auto server = listen(
      {.read_timeout = milliseconds(300), .certificate_file = folder + "/cert.pem", .key_file = folder + "/key.pem"},
      [](const HttpRequest& request, std::shared_ptr<HttpResponder> responder) {
        responder->respond({.body = "you said " + request.body});
      });
  const auto port = std::to_string(server->port());
  const auto request =
      "printf 'POST / HTTP/1.1\\r\\nHost: h\\r\\nContent-Length: 5\\r\\nConnection: close\\r\\n\\r\\nhello' | "
      "timeout 5 openssl s_client -quiet -verify_return_error -ign_eof -connect 127.0.0.1:" +
      port;
  EXPECT_THAT(output_of(request + " -CAfile " + folder + "/cert.pem"), testing::HasSubstr("you said hello"));
  EXPECT_THAT(output_of(request), testing::Not(testing::HasSubstr("you said hello")));
  RawClient plain(server->port());
  plain.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(plain.read_to_end(), testing::Not(testing::HasSubstr("HTTP/1.1 200")));
  RawClient silent(server->port());
  EXPECT_EQ(silent.read_to_end(), "") << "a handshake has a deadline too";
  EXPECT_TRUE(silent.ended());
  server.reset();
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace virtscale
