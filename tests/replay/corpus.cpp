#include "tests/replay/corpus.hpp"

#include <unistd.h>

#include <atomic>

#include "topology/adapters/memory/manual_clock.hpp"
#include "topology/adapters/segment/segment_log.hpp"
#include "topology/adapters/sodium/sodium.hpp"

namespace virtscale::test {
namespace {

namespace fs = std::filesystem;

// Passes everything on to a log that others hold, too.
class SharedLog final : public Log {
 public:
  explicit SharedLog(std::shared_ptr<EditableLog> log) : log_(std::move(log)) {}
  const LogLayout& layout() const override { return log_->layout(); }
  Ticket append(std::span<const LogAppend>) override { throw LogError("replay appends nothing"); }
  std::size_t read(TopicPartition from, std::uint64_t offset, std::size_t records_max,
                   const std::function<bool(const LogRecord&)>& visit) override {
    return log_->read(from, offset, records_max, visit);
  }
  std::uint64_t end(TopicPartition of) const override { return log_->end(of); }
  std::uint64_t offset_at(TopicPartition of, Instant at) override { return log_->offset_at(of, at); }
  Ticket durable() const override { return log_->durable(); }
  Subscription on_append(TopicPartition, std::function<void()>) override { return {}; }
  Subscription on_durable(std::function<void()>) override { return {}; }
  Subscription on_failure(std::function<void(const std::string&)>) override { return {}; }
  void commit(TopicPartition, std::uint64_t) override { throw LogError("replay commits nothing"); }
  std::optional<std::uint64_t> committed(TopicPartition of) const override { return log_->committed(of); }
  void sync() override { throw LogError("replay syncs nothing"); }

 private:
  std::shared_ptr<EditableLog> log_;
};

LogLayout layout() {
  LogLayout layout;
  layout.partitions = {2, 3, 2, 2, 3, 2, 1};
  return layout;
}

schema::CellAppliedT cell(const std::string& name) {
  schema::CellAppliedT applied;
  applied.name = name;
  for (int n = 0; n < 3; ++n) {
    auto node = std::make_unique<schema::NodeSpecT>();
    node->name = "node-" + std::to_string(n);
    node->zone = "zone-a";
    auto numa = std::make_unique<schema::NumaSpecT>();
    numa->vcpu_milli = numa->ram_mib = 1'000'000;
    node->numa.push_back(std::move(numa));
    applied.nodes.push_back(std::move(node));
  }
  return applied;
}

schema::ContractAppliedT contract(const std::string& org) {
  schema::ContractAppliedT contract;
  contract.version = 1;
  contract.signed_ = "2025-11-02";
  contract.quota = schema::Resources(6'000, 600, 600);
  contract.owner = "owner@" + org + ".example";
  return contract;
}

schema::ServiceAppliedT service(const std::string& cell) {
  schema::ServiceAppliedT applied;
  applied.spec = std::make_unique<schema::ServiceSpecT>();
  applied.spec->name = "web";
  applied.spec->cell = cell;
  applied.spec->domain = schema::Resources(1'000, 64, 1);
  applied.spec->replicas_max = 100;
  applied.spec->health = std::make_unique<schema::HealthT>();
  applied.spec->health->path = "/healthz";
  applied.spec->haproxy_backend = "web";
  return applied;
}

std::string note_of(const schema::SignCheckpoint& asked, const Signer& signer) {
  Checkpoint checkpoint{asked.origin()->str(), {asked.size(), {}}};
  std::transform(asked.root()->begin(), asked.root()->end(), checkpoint.tree.root.begin(),
                 [](std::uint8_t byte) { return std::byte{byte}; });
  return signer.sign_note(checkpoint_text(checkpoint));
}

template <class Answer, class Asked>
std::vector<std::byte> answer_for(const Asked& asked) {
  Answer answer;
  answer.domain = asked.domain()->str();
  if constexpr (requires { answer.address; }) {
    answer.address = "10.0.0.1";
    answer.port = 8'080;
  }
  return encode(answer, "");
}

std::vector<std::byte> answer_to(const schema::Event& event, const Signer& signer) {
  if (const auto* asked = event.body_as_StartDomain()) return answer_for<schema::DomainSpawnedT>(*asked);
  if (const auto* asked = event.body_as_StopDomain()) return answer_for<schema::DomainHaltedT>(*asked);
  if (const auto* asked = event.body_as_ProbeDomain()) return answer_for<schema::LivenessPassedT>(*asked);
  if (const auto* asked = event.body_as_AddBackend()) return answer_for<schema::BackendAddedT>(*asked);
  if (const auto* asked = event.body_as_DrainBackend()) return answer_for<schema::BackendDrainedT>(*asked);
  if (event.body_as_SendMail() != nullptr) return encode(schema::MailSentT(), "");
  schema::CheckpointSignedT answer;
  answer.size = event.body_as_SignCheckpoint()->size();
  answer.key = signer.key_name();
  answer.note = note_of(*event.body_as_SignCheckpoint(), signer);
  return encode(answer, event.org()->string_view());
}

std::string org_name(std::uint32_t n) {
  return "org-" + std::to_string(n);
}

}  // namespace

Corpus::Corpus(CorpusSize size)
    : log_(std::make_shared<EditableLog>(layout())), refolds_(replay::make_refolds(log_->layout())) {
  generate_key(keys_directory_.path(), "corpus");
  signer_ = make_keyfile_signer(keys_directory_.path(), "corpus");
  keys_ = public_keys(keys_directory_.path());
  apply_documents(size.orgs);
  schema::ScaleRequestedT wanted;
  wanted.service = "web";
  wanted.requester = "operator";
  for (std::uint32_t i = 0; i < size.requests; ++i) {
    wanted.amount = i % 7 == 3 ? -1 : i % 11 == 5 ? 100 : 1;
    const auto org = org_name(i % size.orgs);
    append(Topic::alerts, org + "/web", encode(wanted, org), {.id = ids_.next()});
    if (i % 3 == 0) settle();
  }
  settle();
}

Corpus::~Corpus() {
  std::error_code ignored;
  fs::remove_all(keys_directory_.path(), ignored);
}

replay::LogSource Corpus::source() {
  return {.log = std::make_unique<SharedLog>(log_), .order = replay::LogOrder::total, .keys = {}, .snapshots = {}};
}

void Corpus::apply_documents(std::uint32_t orgs) {
  for (const auto* name : {"cell-a", "cell-b"})
    append(Topic::decisions, name, encode(cell(name), ""), {.id = ids_.next()});
  for (std::uint32_t n = 0; n < orgs; ++n) {
    const auto org = org_name(n);
    append(Topic::signals, org, encode(contract(org), org), {.id = ids_.next()});
    append(Topic::alerts, org + "/web", encode(service(n % 2 == 0 ? "cell-a" : "cell-b"), org), {.id = ids_.next()});
  }
  settle();
}

void Corpus::append(Topic to, const std::string& key, std::vector<std::byte> event, HeaderFields fields) {
  fill_header(event, fields);
  const auto partitions = log_->layout().partitions[static_cast<std::size_t>(to)];
  const LogAppend record{{to, partition_of(key, partitions)}, key, event};
  log_->append({&record, 1});
}

void Corpus::settle() {
  for (bool folded = true; folded;) {
    folded = false;
    for (auto& refold : refolds_) folded = fold(*refold) || folded;
  }
}

bool Corpus::fold(replay::Refold& refold) {
  Arena arena;
  std::vector<Step> steps;
  log_->read(refold.inbox(), refold.next_offset(), SIZE_MAX, [&](const LogRecord& record) {
    steps.push_back(refold.fold(record, arena));
    return true;
  });
  std::vector<LogAppend> appends;
  for (const auto& step : steps) appends.insert(appends.end(), step.emitted.begin(), step.emitted.end());
  if (!appends.empty()) log_->append(appends);
  for (const auto& step : steps) {
    for (const auto& request : step.asked) answer(refold, request);
  }
  return !steps.empty();
}

void Corpus::answer(const replay::Refold& refold, const RequestView& request) {
  const auto& asked = *schema::GetEvent(request.event.data());
  auto event = answer_to(asked, *signer_);
  fill_header(event, {.id = ids_.next(), .answers = request.id, .scale = request.scale});
  const LogAppend record{refold.inbox(), request.org, event};
  log_->append({&record, 1});
}

void Corpus::restart(Source stage, std::uint32_t partition, std::uint64_t from) {
  auto again = replay::make_refold(stage, partition, log_->layout());
  Arena arena;
  std::vector<LogAppend> appends;
  log_->read(again->inbox(), 0, SIZE_MAX, [&](const LogRecord& record) {
    const auto step = again->fold(record, arena);
    if (record.offset >= from) appends.insert(appends.end(), step.emitted.begin(), step.emitted.end());
    return true;
  });
  log_->append(appends);
}

void Corpus::commit() {
  for (const auto& refold : refolds_) {
    if (refold->next_offset() > 0) log_->commit(refold->inbox(), refold->next_offset() - 1);
  }
}

void Corpus::write(const fs::path& directory) {
  ManualClock clock;
  const auto log = open_segment_log({.directory = directory / "log", .layout = log_->layout(), .clock = &clock}).log;
  for (const auto* record : log_->in_order()) {
    clock.set(record->timestamp);
    const LogAppend append{record->of, record->key, record->value};
    log->append({&append, 1});
  }
  log->sync();
  fs::create_directories(directory / "keys");
  fs::copy_file(keys_directory_.path() / "corpus.public", directory / "keys" / "corpus.public",
                fs::copy_options::overwrite_existing);
}

}  // namespace virtscale::test
