#include "compose/up/world.hpp"

#include "topology/adapters/probe/http_probe.hpp"
#include "topology/adapters/process/process_domains.hpp"
#include "topology/adapters/smtp/mail.hpp"
#include "topology/adapters/sodium/sodium.hpp"

namespace virtscale {
namespace {

// What stands where the settings name nothing: asking for it fails for good, and says which setting is missing.
class NoBalancer final : public LoadBalancer {
 public:
  void add(const BackendOrder& order, Changed done) override {
    const Failure failure{"backend " + order.backend + " cannot be reached: set `haproxy.address` in the settings",
                          false};
    done(0, &failure);
  }
  // What never joined is gone.
  void drain(const std::string&, const std::string&, Changed done) override { done(0, nullptr); }
};

class NoMail final : public Mail {
 public:
  void send(const MailOrder&, Sent done) override {
    const Failure failure{"no mail server is known: set `smtp.url` in the settings", false};
    done(&failure);
  }
};

std::unique_ptr<Mail> mail_of(const Settings& settings, const Clock& clock) {
  if (settings.smtp_url.empty()) return std::make_unique<NoMail>();
  return make_smtp_mail(
      {.url = settings.smtp_url,
       .from = settings.smtp_from,
       .user = settings.smtp_user,
       .password_file = settings.smtp_password_file,
       .encryption = settings.smtp_user.empty() ? MailEncryption::opportunistic : MailEncryption::required},
      clock);
}

}  // namespace

World::World(const Settings& settings, const std::filesystem::path& data, const Clock& clock)
    : keys_(settings.keys_directory.empty() ? data / "keys" : std::filesystem::path(settings.keys_directory)),
      domains_(make_process_domains({.directory = data / "domains"})),
      probe_(make_http_probe()),
      mail_(mail_of(settings, clock)) {
  if (settings.haproxy_address.empty()) {
    balancer_ = std::make_unique<NoBalancer>();
  } else {
    auto haproxy =
        make_haproxy({.endpoint = settings.haproxy_address, .connections_max = settings.haproxy_connections_max});
    haproxy_ = haproxy.get();
    balancer_ = std::move(haproxy);
  }
  if (!std::filesystem::exists(keys_ / (settings.ledger_key + ".secret"))) generate_key(keys_, settings.ledger_key);
  signer_ = make_keyfile_signer(keys_, settings.ledger_key);
}

World::~World() = default;

}  // namespace virtscale
