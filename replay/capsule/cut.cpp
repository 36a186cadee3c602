#include "replay/capsule/cut.hpp"

#include <algorithm>
#include <tuple>

#include "replay/capsule/belonging.hpp"
#include "replay/capsule/copies.hpp"
#include "replay/command.hpp"
#include "replay/history.hpp"

namespace virtscale::replay {
namespace {

RecordPlace place_of(const LogRecord& record) {
  return {record.from, record.offset};
}

void run_watched(History& history, Onlooker& onlooker, const Watch& watch) {
  while (history.run_turn(onlooker)) {
    if (watch) watch(history.records(), history.records_expected());
  }
}

// The log from one moment on, with every stage folded.
class FoldedHistory {
 public:
  FoldedHistory(Log& log, StateIndex& index, Instant from)
      : refolds_(make_refolds(log.layout())), history_(log, all_topics) {
    for (auto& refold : refolds_) {
      const auto begin = log.offset_at(refold->inbox(), from);
      fold_to(log, index, *refold, begin);
      begins_[refold->inbox()] = begin;
      history_.fold(*refold);
    }
    for (const auto topic : {Topic::ledger, Topic::deadletters}) {
      for (std::uint32_t p = 0; p < log.layout().partitions[static_cast<std::size_t>(topic)]; ++p)
        history_.begin_at({topic, p}, log.offset_at({topic, p}, from));
    }
  }

  void stop_behind(const Moment& last) {
    if (last.at.us < std::numeric_limits<std::int64_t>::max()) history_.stop_at({last.at.us + 1});
  }
  void run(Onlooker& onlooker, const Watch& watch) { run_watched(history_, onlooker, watch); }
  std::vector<std::unique_ptr<Refold>>& refolds() { return refolds_; }
  const std::map<TopicPartition, std::uint64_t>& begins() const { return begins_; }

 private:
  std::vector<std::unique_ptr<Refold>> refolds_;
  std::map<TopicPartition, std::uint64_t> begins_;
  History history_;
};

class Cutter final : public Onlooker {
 public:
  Cutter(const Subject& subject, Scope scope, Copies copies)
      : subject_(subject), scope_(scope), copies_(std::move(copies)) {}

  void before(const LogRecord& record, Refold* refold) override {
    belonging_ = belonging_of(record, refold);
    taken_ = takes(record);
    if (refold == nullptr) return;
    const bool is_first = taken_ && with_records_.insert(record.from).second;
    const bool has_begun = moment_of(record) >= subject_.first && !cut_.states.contains(record.from);
    if (is_first || has_begun) cut_.states[record.from] = state_of(*refold);
  }

  void after(const LogRecord& record, Refold* refold, Step& step) override {
    const bool is_copy = copies_.has(record, step, refold);
    if (!taken_ || is_copy) return;
    if (kept_.size() >= cut_records_max)
      throw UsageError("the capsule would have more than 5,000,000 records (choose a shorter range, or an org)");
    kept_.push_back({moment_of(record), kept(record)});
    interest_.scales.insert(belonging_.scale);
    interest_.orgs.insert(belonging_.org);
  }

  Cut finish(std::vector<std::unique_ptr<Refold>>& refolds) {
    for (auto& refold : refolds) {
      if (!cut_.states.contains(refold->inbox())) cut_.states[refold->inbox()] = state_of(*refold);
    }
    if (scope_ == Scope::org) interest_.orgs = {subject_.org};
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
  Copies copies_;
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

Moment moment_of(const LogRecord& record) {
  return {record.timestamp, record.ticket};
}

KeptRecord kept(const LogRecord& record) {
  return {place_of(record), record.timestamp, std::string(record.key), {record.value.begin(), record.value.end()}};
}

Cut take_cut(Log& log, StateIndex& index, const Subject& subject, Scope scope, const Watch& watch) {
  FoldedHistory history(log, index, subject.first.at);
  history.stop_behind(subject.last);
  Cutter cutter(subject, scope, Copies(log, history.begins()));
  history.run(cutter, watch);
  return cutter.finish(history.refolds());
}

}  // namespace virtscale::replay
