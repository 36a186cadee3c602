#include "replay/decision/states.hpp"

#include <algorithm>

#include "replay/changes.hpp"
#include "replay/snapshot.hpp"

namespace virtscale::replay {
namespace {

constexpr std::size_t read_at_once = 1'024;

std::string print(const RowChange& change, const std::optional<std::vector<std::byte>>& row) {
  return row ? change.table->print(*row) : std::string();
}

std::vector<RowText> texts_of(const std::vector<RowChange>& changes) {
  std::vector<RowText> rows;
  for (const auto& change : changes) {
    rows.push_back(
        {std::string(change.table->name()), change.key, print(change, change.before), print(change, change.after)});
  }
  return rows;
}

}  // namespace

StateFolder::StateFolder(Log& log, const std::filesystem::path& snapshots, Trace& trace) : log_(log), trace_(trace) {
  std::map<TopicPartition, std::map<std::uint64_t, std::size_t>> by_inbox;
  for (std::size_t i = 0; i < trace.records.size(); ++i) {
    const auto& at = trace.records[i].kept.at;
    if (at.of.topic < Topic::ledger) by_inbox[at.of].emplace(at.offset, i);
  }
  for (auto& [of, records] : by_inbox) {
    const auto node = std::ranges::find(graph::stages, of.topic, &graph::StageNode::inbox);
    Inbox inbox{make_refold(node->stage, of.partition, log.layout()), std::move(records)};
    load_snapshot(snapshots, *inbox.refold);
    const auto end = inbox.records.rbegin()->first + 1;
    cost_ += end - std::min(end, inbox.refold->next_offset());
    inboxes_.push_back(std::move(inbox));
  }
  trace.to_fold = cost_;
}

void StateFolder::run(const OnProgress& progress) {
  for (auto& inbox : inboxes_) fold(inbox, progress);
  trace_.folded = true;
  link_records(trace_);
}

void StateFolder::fold(Inbox& inbox, const OnProgress& progress) {
  auto& refold = *inbox.refold;
  const auto first = inbox.records.begin()->first;
  const auto last = inbox.records.rbegin()->first;
  std::optional<ChangeFollower> follower;
  for (bool more = true; more;) {
    const auto read = log_.read(refold.inbox(), refold.next_offset(), read_at_once, [&](const LogRecord& record) {
      if (record.offset > last) return more = false;
      if (record.offset >= first && !follower) follower.emplace(refold, log_.layout());
      auto step = refold.fold(record);
      if (step.fate == Fate::halted) return more = false;
      ++done_;
      const auto traced = inbox.records.find(record.offset);
      if (traced != inbox.records.end()) note(trace_.records[traced->second], step);
      if (!follower) return true;
      const auto changes = follower->after(record);
      if (traced != inbox.records.end()) trace_.records[traced->second].changed = texts_of(changes);
      return true;
    });
    more = more && read > 0;
    progress(done_, cost_);
  }
}

void StateFolder::note(TracedRecord& record, Step& step) const {
  for (const auto& request : step.asked) record.asked.push_back({request->id, request->event, std::nullopt});
}

}  // namespace virtscale::replay
