#include "stages/signal/edges/answers.hpp"

#include <vector>

#include "topology/host/admission.hpp"

namespace virtscale::signal {

bool Answers::expect(EventId request, Answered answered) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= waiting_max) return false;
  waiting_.emplace(request, std::move(answered));
  deadlines_.emplace_back(ticks_ + patience_ticks, request);
  if (timer_ == Timer::resting) arm();
  return true;
}

bool Answers::withdraw(EventId request) {
  return take(request) != nullptr;
}

void Answers::let_go() {
  std::map<EventId, Answered> forgotten;  // ends after the lock
  const std::lock_guard lock(mutex_);
  forgotten.swap(waiting_);
}

void Answers::arrived(const schema::Event& event) {
  const auto request = id_of(event.header()->answers());
  if (!request) return;
  if (const auto answered = take(request)) answered(&event);
}

void Answers::arm() {
  timer_ = Timer::armed;
  executor_.after(tick, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->ticked();
  });
}

void Answers::ticked() {
  std::vector<Answered> late;
  {
    const std::lock_guard lock(mutex_);
    ++ticks_;
    while (!deadlines_.empty() && deadlines_.front().first <= ticks_) {
      if (auto node = waiting_.extract(deadlines_.front().second)) late.push_back(std::move(node.mapped()));
      deadlines_.pop_front();
    }
    timer_ = Timer::resting;
    if (!waiting_.empty())
      arm();
    else
      deadlines_.clear();
  }
  for (const auto& answered : late) answered(nullptr);
}

Answers::Answered Answers::take(EventId request) {
  const std::lock_guard lock(mutex_);
  auto node = waiting_.extract(request);
  return node ? std::move(node.mapped()) : nullptr;
}

}  // namespace virtscale::signal
