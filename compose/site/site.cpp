#include "compose/site/site.hpp"

#include <sodium.h>
#include <sys/stat.h>

#include <fstream>

#include "compose/settings/tokens.hpp"
#include "topology/adapters/http/server.hpp"
#include "topology/adapters/metrics/metrics.hpp"

namespace virtscale {
namespace {

std::uint64_t drawn() {
  std::uint64_t number = 0;
  randombytes_buf(&number, sizeof number);
  return number;
}

}  // namespace

Site::Site(const Settings& settings, std::filesystem::path data, Journal& journal, KeyCare care)
    : settings_(settings),
      data_(std::move(data)),
      journal_(journal),
      system_clock_(make_system_clock()),
      steady_clock_(make_steady_clock()),
      clock_(*system_clock_, *steady_clock_),
      ids_(drawn()),
      metrics_(make_metrics()),
      world_(settings_, data_, clock_, care) {
  std::filesystem::create_directories(data_);
  make_operator_token();
  authorizer_ = make_authorizer(settings_.tokens);
}

// Without any token nobody could ask for anything: the first start makes the operator's.
void Site::make_operator_token() {
  if (!settings_.tokens.empty()) return;
  const auto file = data_ / "operator.token";
  std::string token;
  if (std::ifstream in(file); in) {
    std::getline(in, token);
  } else {
    token = generate_token();
    const auto before = umask(0177);
    std::ofstream(file) << token << "\n";
    umask(before);
    journal_.write(
        {.message = "an operator's token was made: use it with --token-file", .fields = {{"file", file.string()}}});
  }
  settings_.tokens.push_back({"", hash_of_token(token)});
}

ThreadInUse Site::make_thread() {
  return ThreadInUse(threads_.emplace_back(make_executor()).get());
}

std::unique_ptr<HttpServer> Site::listen_at(const Endpoint& at, HttpHandler handler) const {
  return listen({.address = at.address,
                 .port = at.port,
                 .certificate_file = settings_.certificate_file,
                 .key_file = settings_.certificate_key_file},
                std::move(handler));
}

}  // namespace virtscale
