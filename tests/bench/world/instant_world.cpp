#include "tests/bench/world/instant_world.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <stdexcept>
#include <thread>

#include "schemas/codec.hpp"
#include "tests/bench/world/documents.hpp"
#include "topology/adapters/metrics/metrics.hpp"
#include "topology/adapters/rocksdb/store.hpp"
#include "topology/adapters/sodium/sodium.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::bench {
namespace {

constexpr std::string_view cell = "bench";
constexpr auto wait_max = std::chrono::minutes(1);

std::string org_name(std::uint64_t n) {
  return "org-" + std::to_string(n);
}
std::string service_name(std::uint64_t n) {
  return "service-" + std::to_string(n);
}

schema::ServiceAppliedT service(const std::string& name) {
  auto applied = service_of(name);
  applied.spec->health = std::make_unique<schema::HealthT>();
  applied.spec->health->path = "/healthz";
  return applied;
}

schema::CellAppliedT cell_with_room() {
  schema::CellAppliedT applied;
  applied.name = cell;
  for (int n = 0; n < 100; ++n) {
    auto node = std::make_unique<schema::NodeSpecT>();
    node->name = "node-" + std::to_string(n);
    node->zone = "zone-a";
    for (int numa = 0; numa < 2; ++numa) {
      auto spec = std::make_unique<schema::NumaSpecT>();
      spec->vcpu_milli = spec->ram_mib = 1'000'000'000;
      node->numa.push_back(std::move(spec));
    }
    applied.nodes.push_back(std::move(node));
  }
  return applied;
}

}  // namespace

// Every driver, answering at once. The ports ask for answers from another call; the stages' effects post them anyway.
class InstantWorld::Instant final : public Domains, public Probe, public LoadBalancer, public Mail {
 public:
  void start(const DomainOrder&, Started done) override {
    const DomainAddress address{"127.0.0.1", 8080};
    done(&address, nullptr);
  }
  void stop(const std::string&, Stopped done) override { done(nullptr); }
  std::vector<std::string> running(std::string_view) override { return {}; }
  void probe(const ProbeOrder&, Probed done) override { done(1, nullptr); }
  void add(const BackendOrder&, Changed done) override { done(1, nullptr); }
  void drain(const std::string&, const std::string&, Changed done) override { done(1, nullptr); }
  void send(const MailOrder&, Sent done) override { done(nullptr); }
};

InstantWorld::InstantWorld(std::uint32_t orgs, std::uint32_t services, const std::string& bootstrap)
    : orgs_(orgs),
      services_(services),
      clock_(make_system_clock()),
      metrics_(make_metrics()),
      world_(std::make_unique<Instant>()) {
  logs_ = bootstrap.empty() ? make_embedded_logs(folder() / "log", *clock_) : make_kafka_logs(bootstrap);
  generate_key(folder() / "keys", "bench");
  signer_ = make_keyfile_signer(folder() / "keys", "bench");
  stages_ = make_stages();
  edge_thread_ = make_executor();
  edge_ = std::make_unique<LogEdge>(logs_->of(Source::edge), *edge_thread_, ids_);
  watch_ledger();
  stages_->start();
  apply_documents();
}

InstantWorld::~InstantWorld() {
  stages_->drain();
  edge_thread_->stop();
  stages_.reset();
  edge_.reset();
  logs_.reset();
}

std::unique_ptr<AllStages> InstantWorld::make_stages() {
  return std::make_unique<AllStages>(
      AllStagesPorts{.log = [this](Source stage) -> Log& { return logs_->of(stage); },
                     .open_store =
                         [this](std::string_view stage, std::uint32_t partition) {
                           return open_rocksdb_store(folder() / "state" /
                                                     (std::string(stage) + "-" + std::to_string(partition)));
                         },
                     .clock = *clock_,
                     .metrics = *metrics_,
                     .ids = ids_,
                     .drivers = {*world_, *world_, *world_, *world_, *signer_},
                     .on_incident =
                         [](const std::string& why) {
                           std::fprintf(stderr, "bench: %s\n", why.c_str());
                           std::abort();
                         }},
      Pace{});
}

std::vector<PartitionStatus> InstantWorld::status() {
  std::promise<std::vector<PartitionStatus>> told;
  stages_->read_status([&](std::vector<PartitionStatus> all) { told.set_value(std::move(all)); });
  return told.get_future().get();
}

// Stages are looked at in the order in which events pass through them, so none is between two of them unseen.
void InstantWorld::wait_until_folded() {
  const auto is_behind = [](const PartitionStatus& one) { return !one.ready || one.next_offset < one.end_offset; };
  for (auto all = status(); std::ranges::any_of(all, is_behind); all = status())
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

double InstantWorld::rebuild() {
  stages_->drain();
  stages_.reset();
  std::filesystem::remove_all(folder() / "state");
  stages_ = make_stages();
  const auto began = std::chrono::steady_clock::now();
  stages_->start();
  wait_until_folded();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

std::uint64_t InstantWorld::records() {
  std::uint64_t records = 0;
  for (const auto& one : status()) records += one.end_offset;
  return records;
}

void InstantWorld::apply_documents() {
  const auto append = [this](Topic to, const std::string& key, std::vector<std::byte> event) {
    edge_->append(edge_->next_id(), to, key, std::move(event), [](const std::string*) {});
  };
  append(Topic::decisions, std::string(cell), encode(cell_with_room(), ""));
  for (std::uint32_t org = 0; org < orgs_; ++org) {
    append(Topic::signals, org_name(org), encode(contract_of(1'000'000'000), org_name(org)));
    for (std::uint32_t s = 0; s < services_; ++s) {
      append(Topic::alerts, org_name(org) + "/" + service_name(s), encode(service(service_name(s)), org_name(org)));
    }
  }
  logs_->of(Source::edge).sync();
  wait_until_folded();  // before the clock runs
}

void InstantWorld::watch_ledger() {
  edge_->watch(Topic::ledger, [this](const LogRecord& record) {
    const auto* published = schema::GetEvent(record.value.data())->body_as_CheckpointPublished();
    if (published == nullptr) return;
    const std::lock_guard lock(mutex_);
    auto org = settled_by_org_.find(record.key);
    if (org == settled_by_org_.end()) org = settled_by_org_.emplace(record.key, 0).first;
    settled_ += published->size() - org->second;
    org->second = published->size();
    settled_grew_.notify_all();
  });
}

void InstantWorld::request(std::size_t count, std::int32_t amount) {
  std::vector<std::string> keys(count);
  std::vector<std::vector<std::byte>> events(count);
  std::vector<LogAppend> batch(count);
  schema::ScaleRequestedT wanted;
  wanted.amount = amount;
  wanted.requester = "operator";
  for (std::size_t i = 0; i < count; ++i, ++requested_) {
    const auto org = org_name(requested_ % orgs_);
    wanted.service = service_name(requested_ / orgs_ % services_);
    keys[i] = org + "/" + wanted.service;
    events[i] = encode(wanted, org);
    fill_header(events[i], {.id = ids_.next()});
    batch[i] = {{Topic::alerts, 0}, keys[i], events[i]};
  }
  logs_->of(Source::edge).append(batch);
}

void InstantWorld::request_and_settle(std::uint64_t events, std::uint64_t outstanding_max,
                                      const std::function<std::int32_t(std::uint64_t)>& amount_of) {
  constexpr std::size_t batch = 100;
  const auto before = settled();
  for (std::uint64_t sent = 0; sent < events; sent += batch) {
    while (sent - (settled() - before) > outstanding_max) std::this_thread::sleep_for(std::chrono::microseconds(200));
    request(batch, amount_of(sent));
  }
  if (!wait_for_settled(events)) throw std::runtime_error("bench: not all events were settled in a minute");
}

bool InstantWorld::wait_for_settled(std::uint64_t lines) {
  std::unique_lock lock(mutex_);
  waited_for_ += lines;
  return settled_grew_.wait_for(lock, wait_max, [this] { return settled_ >= waited_for_; });
}

std::uint64_t InstantWorld::settled() {
  const std::lock_guard lock(mutex_);
  return settled_;
}

std::uint64_t InstantWorld::log_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder() / "log")) {
    std::error_code renamed;  // as an index is, once it is whole
    const auto size = file.file_size(renamed);
    if (!renamed) bytes += size;
  }
  return bytes;
}

}  // namespace virtscale::bench
