#include "replay/decision/states.hpp"

#include <algorithm>

#include "schemas/print/print.hpp"
#include "topology/graph.hpp"

namespace virtscale::replay {
namespace {

constexpr std::size_t read_at_once = 1'024;

std::string print(const RowChange& change, const std::optional<std::vector<std::byte>>& row) {
  return row ? schema::print_row(*row, change.table->type()) : std::string();
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

StateFolder::StateFolder(Log& log, StateIndex& index, Trace& trace) : log_(log), index_(index), trace_(trace) {
  std::map<TopicPartition, std::map<std::uint64_t, std::size_t>> by_inbox;
  for (std::size_t i = 0; i < trace.records.size(); ++i) {
    const auto& at = trace.records[i].kept.at;
    if (at.of.topic < Topic::ledger) by_inbox[at.of].emplace(at.offset, i);
  }
  for (auto& [of, records] : by_inbox) {
    const auto node = std::ranges::find(graph::stages, of.topic, &graph::StageNode::inbox);
    Inbox inbox{make_refold(node->stage, of.partition, log.layout()), std::move(records)};
    index_.load(*inbox.refold, inbox.records.begin()->first);
    cost_ += cost_of(inbox);
    inboxes_.push_back(std::move(inbox));
  }
  trace.to_fold = cost_;
}

std::uint64_t StateFolder::cost_of(const Inbox& inbox) {
  std::uint64_t cost = 0;
  auto folded_to = inbox.refold->next_offset();
  for (const auto& [offset, record] : inbox.records) {
    folded_to = std::max(folded_to, index_.nearest(inbox.refold->inbox(), offset));
    cost += offset + 1 - std::min(offset + 1, folded_to);
    folded_to = std::max(folded_to, offset + 1);
  }
  return cost;
}

void StateFolder::run(const OnProgress& progress) {
  for (auto& inbox : inboxes_) fold(inbox, progress);
  trace_.to_fold = done_;  // offsets may jump, so the cost was a guess
  trace_.folded = true;
  link_records(trace_);
}

void StateFolder::fold(Inbox& inbox, const OnProgress& progress) {
  std::optional<ChangeFollower> follower;
  for (const auto& [offset, record] : inbox.records) {
    const auto of = inbox.refold->inbox();
    if (index_.nearest(of, offset) > inbox.refold->next_offset()) {
      follower.reset();
      inbox.refold = make_refold(inbox.refold->stage(), of.partition, log_.layout());
      index_.load(*inbox.refold, offset);
    }
    if (!fold_to(*inbox.refold, offset, progress)) return;
    if (inbox.refold->next_offset() > offset) continue;  // a snapshot has it already
    if (!follower) follower.emplace(*inbox.refold);
    if (!fold_one(*inbox.refold, *follower, trace_.records[record])) return;
  }
}

bool StateFolder::fold_to(Refold& refold, std::uint64_t offset, const OnProgress& progress) {
  bool halted = false;
  Arena arena;
  for (bool more = refold.next_offset() < offset; more && !halted;) {
    const auto read = log_.read(refold.inbox(), refold.next_offset(), read_at_once, [&](const LogRecord& record) {
      if (record.offset >= offset) return more = false;
      ++done_;
      arena.clear();
      halted = refold.fold(record, arena).fate == Fate::halted;
      return !halted;
    });
    more = more && read > 0;
    progress(done_, cost_);
  }
  return !halted;
}

bool StateFolder::fold_one(Refold& refold, ChangeFollower& follower, TracedRecord& record) {
  follower.changes();  // those of the records between
  const auto& kept = record.kept;
  Arena arena;
  const auto step = refold.fold({kept.at.of, kept.at.offset, kept.timestamp, kept.key, kept.value}, arena);
  ++done_;
  for (const auto& request : step.asked)
    record.asked.push_back({request.id, {request.event.begin(), request.event.end()}, std::nullopt});
  record.changed = texts_of(follower.changes());
  return step.fate != Fate::halted;
}

}  // namespace virtscale::replay
