#include "topology/host/effect_runner.hpp"

#include <algorithm>

#include "topology/host/admission.hpp"

namespace virtscale {
namespace {

// Attempts beyond the first, of the answers that tell.
std::uint32_t retries_in(const schema::Event& answer) {
  const auto beyond_first = [](const auto* body) { return body->attempts() > 1 ? body->attempts() - 1 : 0; };
  switch (answer.body_type()) {
    case schema::Body::MailSent:
      return beyond_first(answer.body_as_MailSent());
    case schema::Body::MailFailed:
      return beyond_first(answer.body_as_MailFailed());
    case schema::Body::DomainSpawned:
      return beyond_first(answer.body_as_DomainSpawned());
    case schema::Body::SpawnFailed:
      return beyond_first(answer.body_as_SpawnFailed());
    case schema::Body::DomainHalted:
      return beyond_first(answer.body_as_DomainHalted());
    case schema::Body::HaltFailed:
      return beyond_first(answer.body_as_HaltFailed());
    case schema::Body::BackendAdded:
      return beyond_first(answer.body_as_BackendAdded());
    case schema::Body::BackendRefused:
      return beyond_first(answer.body_as_BackendRefused());
    case schema::Body::BackendDrained:
      return beyond_first(answer.body_as_BackendDrained());
    case schema::Body::DrainFailed:
      return beyond_first(answer.body_as_DrainFailed());
    default:
      return 0;
  }
}

EffectEnd end_in(const schema::Event& answer) {
  const auto name = schema::name_of(answer.body_type());
  return name.ends_with("Failed") || name.ends_with("Refused") ? EffectEnd::failed : EffectEnd::succeeded;
}

}  // namespace

EffectRunner::EffectRunner(Log& log, TopicPartition inbox, Executor& executor, Effects* effects, EdgeIds& ids,
                           StageMetrics& metrics, Failed failed)
    : log_(log),
      inbox_(inbox),
      executor_(executor),
      effects_(effects),
      ids_(ids),
      metrics_(metrics),
      failed_(std::move(failed)) {}

void EffectRunner::enqueue(Ticket after, Requests requests) {
  const auto harmless = std::stable_partition(requests.begin(), requests.end(), [this](const auto& request) {
    return effects_ == nullptr || effects_->changes_something(*request);
  });
  for (auto request = harmless; request != requests.end() && !stopped_; ++request) start(*request);
  requests.erase(harmless, requests.end());
  if (!requests.empty()) waiting_.push_back({after, std::move(requests)});
  start_durable();
}

void EffectRunner::start_durable() {
  const auto durable = log_.durable();
  while (!waiting_.empty() && waiting_.front().after <= durable && !stopped_) {
    const auto requests = std::move(waiting_.front().requests);
    waiting_.pop_front();
    for (const auto& request : requests) start(request);
  }
}

void EffectRunner::start(std::shared_ptr<const EffectRequest> request) {
  if (effects_ == nullptr || !running_.insert(request->id).second) return;
  metrics_.effect_started();
  effects_->perform(request, [self = shared_from_this(), request](std::vector<std::byte> event) {
    self->executor_.post(
        [self, request, event = std::move(event)]() mutable { self->answered(*request, std::move(event)); });
  });
}

void EffectRunner::answered(const EffectRequest& request, std::vector<std::byte> event) {
  running_.erase(request.id);
  const auto& answer = *schema::GetEvent(reinterpret_cast<const std::uint8_t*>(event.data()));
  metrics_.effect_ended(end_in(answer));
  metrics_.effects_retried(retries_in(answer));
  fill_header(event, {.id = ids_.next(), .answers = request.id, .scale = request.scale});
  answers_.push_back({to_string(request.scale), std::move(event)});
  if (answers_.size() == 1) executor_.post([self = shared_from_this()] { self->append_answers(); });
}

void EffectRunner::append_answers() {
  std::vector<LogAppend> appends;
  for (const auto& answer : answers_) appends.push_back({inbox_, answer.key, answer.event});
  try {
    log_.append(appends);
    answers_.clear();
  } catch (const LogError& error) {
    failed_(error.what());
  }
}

}  // namespace virtscale
