#include "topology/host/timer_ringer.hpp"

#include <algorithm>
#include <bit>

#include "topology/host/admission.hpp"

namespace virtscale {
namespace {

/// How long it is until a timer is due is known from a clock that may be far behind; so it is looked at again by then.
constexpr Duration sleep_max = seconds(30);
constexpr Duration looked_after_every = seconds(1);

}  // namespace

TimerRinger::TimerRinger(Log& log, TopicPartition inbox, Executor& executor, const Clock& clock, EdgeIds& ids,
                         Failed failed)
    : log_(log), inbox_(inbox), executor_(executor), clock_(clock), ids_(ids), failed_(std::move(failed)) {}

void TimerRinger::look_at(const Books& books) {
  books_ = &books;
  const auto now = clock_.now();
  std::erase_if(rung_, [&](const auto& rung) { return !books.due_timers().contains(rung.first); });
  for (const auto& timer : books.due_timers()) {
    if (timer.due > now) {
      wake_at(timer.due);
      break;
    }
    if (rung_.emplace(timer, 0).second) ring(timer);
  }
  look_after_rung();
}

// While the inbox is not folded as far as the ring, ringing again changes nothing: so pauses double.
void TimerRinger::look_after_rung() {
  if (looks_after_rung_ || rung_.empty()) return;
  looks_after_rung_ = true;
  executor_.after(looked_after_every, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->books_ == nullptr) return;
    self->looks_after_rung_ = false;
    for (auto& [timer, looks] : self->rung_) {
      if (std::has_single_bit(++looks)) self->ring(timer);
    }
    self->look_after_rung();
  });
}

void TimerRinger::ring(const DueTimer& timer) {
  schema::TimerFiredT fired;
  fired.key = timer.key;
  fired.due_us = timer.due.us;
  auto event = encode(fired, "");
  fill_header(event, {.id = ids_.next()});
  const LogAppend append{inbox_, timer.key, event};
  try {
    log_.append({&append, 1});
  } catch (const LogError& error) {
    failed_(error.what());
  }
}

void TimerRinger::wake_at(Instant due) {
  if (armed_ && *armed_ <= due) return;
  armed_ = due;
  executor_.after(std::min(due - clock_.now(), sleep_max), [weak = weak_from_this(), due] {
    const auto self = weak.lock();
    if (!self) return;
    if (self->armed_ == due) self->armed_.reset();
    if (self->books_ != nullptr) self->look_at(*self->books_);
  });
}

}  // namespace virtscale
