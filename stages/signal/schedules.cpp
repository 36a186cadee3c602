#include "stages/signal/schedules.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "stages/signal/calendar/cron.hpp"
#include "stages/signal/events.hpp"
#include "stages/signal/state.hpp"

namespace virtscale::signal {

// Everything but the watch runs on the executor's thread.
class Schedules::Ticking : public std::enable_shared_from_this<Ticking> {
 public:
  Ticking(EdgeLog& log, const Clock& clock, Executor& executor)
      : log_(log), clock_(clock), executor_(executor), last_now_(clock.now()) {}

  void begin(std::vector<Schedule> known) {
    log_.watch(Topic::alerts, [weak = weak_from_this()](const LogRecord& record) {
      if (const auto self = weak.lock()) self->seen(record);
    });
    executor_.post([weak = weak_from_this(), known = std::move(known)]() mutable {
      const auto self = weak.lock();
      if (!self) return;
      const auto from = self->last_now_ + look_back * -1;
      for (auto& schedule : known) self->learn(std::move(schedule), from);
      self->turn();
    });
  }

 private:
  struct Entry {
    Schedule schedule;
    Cron cron;
    std::shared_ptr<const Zone> zone;
    std::optional<Instant> due;  // none: never again
  };

  void seen(const LogRecord& record) {
    const auto* event = schema::verify_event(record.value);
    const auto* applied = event == nullptr ? nullptr : event->body_as_ServiceApplied();
    if (applied == nullptr) return;
    std::vector<Schedule> schedules;
    const std::string org(text(event->org()));
    const std::string service(text(applied->spec()->name()));
    if (applied->spec()->rules() != nullptr) {
      for (const auto* rule : *applied->spec()->rules()) {
        if (text(rule->cron()).empty()) continue;
        schedules.push_back({org, service, std::string(text(rule->cron())), std::string(text(rule->zone()))});
      }
    }
    executor_.post([weak = weak_from_this(), key = join(org, service), schedules = std::move(schedules)]() mutable {
      if (const auto self = weak.lock()) self->replace(key, std::move(schedules));
    });
  }

  // The document is the whole truth about its service's schedules. Those that it had before keep their next instant.
  void replace(const std::string& key, std::vector<Schedule> schedules) {
    std::map<std::string, std::optional<Instant>> before;
    const auto begin = entries_.lower_bound(key + "/");
    auto end = begin;
    for (; end != entries_.end() && end->first.starts_with(key + "/"); ++end)
      before.emplace(end->first, end->second.due);
    entries_.erase(begin, end);
    for (auto& schedule : schedules) {
      auto* entry = learn(std::move(schedule), clock_.now());
      if (entry == nullptr) continue;
      const auto kept = before.find(key_of(entry->schedule));
      if (kept != before.end()) entry->due = kept->second;
    }
  }

  static std::string key_of(const Schedule& schedule) {
    return schedule_key(join(schedule.org, schedule.service), schedule.cron, schedule.zone);
  }

  Entry* learn(Schedule schedule, Instant from) {
    std::string fault;
    const auto cron = parse_cron(schedule.cron, fault);
    const auto zone = load_zone(schedule.zone);
    if (!cron || !zone || entries_.size() >= schedules_max) return nullptr;
    auto key = key_of(schedule);
    Entry entry{std::move(schedule), *cron, zone, next_due(*cron, *zone, from)};
    return &entries_.insert_or_assign(std::move(key), std::move(entry)).first->second;
  }

  void turn() {
    const auto now = clock_.now();
    for (auto& [key, entry] : entries_) {
      // After a jump back, instants would stay away until the clock is where it was; the fold drops what comes twice.
      if (now < last_now_) entry.due = next_due(entry.cron, *entry.zone, now);
      if (entry.due && *entry.due <= now) ring(key, entry, now);
    }
    last_now_ = now;
    executor_.after(tick, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->turn();
    });
  }

  // Of instants that were missed, only the latest is worth ticking; what was missed long ago is not.
  void ring(const std::string& key, Entry& entry, Instant now) {
    const auto from = std::max(*entry.due, now + look_back * -1);
    auto latest = std::optional<Instant>();
    entry.due = next_due(entry.cron, *entry.zone, from + microseconds(-1));
    while (entry.due && *entry.due <= now) {
      latest = entry.due;
      entry.due = next_due(entry.cron, *entry.zone, *latest);
    }
    if (latest) append(key, entry.schedule, *latest);
  }

  void append(const std::string& key, const Schedule& schedule, Instant due) {
    schema::ScheduleDueT event;
    event.service = schedule.service;
    event.cron = schedule.cron;
    event.zone = schedule.zone;
    event.due_us = due.us;
    log_.append(log_.next_id(), Topic::alerts, join(schedule.org, schedule.service),
                schema::encode(event, schedule.org), [weak = weak_from_this(), key, due](const std::string* error) {
                  const auto self = weak.lock();
                  if (error == nullptr || !self) return;
                  self->executor_.post([weak, key, due] {
                    if (const auto still = weak.lock()) still->again(key, due);
                  });
                });
  }

  // The log did not take it: it is due again at the next turn.
  void again(const std::string& key, Instant due) {
    const auto entry = entries_.find(key);
    if (entry != entries_.end()) entry->second.due = due;
  }

  EdgeLog& log_;
  const Clock& clock_;
  Executor& executor_;
  std::map<std::string, Entry> entries_;  // by schedule_key
  Instant last_now_;
};

Schedules::Schedules(EdgeLog& log, const Clock& clock, Executor& executor, std::vector<Schedule> known)
    : ticking_(std::make_shared<Ticking>(log, clock, executor)) {
  ticking_->begin(std::move(known));
}

Schedules::~Schedules() = default;

}  // namespace virtscale::signal
