// The operator's side of the HTTP API: requests with a bearer token, answers whole or as a stream.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace virtscale::cli {

/// Where the server is, and who asks.
struct ClientOptions {
  std::string server = "http://127.0.0.1:7070";
  std::string token;  ///< empty: none is sent
};

struct HttpAnswer {
  long status = 0;
  std::string body;
  std::string content_type{};
};

/// Thrown when no answer came: what failed, where, and what to do.
class NoAnswer : public std::exception {
 public:
  explicit NoAnswer(std::string what) : what_(std::move(what)) {}
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  std::string what_;
};

/// One request; answers of up to 256 MiB. Waits at most 60 s. Throws NoAnswer.
HttpAnswer ask(const ClientOptions& options, std::string_view method, std::string_view path_and_query,
               std::string_view body = {}, const std::vector<std::string>& headers = {});

/// A GET whose answer is given line by line until it ends or `visit` returns false. Returns the status. Throws
/// NoAnswer.
long follow(const ClientOptions& options, std::string_view path_and_query,
            const std::function<bool(std::string_view line)>& visit);

/// `text` as a part of a path or query (RFC 3986 unreserved characters stay).
std::string escaped(std::string_view text);

}  // namespace virtscale::cli
