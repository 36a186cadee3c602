#include "tests/replay/town/town.hpp"

#include <algorithm>

#include "schemas/codec.hpp"
#include "topology/adapters/segment/segment_log.hpp"
#include "topology/adapters/sodium/sodium.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::test {
namespace {

constexpr std::int64_t morning_us = 1'776'729'600'000'000;  // 2026-04-21T00:00:00Z
constexpr const char* key_name = "town-gate";

schema::ScaleRuleT rule(const std::string& on, int change) {
  schema::ScaleRuleT rule;
  rule.on = on;
  rule.mode = schema::ScaleMode::by;
  rule.amount = change;
  return rule;
}

std::string domain_in(const schema::Event& event) {
  if (const auto* start = event.body_as_StartDomain()) return start->domain()->str();
  if (const auto* stop = event.body_as_StopDomain()) return stop->domain()->str();
  if (const auto* probe = event.body_as_ProbeDomain()) return probe->domain()->str();
  if (const auto* add = event.body_as_AddBackend()) return add->domain()->str();
  if (const auto* drain = event.body_as_DrainBackend()) return drain->domain()->str();
  return {};
}

}  // namespace

Town::Town(const std::filesystem::path& directory, LogLayout layout, std::uint64_t seed)
    : clock_({morning_us}), drawn_(seed), refolds_(replay::make_refolds(layout)) {
  log_ = open_segment_log({.directory = directory / "log", .layout = layout, .clock = &clock_}).log;
  generate_key(directory / "keys", key_name);
  signer_ = make_keyfile_signer(directory / "keys", key_name);
}

Town::~Town() = default;

void Town::build_cell(int nodes) {
  schema::CellAppliedT cell;
  cell.name = "prod";
  for (int n = 0; n < nodes; ++n) {
    auto node = std::make_unique<schema::NodeSpecT>();
    node->name = "nd-" + std::to_string(n);
    node->zone = n % 2 == 0 ? "zone-a" : "zone-b";
    for (int i = 0; i < 2; ++i) {
      auto numa = std::make_unique<schema::NumaSpecT>();
      numa->vcpu_milli = 32'000;
      numa->ram_mib = 256 * 1'024;
      node->numa.push_back(std::move(numa));
    }
    cell.nodes.push_back(std::move(node));
  }
  append({Topic::decisions, "prod", encode(cell, "")});
}

void Town::sign_contract(const std::string& org, int vcpu) {
  schema::ContractAppliedT contract;
  contract.version = 1;
  contract.signed_ = "2026-01-01";
  contract.quota = schema::Resources(vcpu * 1'000, vcpu * 8'192, vcpu * 100);
  contract.overage_percent = 10;
  contract.owner = "owner@" + org + ".example";
  append({Topic::signals, org, encode(contract, org)});
}

void Town::open_service(const std::string& org) {
  schema::ServiceAppliedT applied;
  applied.spec = std::make_unique<schema::ServiceSpecT>();
  auto& spec = *applied.spec;
  spec.name = "web";
  spec.cell = "prod";
  spec.domain = schema::Resources(10'000, 48 * 1'024, 100);
  spec.replicas_min = 1;
  spec.replicas_max = 40;
  spec.rules.push_back(std::make_unique<schema::ScaleRuleT>(rule("hot", 1)));
  spec.rules.push_back(std::make_unique<schema::ScaleRuleT>(rule("cold", -1)));
  spec.cooldown_out_us = spec.cooldown_in_us = seconds(60).us;
  spec.health = std::make_unique<schema::HealthT>();
  spec.health->path = "/healthz";
  spec.health->every_us = milliseconds(500).us;
  spec.health->deadline_us = seconds(60).us;
  spec.vip = "10.10.4.12/32";
  spec.haproxy_backend = "web";
  append({Topic::alerts, org + "/web", encode(applied, org)});
}

void Town::alert(const std::string& org, const std::string& name, int percent) {
  schema::AlertRaisedT raised;
  raised.service = "web";
  raised.name = name;
  raised.fingerprint = name + std::to_string(++alerts_[org + name]);
  raised.starts_at_us = clock_.now().us;
  raised.value_milli = percent * 1'000;
  raised.queue_depth = 100;
  raised.summary = "seen by 10.1.2.3:9090, ask oncall@" + org + ".example";
  append({Topic::alerts, org + "/web", encode(raised, org)});
}

void Town::resolve(const std::string& org, const std::string& name) {
  schema::AlertResolvedT resolved;
  resolved.service = "web";
  resolved.name = name;
  resolved.fingerprint = name + std::to_string(alerts_[org + name]);
  resolved.starts_at_us = resolved.ends_at_us = clock_.now().us;
  append({Topic::alerts, org + "/web", encode(resolved, org)});
}

void Town::request(const std::string& org, int change) {
  schema::ScaleRequestedT requested;
  requested.service = "web";
  requested.mode = schema::ScaleMode::by;
  requested.amount = change;
  requested.requester = "org";
  append({Topic::alerts, org + "/web", encode(requested, org)});
}

void Town::pass(Duration time) {
  const auto until = clock_.now() + time;
  for (;;) {
    if (ring_one(std::min(until, later_.empty() ? until : later_.begin()->first))) continue;
    if (later_.empty() || later_.begin()->first > until) break;
    const auto next = later_.extract(later_.begin());
    clock_.set(std::max(clock_.now(), next.key()));
    next.mapped()();
  }
  clock_.set(std::max(clock_.now(), until));
}

void Town::append(Append record) {
  const auto partitions = log_->layout().partitions[static_cast<std::size_t>(record.to)];
  const auto partition = record.answers ? record.partition : partition_of(record.key, partitions);
  fill_header(record.event, {.id = ids_.next(), .answers = record.answers, .scale = record.scale});
  const LogAppend appended{{record.to, partition}, record.key, record.event};
  clock_.advance(microseconds(150));
  log_->append({&appended, 1});
  ++records_;
  fold_all();
}

void Town::fold_all() {
  for (bool folded = true; folded;) {
    folded = false;
    for (auto& refold : refolds_) folded = fold_some(*refold) || folded;
  }
}

bool Town::fold_some(replay::Refold& refold) {
  Arena arena;
  std::vector<Step> steps;
  log_->read(refold.inbox(), refold.next_offset(), SIZE_MAX, [&](const LogRecord& record) {
    steps.push_back(refold.fold(record, arena));
    return true;
  });
  for (auto& step : steps) {
    if (!step.emitted.empty()) {
      clock_.advance(microseconds(100));
      log_->append(step.emitted);
      records_ += step.emitted.size();
    }
    for (const auto& request : step.asked) answer_later(refold.inbox(), request);
  }
  return !steps.empty();
}

void Town::answer_later(TopicPartition inbox, const RequestView& request) {
  const auto& event = *schema::GetEvent(request.event.data());
  auto takes = between(5, 50);
  if (event.body_type() == schema::Body::StartDomain) takes = between(20'000, 40'000);
  if (event.body_type() == schema::Body::ProbeDomain) takes = between(500, 2'500);
  later_.emplace(clock_.now() + takes, [this, inbox, request = request.kept()] {
    const auto key = to_string(request.scale);
    append({inbox.topic, key, answer_to(request), request.id, request.scale, inbox.partition});
  });
}

std::vector<std::byte> Town::answer_to(const EffectRequest& request) {
  const auto& event = *schema::GetEvent(request.event.data());
  const auto answer = [&](auto body) {
    if constexpr (requires { body.domain; }) body.domain = domain_in(event);
    if constexpr (requires { body.attempts; }) body.attempts = 1;
    return encode(body, request.org);
  };
  schema::DomainSpawnedT spawned;
  schema::CheckpointSignedT note;
  switch (event.body_type()) {
    case schema::Body::StartDomain:
      ++addresses_;
      spawned.address = "10.20." + std::to_string(addresses_ / 250 % 250) + "." + std::to_string(addresses_ % 250 + 1);
      spawned.port = 8'080;
      return answer(std::move(spawned));
    case schema::Body::StopDomain:
      return answer(schema::DomainHaltedT());
    case schema::Body::ProbeDomain:
      return answer(schema::LivenessPassedT());
    case schema::Body::AddBackend:
      return answer(schema::BackendAddedT());
    case schema::Body::DrainBackend:
      return answer(schema::BackendDrainedT());
    case schema::Body::SendMail:
      return answer(schema::MailSentT());
    default: {
      const auto* asked = event.body_as_SignCheckpoint();
      Checkpoint checkpoint{asked->origin()->str(), {asked->size(), {}}};
      std::ranges::transform(*asked->root(), checkpoint.tree.root.begin(), [](auto byte) { return std::byte{byte}; });
      note.size = asked->size();
      note.key = key_name;
      note.note = signer_->sign_note(checkpoint_text(checkpoint));
      return answer(std::move(note));
    }
  }
}

bool Town::ring_one(Instant until) {
  for (const auto& refold : refolds_) {
    const auto& timers = refold->books().due_timers();
    if (timers.empty() || timers.begin()->due > until) continue;
    const auto timer = *timers.begin();
    clock_.set(std::max(clock_.now(), timer.due));
    schema::TimerFiredT fired;
    fired.key = timer.key;
    fired.due_us = timer.due.us;
    auto event = encode(fired, "");
    fill_header(event, {.id = ids_.next()});
    const LogAppend appended{refold->inbox(), timer.key, event};
    log_->append({&appended, 1});
    ++records_;
    fold_all();
    return true;
  }
  return false;
}

// A generator with 64 bits of state (Knuth's MMIX), since standard distributions differ between libraries.
Duration Town::between(int low_ms, int high_ms) {
  drawn_ = drawn_ * 6364136223846793005ULL + 1442695040888963407ULL;
  return milliseconds(low_ms +
                      static_cast<std::int64_t>((drawn_ >> 33U) % static_cast<std::uint64_t>(high_ms - low_ms)));
}

}  // namespace virtscale::test
