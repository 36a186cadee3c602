#include "tests/bench/world/chain.hpp"

#include <algorithm>
#include <stdexcept>

#include "schemas/codec.hpp"
#include "topology/adapters/sodium/sodium.hpp"
#include "topology/contract/note.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::bench {
namespace {

constexpr const char* key_name = "bench";
constexpr std::int64_t began_us = 1'776'729'600'000'000;  // 2026-04-21T00:00:00Z

std::string domain_in(const schema::Event& event) {
  if (const auto* start = event.body_as_StartDomain()) return start->domain()->str();
  if (const auto* probe = event.body_as_ProbeDomain()) return probe->domain()->str();
  if (const auto* add = event.body_as_AddBackend()) return add->domain()->str();
  return {};
}

}  // namespace

Chain::Chain() : stages_(replay::make_refolds(LogLayout())), now_us_(began_us) {
  generate_key(keys_.path(), key_name);
  signer_ = make_keyfile_signer(keys_.path(), key_name);
}

Chain::~Chain() = default;

void Chain::append(Topic to, std::string_view key, std::vector<std::byte> event) {
  fill_header(event, {.id = ids_.next()});
  waiting_.push_back({{to, 0}, std::string(key), std::move(event)});
  for (; !waiting_.empty(); waiting_.pop_front()) fold(waiting_.front());
}

void Chain::settle() {
  for (auto& stage : stages_) {
    for (auto* table : stage->tables()) {
      Arena arena;
      table->drain_changes(arena, [](std::string_view, const Bytes*) {});
    }
  }
}

void Chain::fold(const Record& record) {
  const auto offset = offsets_[static_cast<std::size_t>(record.to.topic)]++;
  for (auto& stage : stages_) {
    if (stage->inbox() != record.to) continue;
    arena_.clear();
    const auto step = stage->fold({record.to, offset, {++now_us_}, record.key, record.event, 0}, arena_);
    if (step.fate != Fate::folded) throw std::runtime_error("a record was not folded: " + step.incident);
    for (const auto& emitted : step.emitted)
      waiting_.push_back({emitted.to, std::string(emitted.key), {emitted.value.begin(), emitted.value.end()}});
    for (const auto& request : step.asked) answer(stage->inbox(), request);
  }
}

void Chain::answer(TopicPartition inbox, const RequestView& request) {
  auto event = answer_to(request);
  fill_header(event, {.id = ids_.next(), .answers = request.id, .scale = request.scale});
  waiting_.push_back({inbox, to_string(request.scale), std::move(event)});
}

std::vector<std::byte> Chain::answer_to(const RequestView& request) const {
  const auto& event = *schema::GetEvent(request.event.data());
  const auto answer = [&](auto body) {
    if constexpr (requires { body.domain; }) body.domain = domain_in(event);
    return encode(body, request.org);
  };
  schema::DomainSpawnedT spawned;
  schema::CheckpointSignedT signed_note;
  switch (event.body_type()) {
    case schema::Body::StartDomain:
      spawned.address = "10.20.30.40";
      spawned.port = 8'080;
      return answer(std::move(spawned));
    case schema::Body::ProbeDomain:
      return answer(schema::LivenessPassedT());
    case schema::Body::AddBackend:
      return answer(schema::BackendAddedT());
    case schema::Body::SignCheckpoint: {
      const auto* asked = event.body_as_SignCheckpoint();
      Checkpoint checkpoint{asked->origin()->str(), {asked->size(), {}}};
      std::ranges::transform(*asked->root(), checkpoint.tree.root.begin(), [](auto byte) { return std::byte{byte}; });
      signed_note.size = asked->size();
      signed_note.key = key_name;
      signed_note.note = signer_->sign_note(checkpoint_text(checkpoint));
      return answer(std::move(signed_note));
    }
    default:
      throw std::runtime_error("nothing answers such a request");
  }
}

}  // namespace virtscale::bench
