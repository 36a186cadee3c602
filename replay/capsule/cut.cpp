#include "replay/capsule/cut.hpp"

#include <algorithm>
#include <tuple>

#include "replay/capsule/belonging.hpp"
#include "replay/command.hpp"
#include "replay/history.hpp"
#include "replay/snapshot.hpp"
#include "schemas/codec.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::replay {
namespace {

Moment moment_of(const LogRecord& record) {
  return {record.timestamp, record.ticket};
}

RecordPlace place_of(const LogRecord& record) {
  return {record.from, record.offset};
}

// Tells copies among the records that nobody folds, as a fold's host tells its own.
class CopyCheck {
 public:
  bool is_copy(const LogRecord& record, const Step& step, const Refold* refold) {
    if (refold != nullptr) return step.fate == Fate::duplicate || step.fate == Fate::unasked;
    const auto* event = schema::verify_event(record.value);
    if (event == nullptr || id_of(event->header()->id()).stage == Source::edge) return false;
    const auto id = id_of(event->header()->id());
    auto& last = last_[{record.from, id.stage, id.partition}];
    if (event->header()->lane() <= last) return true;
    last = event->header()->lane();
    return false;
  }

 private:
  std::map<std::tuple<TopicPartition, Source, std::uint32_t>, std::uint64_t> last_;
};

void run_watched(History& history, Onlooker& onlooker, const Watch& watch) {
  while (history.run_turn(onlooker)) {
    if (watch) watch(history.records(), history.records_expected());
  }
}

// Reads a log from its beginning, with every stage folded.
class FoldedHistory {
 public:
  explicit FoldedHistory(LogSource& source)
      : refolds_(make_refolds(source.log->layout())), history_(*source.log, all_topics) {
    for (auto& refold : refolds_) {
      load_snapshot(source.snapshots, *refold);
      history_.fold(*refold);
    }
  }

  void stop_behind(const Moment& last) {
    if (last.at.us < std::numeric_limits<std::int64_t>::max()) history_.stop_at({last.at.us + 1});
  }
  void run(Onlooker& onlooker, const Watch& watch) { run_watched(history_, onlooker, watch); }
  std::vector<std::unique_ptr<Refold>>& refolds() { return refolds_; }

 private:
  std::vector<std::unique_ptr<Refold>> refolds_;
  History history_;
};

// --- The thread of one scale event ---------------------------------------------------------------------------------

class ThreadFinder final : public Onlooker {
 public:
  ThreadFinder(Log& log, ScaleId scale) : log_(log), scale_(scale) {}

  void before(const LogRecord& record, Refold* refold) override { belonging_ = belonging_of(record, refold); }

  void after(const LogRecord& record, Refold* refold, Step& step) override {
    if (copies_.is_copy(record, step, refold) || !belonging_.is_event) return;
    if (belonging_.scale == scale_) note(record);
    if (!org_.empty() && belonging_.body == schema::Body::CheckpointPublished) look_at_checkpoint(record);
  }

  std::optional<Subject> subject() {
    if (found_.empty()) return std::nullopt;
    add_causes();
    Subject subject{.org = org_};
    subject.first = subject.last = found_.begin()->second;
    for (const auto& [place, moment] : found_) {
      subject.thread.insert(place);
      subject.first = std::min(subject.first, moment);
      subject.last = std::max(subject.last, moment);
    }
    return subject;
  }

 private:
  void note(const LogRecord& record) {
    found_[place_of(record)] = moment_of(record);
    if (org_.empty()) org_ = belonging_.org;
    const auto* line = schema::GetEvent(record.value.data())->body_as_LineAppended();
    if (line != nullptr) uncovered_ = line->index();
  }

  // The first checkpoint behind each line of the thread.
  void look_at_checkpoint(const LogRecord& record) {
    const auto* published = schema::GetEvent(record.value.data())->body_as_CheckpointPublished();
    if (!uncovered_ || belonging_.org != org_ || published->size() <= *uncovered_) return;
    uncovered_.reset();
    found_[place_of(record)] = moment_of(record);
    add_cause(record.value, 2);
  }

  // One record has caused each event of the thread; what has begun the thread has a history of its own.
  void add_causes() {
    const auto thread = found_;
    for (const auto& [place, moment] : thread) {
      const auto record = record_at(log_, place);
      if (record) add_cause(record->value, is_first(thread, moment) ? causes_max : 1);
    }
  }

  static bool is_first(const std::map<RecordPlace, Moment>& thread, const Moment& moment) {
    return std::ranges::all_of(thread, [&](const auto& other) { return moment <= other.second; });
  }

  void add_cause(Bytes event, std::size_t steps) {
    const auto cause = steps > 0 ? cause_of(event) : std::nullopt;
    if (!cause || found_.contains(*cause)) return;
    log_.read(cause->of, cause->offset, 1, [&](const LogRecord& record) {
      if (record.offset == cause->offset) found_[*cause] = moment_of(record);
      return false;
    });
    const auto record = record_at(log_, *cause);
    if (record) add_cause(record->value, steps - 1);
  }

  Log& log_;
  const ScaleId scale_;
  CopyCheck copies_;
  Belonging belonging_;
  std::map<RecordPlace, Moment> found_;
  std::string org_;
  std::optional<std::uint64_t> uncovered_;  // the line that waits for its checkpoint
};

// --- The cut -------------------------------------------------------------------------------------------------------

class Cutter final : public Onlooker {
 public:
  Cutter(const Subject& subject, Scope scope) : subject_(subject), scope_(scope) {}

  void before(const LogRecord& record, Refold* refold) override {
    belonging_ = belonging_of(record, refold);
    taken_ = takes(record);
    if (refold == nullptr) return;
    const bool is_first = taken_ && with_records_.insert(record.from).second;
    const bool has_begun = moment_of(record) >= subject_.first && !cut_.states.contains(record.from);
    if (is_first || has_begun) cut_.states[record.from] = state_of(*refold);
  }

  void after(const LogRecord& record, Refold* refold, Step& step) override {
    const bool is_copy = copies_.is_copy(record, step, refold);
    if (!taken_ || is_copy) return;
    if (kept_.size() >= cut_records_max)
      throw UsageError("the capsule would have more than 5,000,000 records (choose a shorter range, or an org)");
    kept_.push_back(
        {moment_of(record),
         {place_of(record), record.timestamp, std::string(record.key), {record.value.begin(), record.value.end()}}});
    interest_.scales.insert(belonging_.scale);
    interest_.orgs.insert(belonging_.org);
  }

  Cut finish(std::vector<std::unique_ptr<Refold>>& refolds) {
    for (auto& refold : refolds) {
      if (!cut_.states.contains(refold->inbox())) cut_.states[refold->inbox()] = state_of(*refold);
    }
    if (scope_ != Scope::window && scope_ != Scope::whole) interest_.orgs = {subject_.org};
    for (auto& [inbox, state] : cut_.states) {
      if (scope_ != Scope::whole) narrow(state, interest_);
    }
    std::ranges::stable_sort(kept_, {}, [](const Kept& kept) { return std::tuple(kept.moment, kept.record.at); });
    for (auto& kept : kept_) cut_.records.push_back(std::move(kept.record));
    return std::move(cut_);
  }

 private:
  struct Kept {
    Moment moment;
    KeptRecord record;
  };

  bool takes(const LogRecord& record) const {
    if (scope_ == Scope::thread) return subject_.thread.contains(place_of(record));
    const auto moment = moment_of(record);
    if (moment < subject_.first || moment > subject_.last) return false;
    return scope_ != Scope::org || belonging_.org == subject_.org || is_everybodys();
  }

  // Cells, new epochs, and what stages said about them.
  bool is_everybodys() const {
    return belonging_.is_event && belonging_.org.empty() && belonging_.body != schema::Body::RecordRejected &&
           belonging_.body != schema::Body::TimerFired;
  }

  const Subject& subject_;
  const Scope scope_;
  CopyCheck copies_;
  Belonging belonging_;
  bool taken_ = false;
  std::set<TopicPartition> with_records_;
  Interest interest_;
  std::vector<Kept> kept_;
  Cut cut_;
};

}  // namespace

std::string_view name_of(Scope scope) {
  constexpr std::string_view names[] = {"thread", "org", "window", "whole"};
  return names[static_cast<std::size_t>(scope)];
}

std::optional<Subject> find_thread(LogSource& source, ScaleId scale, const Watch& watch) {
  // Nothing is folded: answers say whose they are in their headers, and a timer is found as the cause of what it led
  // to.
  History history(*source.log, all_topics);
  ThreadFinder finder(*source.log, scale);
  run_watched(history, finder, watch);
  return finder.subject();
}

Cut take_cut(LogSource& source, const Subject& subject, Scope scope, const Watch& watch) {
  FoldedHistory history(source);
  history.stop_behind(subject.last);
  Cutter cutter(subject, scope);
  history.run(cutter, watch);
  return cutter.finish(history.refolds());
}

}  // namespace virtscale::replay
