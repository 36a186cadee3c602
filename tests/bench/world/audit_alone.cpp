#include "tests/bench/world/audit_alone.hpp"

#include <chrono>
#include <stdexcept>
#include <thread>

#include "compose/ledger/files.hpp"
#include "schemas/codec.hpp"
#include "stages/audit/effects.hpp"
#include "topology/adapters/metrics/metrics.hpp"
#include "topology/adapters/rocksdb/store.hpp"
#include "topology/adapters/segment/segment_log.hpp"
#include "topology/adapters/sodium/sodium.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t batch = 100;
constexpr auto run_max = std::chrono::minutes(5);

std::string org_name(std::uint64_t n) {
  return "org-" + std::to_string(n);
}

// As the gate refuses: its line is of the length that lines have.
schema::ScaleDecidedT refusal() {
  schema::ScaleDecidedT decided;
  decided.service = "web";
  decided.decision = schema::Decision::refused;
  decided.code = "beyond_envelope";
  decided.reason =
      "Beyond the envelope of contract version 1: 5 of 4.4 vCPU (113.6 %), 1280 of 2252 MiB RAM (56.8 %) and 5 of 22 "
      "GiB disk (22.7 %); vcpu binds.";
  decided.remedy = "Raise the quota of the contract to 4.546 vCPU; 2 domains would fit now.";
  decided.kind = schema::SignalKind::request;
  decided.name = "request";
  decided.from = 2;
  decided.to = 5;
  decided.contract_version = 1;
  decided.overage_percent = 10;
  decided.requester = "operator";
  decided.projection.emplace_back(schema::Dimension::vcpu, 2'000, 0, 3'000, 4'000, 4'400);
  decided.projection.emplace_back(schema::Dimension::ram, 512, 0, 768, 2'048, 2'252);
  decided.projection.emplace_back(schema::Dimension::disk, 2, 0, 3, 20, 22);
  return decided;
}

}  // namespace

AuditAlone::AuditAlone(std::uint64_t lines, std::uint32_t orgs)
    : lines_(lines),
      orgs_(orgs),
      clock_(make_system_clock()),
      mirroring_(make_executor()),
      metrics_(make_metrics()),
      thread_(make_executor()),
      disk_(make_executor()),
      watching_(make_executor()) {
  log_ = open_segment_log({.directory = folder_.path() / "log", .layout = {}, .clock = clock_.get()}).log;
  generate_key(folder_.path() / "keys", "bench");
  signer_ = make_keyfile_signer(folder_.path() / "keys", "bench");
  effects_ = audit::make_effects(*signer_, *disk_);
  const auto open_store = [this](std::string_view stage, std::uint32_t) {
    return open_rocksdb_store(folder_.path() / "state" / stage);
  };
  const auto stop = [](const std::string& why) {
    std::fprintf(stderr, "bench: %s\n", why.c_str());
    std::abort();
  };
  runner_ = std::make_unique<StageRunner<audit::Fold>>(
      StagePorts{*log_, open_store, *thread_, *disk_, *clock_, effects_.get(), *metrics_, ids_, stop}, Pace{});
  edge_ = std::make_unique<LogEdge>(*log_, *watching_, ids_);
  edge_->watch(Topic::ledger, [this](const LogRecord& record) { count(record); });
  decide(lines, orgs);
}

AuditAlone::~AuditAlone() {
  runner_->drain();
  mirroring_->stop();
  watching_->stop();
  thread_->stop();
  disk_->stop();
}

void AuditAlone::decide(std::uint64_t lines, std::uint32_t orgs) {
  auto decided = refusal();
  std::uint64_t previous = 0;
  for (std::uint64_t done = 0; done < lines;) {
    std::vector<std::string> keys;
    std::vector<std::vector<std::byte>> events;
    for (; done < lines && events.size() < batch; ++done) {
      decided.signal_at_us = decided.decided_at_us = clock_->now().us;
      keys.push_back(org_name(done % orgs));
      events.push_back(encode(decided, keys.back()));
      const HeaderFields header{.id = {done, 0, 0, Source::policy},
                                .scale = {done + 1},
                                .lane = done + 1,
                                .previous = previous,
                                .epoch = first_epoch};
      previous = fill_header(events.back(), header);
    }
    std::vector<LogAppend> appends;
    for (std::size_t i = 0; i < events.size(); ++i) appends.push_back({{Topic::outcomes, 0}, keys[i], events[i]});
    log_->append(appends);
  }
  log_->sync();
}

void AuditAlone::count(const LogRecord& record) {
  const auto* published = schema::GetEvent(record.value.data())->body_as_CheckpointPublished();
  if (published == nullptr) return;
  auto& covered = covered_by_org_[std::string(record.key)];
  covered_ += published->size() - covered;
  covered = published->size();
}

// The files of the last org are written when those of the others are, or a moment earlier; all are looked at.
bool AuditAlone::files_are_whole() const {
  for (std::uint32_t org = 0; org < orgs_; ++org) {
    const auto note = ledger::read_file(folder_.path() / "ledgers" / org_name(org) / "checkpoint");
    const auto parsed = note ? parse_note(*note) : std::nullopt;
    const auto checkpoint = parsed ? parse_checkpoint(parsed->text) : std::nullopt;
    if (!checkpoint || checkpoint->tree.size < (lines_ + orgs_ - 1 - org) / orgs_) return false;
  }
  return true;
}

AuditAlone::Took AuditAlone::run() {
  const auto began = Steady::now();
  mirror_ = std::make_unique<LedgerMirror>(*log_, *mirroring_, folder_.path() / "ledgers", folder_.path() / "keys",
                                           [](const std::string& why) { std::fprintf(stderr, "%s\n", why.c_str()); });
  runner_->start();
  const auto wait_until = [&](const auto& holds) {
    while (!holds()) {
      if (Steady::now() - began > run_max) throw std::runtime_error("ledger: not all lines were signed in time");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return std::chrono::duration<double>(Steady::now() - began).count();
  };
  Took took;
  took.appended = wait_until([&] { return covered_ >= lines_; });
  took.filed = wait_until([&] { return files_are_whole(); });
  return took;
}

std::filesystem::path AuditAlone::ledger() const {
  return folder_.path() / "ledgers" / org_name(0);
}

std::vector<VerifierKey> AuditAlone::keys() const {
  return public_keys(folder_.path() / "keys");
}

}  // namespace virtscale::bench
