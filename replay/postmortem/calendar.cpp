#include "replay/postmortem/calendar.hpp"

#include <filesystem>
#include <stdexcept>

#include "replay/refold.hpp"
#include "replay/snapshot.hpp"
#include "replay/text.hpp"
#include "stages/policy/fold.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::replay {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t read_at_once = 4'096;
constexpr std::int64_t us_per_day = 86'400'000'000;

// What policy knows of the org's calendar, record by record, by its own fold.
class KnownCalendar {
 public:
  explicit KnownCalendar(const std::string& org) : org_(org) {}

  void begin_with(const policy::State& state) {
    if (const auto* row = state.calendars.find(org_)) state_.calendars.modify(org_) = *row;
  }

  void take(const LogRecord& record) {
    const auto* event = record.key == org_ ? schema::verify_event(record.value) : nullptr;
    if (event == nullptr || event->body_type() != schema::Body::CalendarApplied) return;
    const auto before = version();
    const Inbound inbound{.id = id_of(event->header()->id()),
                          .at = {record.offset, record.from.partition, 0, Source::policy},
                          .scale = {},
                          .org = event->org()->string_view(),
                          .key = record.key,
                          .now = record.timestamp,
                          .answers = {},
                          .event = record.value,
                          .request = {}};
    arena_.clear();
    Outbox outbox(inbound.org, inbound.scale, arena_);
    policy::Fold::fold(state_, inbound, outbox);
    if (version() != before) cites_ = {place(record.from, record.offset)};
  }

  Calendar found() const {
    const auto* row = state_.calendars.find(org_);
    if (row == nullptr) return {};
    Calendar calendar{row->name, row->version, row->zone, {}, cites_};
    for (const auto& day : row->holidays)
      calendar.holidays.insert(std::chrono::sys_days(std::chrono::days(parse_instant(day)->us / us_per_day)));
    return calendar;
  }

 private:
  std::int64_t version() const {
    const auto* row = state_.calendars.find(org_);
    return row == nullptr ? 0 : row->version;
  }

  const std::string& org_;
  policy::State state_;
  Arena arena_;
  std::vector<std::string> cites_;
};

// The C library takes a zone that it does not find for UTC, and says nothing.
void check_zone(const Calendar& calendar) {
  const bool is_there = calendar.zone == "UTC" || (calendar.zone.find("..") == std::string::npos &&
                                                   fs::is_regular_file("/usr/share/zoneinfo/" + calendar.zone));
  if (is_there) return;
  throw std::runtime_error("the calendar " + name_of(calendar) + " is of time zone " + calendar.zone +
                           ", which this machine does not know: install tzdata");
}

}  // namespace

Calendar calendar_of(const LogSource& source, const std::string& org, Instant until, const OnProgress& progress) {
  auto& log = *source.log;
  const auto partitions = log.layout().partitions[static_cast<std::size_t>(Topic::signals)];
  const TopicPartition of{Topic::signals, partition_of(org, partitions)};
  RefoldOf<policy::Fold> before(of.partition, log.layout());
  load_snapshot(source.snapshots, before);
  KnownCalendar known(org);
  known.begin_with(before.state());
  const auto end = log.end(of);
  auto next = before.next_offset();
  for (bool more = true; more && next < end; progress(next, end)) {
    const auto read = log.read(of, next, read_at_once, [&](const LogRecord& record) {
      next = record.offset + 1;
      if (record.timestamp >= until) return more = false;
      known.take(record);
      return true;
    });
    more = more && read > 0;
  }
  auto calendar = known.found();
  check_zone(calendar);
  return calendar;
}

std::string name_of(const Calendar& calendar) {
  return calendar.name.empty() ? "" : calendar.name + ", version " + std::to_string(calendar.version);
}

}  // namespace virtscale::replay
