#include "topology/adapters/smtp/mail.hpp"

#include <curl/curl.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <fstream>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include "topology/adapters/smtp/message.hpp"

namespace virtscale {
namespace {

struct Waiting {
  MailOrder order;
  Mail::Sent done;
};

struct CurlDeleter {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Curl = std::unique_ptr<CURL, CurlDeleter>;
using List = std::unique_ptr<curl_slist, ListDeleter>;

std::size_t read_message(char* to, std::size_t size, std::size_t count, void* message) {
  auto& rest = *static_cast<std::string_view*>(message);
  const auto bytes = std::min(size * count, rest.size());
  std::memcpy(to, rest.data(), bytes);
  rest.remove_prefix(bytes);
  return bytes;
}

/// Ends what curl does once `stopping` is true; curl asks about once a second.
int is_stopping(void* stopping, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<std::atomic<bool>*>(stopping)->load() ? 1 : 0;
}

long encryption_of(MailEncryption encryption) {
  switch (encryption) {
    case MailEncryption::none:
      return CURLUSESSL_NONE;
    case MailEncryption::opportunistic:
      return CURLUSESSL_TRY;
    case MailEncryption::required:
      return CURLUSESSL_ALL;
  }
  return CURLUSESSL_ALL;
}

std::string read_password(const std::string& file) {
  struct stat found {};
  if (stat(file.c_str(), &found) != 0) {
    throw std::runtime_error("cannot read the mail password in " + file + ": make the file, one line, mode 0600");
  }
  if ((found.st_mode & 077) != 0) {
    throw std::runtime_error("the mail password in " + file + " can be read by others: chmod 0600 " + file);
  }
  std::string password;
  std::getline(std::ifstream(file), password);
  return password;
}

void check(const SmtpOptions& options) {
  if (!options.url.starts_with("smtp://") && !options.url.starts_with("smtps://")) {
    throw std::runtime_error("smtp url '" + options.url + "' is not one: write smtp://HOST:PORT");
  }
  if (!is_mail_address(options.from)) {
    throw std::runtime_error("smtp from '" + options.from + "' is not a mail address: write name@domain");
  }
  const auto is_encrypted = options.encryption == MailEncryption::required || options.url.starts_with("smtps://");
  if (!options.user.empty() && !is_encrypted) {
    throw std::runtime_error(
        "smtp user needs encryption: set it to required, or the password could be read on its way");
  }
}

class SmtpMail final : public Mail {
 public:
  SmtpMail(const SmtpOptions& options, const Clock& clock) : options_(options), clock_(clock) {
    check(options);
    if (!options.user.empty()) password_ = read_password(options.password_file);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    thread_ = std::thread([this] { run(); });
  }

  ~SmtpMail() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    more_.notify_one();
    thread_.join();
  }

  void send(const MailOrder& order, Sent done) override {
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back({order, std::move(done)});
    }
    more_.notify_one();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      more_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      auto next = std::move(waiting_.front());
      waiting_.pop_front();
      const auto is_beyond = stopping_ || waiting_.size() >= mails_waiting_max;
      lock.unlock();
      if (is_beyond) {
        const Failure unsent{"the mail was not sent, since too many wait or Virtscale is stopping; send it again"};
        next.done(&unsent);
      } else {
        deliver(next);
      }
      lock.lock();
    }
  }

  void deliver(const Waiting& mail) {
    if (const auto fault = mail_fault(mail.order)) {
      const Failure refused{"mail not sent: " + *fault, false};
      return mail.done(&refused);
    }
    const auto failure = attempt(mail.order);
    mail.done(failure ? &*failure : nullptr);
  }

  std::optional<Failure> attempt(const MailOrder& order) {
    const Curl curl(curl_easy_init());
    const auto message = mail_message(order, options_.from, clock_.now());
    std::string_view rest = message;
    const List recipients(curl_slist_append(nullptr, order.to.c_str()));
    set_server(curl.get());
    curl_easy_setopt(curl.get(), CURLOPT_MAIL_FROM, options_.from.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT, recipients.get());
    curl_easy_setopt(curl.get(), CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_READFUNCTION, read_message);
    curl_easy_setopt(curl.get(), CURLOPT_READDATA, &rest);
    curl_easy_setopt(curl.get(), CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl.get(), CURLOPT_XFERINFOFUNCTION, is_stopping);
    curl_easy_setopt(curl.get(), CURLOPT_XFERINFODATA, &stopping_);
    const auto result = curl_easy_perform(curl.get());
    if (result == CURLE_OK) return std::nullopt;
    return failure_of(curl.get(), result);
  }

  void set_server(CURL* curl) const {
    curl_easy_setopt(curl, CURLOPT_URL, options_.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.us / 1'000));
    curl_easy_setopt(curl, CURLOPT_USE_SSL, encryption_of(options_.encryption));
    if (options_.user.empty()) return;
    curl_easy_setopt(curl, CURLOPT_USERNAME, options_.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, password_.c_str());
  }

  Failure failure_of(CURL* curl, CURLcode result) const {
    long code = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    const auto is_final = code >= 500 && code < 600;
    auto reason = "the mail server " + options_.url + " did not take the mail: " + curl_easy_strerror(result);
    if (code != 0) reason += ", its answer was " + std::to_string(code);
    reason += is_final ? "; check the owner's address and the sender with the server's operator"
                       : "; it will be sent again if attempts are left";
    return {std::move(reason), !is_final};
  }

  const SmtpOptions options_;
  const Clock& clock_;
  std::string password_;
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<Waiting> waiting_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Mail> make_smtp_mail(const SmtpOptions& options, const Clock& clock) {
  return std::make_unique<SmtpMail>(options, clock);
}

}  // namespace virtscale
