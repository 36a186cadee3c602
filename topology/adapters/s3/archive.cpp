#include "topology/adapters/s3/archive.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <thread>

#include "topology/adapters/s3/answers.hpp"
#include "topology/adapters/s3/client.hpp"

namespace virtscale {
namespace {

namespace fs = std::filesystem;
using s3::Answer;
using s3::Request;

constexpr Duration pause_max = seconds(10);
constexpr std::uint32_t attempts_max = 20;

[[noreturn]] void refuse(const std::string& why) {
  throw ArchiveError("s3: " + why);
}

bool is_origin(std::string_view url) {
  const auto scheme = url.starts_with("https://") ? 8U : url.starts_with("http://") ? 7U : 0U;
  return scheme > 0 && url.size() > scheme && url.find_first_of("/?#@ ", scheme) == url.npos;
}

// An endpoint that is none might hold a password, so it is not repeated.
S3ArchiveOptions checked(S3ArchiveOptions options) {
  while (options.endpoint.ends_with('/')) options.endpoint.pop_back();
  while (options.prefix.ends_with('/')) options.prefix.pop_back();
  if (!is_origin(options.endpoint)) refuse("the endpoint is not one: write http://HOST:PORT or https://HOST");
  const auto has_slash = options.bucket.find('/') != std::string::npos;
  if (!is_archive_name(options.bucket) || has_slash) refuse("'" + options.bucket + "' is no name of a bucket");
  if (!is_archive_name(options.region)) refuse("'" + options.region + "' is no region: write one such as us-east-1");
  if (!options.prefix.empty() && !is_archive_name(options.prefix)) {
    refuse("'" + options.prefix + "' is no prefix: use parts of A-Z a-z 0-9 . _ - joined by /, at most " +
           std::to_string(archive_name_bytes_max) + " bytes");
  }
  if (options.attempts == 0 || options.attempts > attempts_max) refuse("attempts are 1 to 20");
  return options;
}

std::string remedy_for(const std::string& code) {
  if (code == "NoSuchBucket") return "make the bucket, or correct its name in the settings";
  if (code == "SignatureDoesNotMatch") return "correct the secret in the credentials file, and the region";
  if (code == "InvalidAccessKeyId") return "correct the access key id in the credentials file";
  if (code == "AccessDenied") return "let this key list, read, write and delete below the prefix";
  if (code == "RequestTimeTooSkewed") return "set this machine's clock";
  if (code == "EntityTooLarge") return "raise the server's bound on one upload";
  return "ask who runs the server";
}

class S3Archive final : public Archive {
 public:
  explicit S3Archive(const S3ArchiveOptions& options)
      : options_(checked(options)), client_(options_, s3::read_credentials(options_.credentials_file)) {}

  void put(const std::string& name, const fs::path& file) override {
    std::error_code error;
    const auto bytes = fs::file_size(file, error);
    if (error) refuse("cannot read " + file.string() + ": " + error.message());
    if (bytes > archive_object_bytes_max) {
      refuse("cannot put " + file.string() + ": an object has at most 5 GiB, and this has " + std::to_string(bytes));
    }
    const auto answer = perform({.method = "PUT", .path = path_of(name), .from = file});
    if (answer.status != 200) fail("put " + name, answer);
  }

  bool get(const std::string& name, const fs::path& file) override {
    if (fs::exists(file)) refuse("cannot write " + file.string() + ": it is there already");
    try {
      const auto answer = perform({.method = "GET", .path = path_of(name), .into = file});
      if (answer.status == 200) return true;
      const auto code = s3::error_code(answer.text);
      if (answer.status != 404 || (code != "NoSuchKey" && !answer.text.empty())) fail("get " + name, answer);
    } catch (const ArchiveError&) {
      discard(file);
      throw;
    }
    discard(file);
    return false;
  }

  std::vector<std::string> list(std::string_view prefix) override {
    std::vector<std::string> names;
    const auto before = in_bucket("");
    s3::Page page;
    do {
      page = next_page(before + std::string(prefix), page.next);
      for (const auto& key : page.keys) {
        if (key.starts_with(before) && is_archive_name(key.substr(before.size())))
          names.push_back(key.substr(before.size()));
      }
      if (names.size() > archive_listing_max) {
        refuse("more than " + std::to_string(archive_listing_max) + " objects begin with '" + std::string(prefix) +
               "': give this archive a prefix of its own");
      }
    } while (!page.next.empty());
    std::ranges::sort(names);
    return names;
  }

  void remove(const std::string& name) override {
    const auto answer = perform({.method = "DELETE", .path = path_of(name)});
    const auto is_gone = answer.status == 404 && s3::error_code(answer.text) == "NoSuchKey";
    if (answer.status != 200 && answer.status != 204 && !is_gone) fail("remove " + name, answer);
  }

 private:
  std::string in_bucket(std::string_view name) const {
    return options_.prefix.empty() ? std::string(name) : options_.prefix + "/" + std::string(name);
  }

  std::string path_of(const std::string& name) const {
    if (!is_archive_name(name)) {
      refuse("'" + name.substr(0, archive_name_bytes_max) +
             "' is no name of an object: use parts of A-Z a-z 0-9 . _ - joined by /");
    }
    return "/" + options_.bucket + "/" + in_bucket(name);
  }

  s3::Page next_page(const std::string& prefix, const std::string& token) {
    const auto from = token.empty() ? "" : "continuation-token=" + s3::encoded(token) + "&";
    const auto answer = perform({.method = "GET",
                                 .path = "/" + options_.bucket,
                                 .query = from + "list-type=2&max-keys=1000&prefix=" + s3::encoded(prefix)});
    if (answer.status != 200) fail("list '" + prefix + "'", answer);
    auto page = s3::read_page(answer.text);
    if (!page) refuse(where() + " sent no listing that can be read: check that the endpoint is a server of S3");
    return std::move(*page);
  }

  Answer perform(const Request& request) {
    auto pause = options_.pause;
    for (std::uint32_t attempt = 1;; ++attempt) {
      auto answer = client_.perform(request);
      if (!answer.is_passing || attempt == options_.attempts) return answer;
      std::this_thread::sleep_for(std::chrono::microseconds(pause.us));
      pause = std::min(pause * 2, pause_max);
    }
  }

  std::string where() const { return options_.endpoint + " (bucket " + options_.bucket + ")"; }

  [[noreturn]] void fail(const std::string& what, const Answer& answer) const {
    const auto tried = answer.is_passing ? ", after " + std::to_string(options_.attempts) + " attempts" : "";
    if (answer.status == 0) {
      refuse("cannot " + what + ": " + where() + ": " + answer.failure + tried +
             " (check that the server runs and that the endpoint in the settings is its own)");
    }
    const auto code = s3::error_code(answer.text);
    refuse("cannot " + what + ": " + where() + " answered " + std::to_string(answer.status) +
           (code.empty() ? "" : " " + code) + tried + " (" + remedy_for(code) + ")");
  }

  static void discard(const fs::path& file) {
    std::error_code ignored;
    fs::remove(file, ignored);
  }

  const S3ArchiveOptions options_;
  s3::Client client_;
};

}  // namespace

std::unique_ptr<Archive> make_s3_archive(const S3ArchiveOptions& options) {
  return std::make_unique<S3Archive>(options);
}

}  // namespace virtscale
