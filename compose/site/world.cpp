#include "compose/site/world.hpp"

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

std::filesystem::path given_or(const std::string& given, const std::filesystem::path& otherwise) {
  return given.empty() ? otherwise : std::filesystem::path(given);
}

}  // namespace

World::World(const Settings& settings, const std::filesystem::path& data, const Clock& clock, KeyCare care)
    : settings_(settings),
      clock_(clock),
      care_(care),
      keys_(given_or(settings.keys_directory, data / "keys")),
      domains_directory_(given_or(settings.domains_directory, data / "domains")) {}

World::~World() = default;

Domains& World::domains() {
  if (!domains_) domains_ = make_process_domains({.directory = domains_directory_});
  return *domains_;
}

Probe& World::probe() {
  if (!probe_) probe_ = make_http_probe();
  return *probe_;
}

LoadBalancer& World::balancer() {
  if (balancer_) return *balancer_;
  if (settings_.haproxy_address.empty()) {
    balancer_ = std::make_unique<NoBalancer>();
  } else {
    auto haproxy =
        make_haproxy({.endpoint = settings_.haproxy_address, .connections_max = settings_.haproxy_connections_max});
    haproxy_ = haproxy.get();
    balancer_ = std::move(haproxy);
  }
  return *balancer_;
}

Haproxy* World::haproxy() {
  balancer();
  return haproxy_;
}

Mail& World::mail() {
  if (!mail_) mail_ = mail_of(settings_, clock_);
  return *mail_;
}

const Signer& World::signer() {
  if (signer_) return *signer_;
  const auto secret = keys_ / (settings_.ledger_key + ".secret");
  if (!std::filesystem::exists(secret)) {
    if (care_ == KeyCare::require) {
      throw std::runtime_error("the key that signs checkpoints is not there: " + secret.string() +
                               ". Make it once with `virtscale keys generate " + settings_.ledger_key +
                               "`, and give it to every audit process (`ledger: {keys: DIR}`)");
    }
    generate_key(keys_, settings_.ledger_key);
  }
  signer_ = make_keyfile_signer(keys_, settings_.ledger_key);
  return *signer_;
}

}  // namespace virtscale
