#include "compose/cli/client.hpp"

#include <curl/curl.h>

#include <memory>

namespace virtscale::cli {
namespace {

constexpr std::size_t answer_bytes_max = std::size_t{256} << 20;

struct CurlEasy {
  CURL* handle = curl_easy_init();
  curl_slist* headers = nullptr;
  CurlEasy() = default;
  CurlEasy(const CurlEasy&) = delete;
  CurlEasy& operator=(const CurlEasy&) = delete;
  ~CurlEasy() {
    curl_slist_free_all(headers);
    curl_easy_cleanup(handle);
  }
  void header(const std::string& line) { headers = curl_slist_append(headers, line.c_str()); }
};

// A C callback: true to go on.
using Take = std::function<bool(std::string_view)>;
std::size_t give(char* data, std::size_t size, std::size_t count, void* take) {
  return (*static_cast<Take*>(take))({data, size * count}) ? size * count : 0;
}

void prepare(CurlEasy& easy, const ClientOptions& options, std::string_view path_and_query, Take& take) {
  const auto url = options.server + std::string(path_and_query);
  curl_easy_setopt(easy.handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy.handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy.handle, CURLOPT_PROXY, "");
  curl_easy_setopt(easy.handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy.handle, CURLOPT_CONNECTTIMEOUT_MS, 5'000L);
  curl_easy_setopt(easy.handle, CURLOPT_WRITEFUNCTION, &give);
  curl_easy_setopt(easy.handle, CURLOPT_WRITEDATA, &take);
  if (!options.token.empty()) easy.header("Authorization: Bearer " + options.token);
  easy.header("Expect:");  // no round trip before the body
}

long perform(CurlEasy& easy, const ClientOptions& options) {
  curl_easy_setopt(easy.handle, CURLOPT_HTTPHEADER, easy.headers);
  const auto code = curl_easy_perform(easy.handle);
  long status = 0;
  curl_easy_getinfo(easy.handle, CURLINFO_RESPONSE_CODE, &status);
  if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && status != 0)) {
    throw NoAnswer("no answer from " + options.server + ": " + curl_easy_strerror(code) +
                   "; is `virtscale up` running there? --server names another");
  }
  return status;
}

}  // namespace

HttpAnswer ask(const ClientOptions& options, std::string_view method, std::string_view path_and_query,
               std::string_view body, const std::vector<std::string>& headers) {
  CurlEasy easy;
  HttpAnswer answer;
  Take take = [&answer](std::string_view data) {
    answer.body += data;
    return answer.body.size() <= answer_bytes_max;
  };
  prepare(easy, options, path_and_query, take);
  curl_easy_setopt(easy.handle, CURLOPT_TIMEOUT_MS, 60'000L);
  curl_easy_setopt(easy.handle, CURLOPT_CUSTOMREQUEST, std::string(method).c_str());
  if (method != "GET") {
    curl_easy_setopt(easy.handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(easy.handle, CURLOPT_COPYPOSTFIELDS, body.data());
  }
  for (const auto& line : headers) easy.header(line);
  answer.status = perform(easy, options);
  const char* type = nullptr;
  curl_easy_getinfo(easy.handle, CURLINFO_CONTENT_TYPE, &type);
  if (type != nullptr) answer.content_type = type;
  return answer;
}

long follow(const ClientOptions& options, std::string_view path_and_query,
            const std::function<bool(std::string_view line)>& visit) {
  CurlEasy easy;
  std::string rest;
  Take take = [&](std::string_view data) {
    rest += data;
    for (auto end = rest.find('\n'); end != rest.npos; end = rest.find('\n')) {
      if (!visit(std::string_view(rest).substr(0, end))) return false;
      rest.erase(0, end + 1);
    }
    return rest.size() <= answer_bytes_max;
  };
  prepare(easy, options, path_and_query, take);
  // Streams are served by the audit stage; others tell where it is, and get to see no token that they did not see
  // anyway.
  curl_easy_setopt(easy.handle, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(easy.handle, CURLOPT_UNRESTRICTED_AUTH, 1L);
  curl_easy_setopt(easy.handle, CURLOPT_MAXREDIRS, 1L);
  curl_easy_setopt(easy.handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  return perform(easy, options);
}

std::string escaped(std::string_view text) {
  const std::unique_ptr<char, decltype(&curl_free)> copy(
      curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size())), &curl_free);
  return copy.get();
}

}  // namespace virtscale::cli
