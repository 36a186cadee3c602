#include "tests/stages/dataplane/driven_fold.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace virtscale::dataplane::test {
namespace {

const schema::Event& event_in(Bytes bytes) {
  return *schema::GetEvent(bytes.data());
}

std::string named(Bytes event, ScaleId scale) {
  return std::string(schema::name_of(type_of(event))) + " " + domain_of(event) + " of " + std::to_string(scale.value);
}

Lines lines_of(Outbox& outbox) {
  Lines lines;
  for (const auto& emission : outbox.emissions())
    lines.push_back(named(emission.event, emission.scale) + " to " + std::string(name_of(emission.topic)) + " " +
                    std::string(emission.key));
  for (const auto& request : outbox.requests()) lines.push_back("ask " + named(request.event, request.scale));
  for (const auto& timer : outbox.timers())
    lines.push_back("wake " + std::string(timer.key) + " at " + std::to_string(timer.due.value_or(Instant{-1}).us));
  return lines;
}

}  // namespace

schema::Body type_of(Bytes event) {
  return event_in(event).body_type();
}

std::string domain_of(Bytes event) {
  const auto& root = event_in(event);
  switch (root.body_type()) {
    case schema::Body::ProbeDomain:
      return root.body_as_ProbeDomain()->domain()->str();
    case schema::Body::AddBackend:
      return root.body_as_AddBackend()->domain()->str();
    case schema::Body::DrainBackend:
      return root.body_as_DrainBackend()->domain()->str();
    case schema::Body::DomainServing:
      return root.body_as_DomainServing()->domain()->str();
    case schema::Body::BackendGone:
      return root.body_as_BackendGone()->domain()->str();
    case schema::Body::BackendFailed:
      return root.body_as_BackendFailed()->domain()->str();
    default:
      return "?";
  }
}

Lines DrivenFold::fold_event(const std::vector<std::byte>& event, const std::string& org, ScaleId scale,
                             EventId answers, const std::vector<std::byte>& request) {
  const EventId at{.offset = ++offset_, .stage = Source::dataplane};
  const auto key = org + "/web";
  const Inbound inbound{.id = {.offset = offset_},
                        .at = at,
                        .scale = scale,
                        .org = org,
                        .key = key,
                        .now = now_,
                        .answers = answers,
                        .event = event,
                        .request = request};
  Arena arena;
  Outbox outbox(org, scale, arena);
  Fold::fold(state_, inbound, outbox);
  EXPECT_EQ(Fold::violated_invariant(state_), "");
  auto lines = lines_of(outbox);
  keep(outbox, at, org);
  return lines;
}

void DrivenFold::keep(Outbox& outbox, EventId at, const std::string& org) {
  const auto record = [&](Bytes bytes) { recording_.insert(recording_.end(), bytes.begin(), bytes.end()); };
  for (const auto& emission : outbox.emissions()) record(emission.event);
  std::uint32_t index = 0;
  for (auto& request : outbox.requests()) {
    record(request.event);
    asked_.push_back({emitted(at, index++), request.scale, org, {request.event.begin(), request.event.end()}});
  }
  for (const auto& timer : outbox.timers()) {
    timers_.erase(std::string(timer.key));
    if (timer.due) timers_.emplace(timer.key, SetTimer{*timer.due, std::string(timer.org), timer.scale});
  }
}

Lines DrivenFold::fire(const std::string& key) {
  const auto timer = timers_.extract(key).mapped();
  now_ = std::max(now_, timer.due);
  schema::TimerFiredT body;
  body.key = key;
  body.due_us = timer.due.us;
  return fold_event(schema::encode(body, timer.org), timer.org, timer.scale, {}, {});
}

Asked DrivenFold::take(schema::Body type, const std::string& domain) {
  const auto found = std::find_if(asked_.begin(), asked_.end(), [&](const Asked& asked) {
    return type_of(asked.event) == type && domain_of(asked.event) == domain;
  });
  if (found == asked_.end()) throw std::logic_error("nothing of the kind was asked for " + domain);
  auto asked = std::move(*found);
  asked_.erase(found);
  return asked;
}

}  // namespace virtscale::dataplane::test
