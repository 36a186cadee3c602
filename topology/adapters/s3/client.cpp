#include "topology/adapters/s3/client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "topology/adapters/s3/answers.hpp"
#include "topology/contract/sha256.hpp"

namespace virtscale::s3 {
namespace {

struct CurlDeleter {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FileDeleter {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using Curl = std::unique_ptr<CURL, CurlDeleter>;
using List = std::unique_ptr<curl_slist, ListDeleter>;
using File = std::unique_ptr<std::FILE, FileDeleter>;

File open_file(const std::filesystem::path& path, const char* mode) {
  File file(std::fopen(path.c_str(), mode));
  if (file) return file;
  throw ArchiveError("cannot open " + path.string() + ": " + std::generic_category().message(errno) +
                     " (check that the directory is there, has space and belongs to this user)");
}

/// The body that is sent, and its digest in hexadecimal.
struct Upload {
  File file;
  std::uint64_t bytes = 0;
  std::string digest;
};

Upload open_upload(const std::optional<std::filesystem::path>& from) {
  Upload upload;
  Sha256 sha256;
  if (from) {
    upload.file = open_file(*from, "rb");
    std::vector<std::byte> piece(256 << 10);
    while (const auto read = std::fread(piece.data(), 1, piece.size(), upload.file.get())) {
      sha256.update({piece.data(), read});
      upload.bytes += read;
    }
    if (std::ferror(upload.file.get()) != 0) throw ArchiveError("cannot read " + from->string() + ": check its disk");
    std::rewind(upload.file.get());
  }
  static constexpr std::string_view digits = "0123456789abcdef";
  for (const auto byte : sha256.finish()) {
    upload.digest += {digits[std::to_integer<unsigned>(byte) >> 4U], digits[std::to_integer<unsigned>(byte) & 15U]};
  }
  return upload;
}

std::size_t send_piece(char* to, std::size_t size, std::size_t count, void* upload) {
  auto* file = static_cast<Upload*>(upload)->file.get();
  const auto read = std::fread(to, 1, size * count, file);
  return std::ferror(file) != 0 ? CURL_READFUNC_ABORT : read;
}

/// Where the body of the answer goes: that of a 200 into the file, if there is one.
struct Receiver {
  CURL* curl = nullptr;
  File file;
  std::string text;
  int file_error = 0;
  bool is_too_long = false;
};

std::size_t take_piece(char* bytes, std::size_t size, std::size_t count, void* receiver) {
  auto& to = *static_cast<Receiver*>(receiver);
  const auto length = size * count;
  long status = 0;
  curl_easy_getinfo(to.curl, CURLINFO_RESPONSE_CODE, &status);
  if (to.file && status == 200) {
    const auto written = std::fwrite(bytes, 1, length, to.file.get());
    if (written < length) to.file_error = errno;
    return written;
  }
  to.is_too_long = to.text.size() + length > answer_bytes_max;
  if (to.is_too_long) return 0;
  to.text.append(bytes, length);
  return length;
}

void set_transfer(CURL* curl, const Request& request, Upload& upload, Receiver& receiver) {
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_piece);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &receiver);
  if (upload.file) {
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(upload.bytes));
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, send_piece);
    curl_easy_setopt(curl, CURLOPT_READDATA, &upload);
  } else if (request.method != "GET") {
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

long in_milliseconds(Duration time) {
  return static_cast<long>(time.us / 1'000);
}

void set_server(CURL* curl, const S3ArchiveOptions& options, const Credentials& credentials) {
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "virtscale");
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, in_milliseconds(options.connect_timeout));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1'024L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, std::max(1L, in_milliseconds(options.silence_timeout) / 1'000));
  curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, ("aws:amz:" + options.region + ":s3").c_str());
  curl_easy_setopt(curl, CURLOPT_USERNAME, credentials.key_id.c_str());
  curl_easy_setopt(curl, CURLOPT_PASSWORD, credentials.secret.c_str());
  if (!options.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
}

/// Errors of the server's certificate, of an address and the like are the same at the next attempt.
bool passes(CURLcode result) {
  switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      return true;
    default:
      return false;
  }
}

/// A full disk is told at the latest when the file is closed.
void close_received(Receiver& receiver, const Request& request) {
  if (receiver.file && receiver.file_error == 0 && std::fflush(receiver.file.get()) != 0) receiver.file_error = errno;
  if (receiver.file_error == 0) return;
  throw ArchiveError("cannot write " + request.into->string() + ": " +
                     std::generic_category().message(receiver.file_error) + " (free some space, or repair its disk)");
}

}  // namespace

/// Those that no request uses at the moment.
struct Client::Connections {
  std::mutex mutex;
  std::vector<Curl> idle;

  Curl take() {
    const std::lock_guard lock(mutex);
    if (idle.empty()) return Curl(curl_easy_init());
    auto curl = std::move(idle.back());
    idle.pop_back();
    curl_easy_reset(curl.get());
    return curl;
  }
  void give_back(Curl curl) {
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(curl));
  }
};

Client::Client(const S3ArchiveOptions& options, Credentials credentials)
    : options_(options), credentials_(std::move(credentials)), connections_(std::make_unique<Connections>()) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
}

Client::~Client() = default;

Answer Client::perform(const Request& request) {
  auto curl = connections_->take();
  auto upload = open_upload(request.from);
  Receiver receiver{curl.get(), request.into ? open_file(*request.into, "wb") : nullptr, {}, 0, false};
  const List headers(curl_slist_append(nullptr, ("x-amz-content-sha256: " + upload.digest).c_str()));
  const auto url = options_.endpoint + request.path + (request.query.empty() ? "" : "?" + request.query);
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  set_server(curl.get(), options_, credentials_);
  set_transfer(curl.get(), request, upload, receiver);
  const auto result = curl_easy_perform(curl.get());
  close_received(receiver, request);
  if (receiver.is_too_long) return {.failure = "its answer is longer than a server of S3 sends", .is_passing = false};
  if (result != CURLE_OK) return {.failure = curl_easy_strerror(result), .is_passing = passes(result)};
  Answer answer{.text = std::move(receiver.text)};
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  answer.is_passing = answer.status >= 500 || answer.status == 429;
  connections_->give_back(std::move(curl));
  return answer;
}

}  // namespace virtscale::s3
