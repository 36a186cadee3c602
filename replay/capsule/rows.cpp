#include "replay/capsule/rows.hpp"

#include <algorithm>

#include "schemas/codec.hpp"
#include "schemas/state/audit_generated.h"
#include "schemas/state/dataplane_generated.h"
#include "schemas/state/host_generated.h"
#include "schemas/state/orchestration_generated.h"

namespace virtscale::replay {
namespace {

std::string_view first_part(std::string_view key) {
  return key.substr(0, key.find('/'));
}

template <class Row>
Row decoded(const StateRow& row) {
  Row value;
  decode_row(row.value, value);
  return value;
}

// Tables whose rows belong to no org: the counters of books, and what a cell consists of.
bool belongs_to_nobody(const StateRow& row) {
  constexpr std::string_view tables[] = {"host_progress", "host_lanes_seen", "host_lanes_given", "cells", "nodes",
                                         "counters",      "books",           "departures"};
  return std::ranges::find(tables, row.table) != std::end(tables);
}

ScaleId scale_in(std::string_view key) {
  return parse_scale(key.substr(std::min(key.size(), key.find('/') + 1)));
}

class Narrowing {
 public:
  explicit Narrowing(const Interest& interest) : interest_(interest) {}

  bool keeps(const StateRow& row) {
    if (belongs_to_nobody(row)) return true;
    if (row.table == "host_pending") return keeps_request(decoded<schema::PendingRequestT>(row));
    if (row.table == "host_timers") return has(decoded<schema::SetTimerT>(row).org);
    if (row.table == "domains" && row.key.find('/') == std::string::npos) return keeps_domain(row);
    if (row.table == "departed") return has(decoded<schema::DepartedDomainT>(row).org);
    if (row.table == "queue") return domains_.contains(decoded<schema::WaitingDomainT>(row).domain);
    if (row.table == "scales") return keeps_scale(row);
    if (row.table == "closed") return scales_.contains(decoded<schema::ClosedScaleT>(row).scale);
    return has(first_part(row.key));
  }

 private:
  bool has(std::string_view org) const { return interest_.orgs.contains(org); }

  bool keeps_request(const schema::PendingRequestT& request) const {
    const auto* event = schema::verify_event(std::as_bytes(std::span(request.event)));
    return event != nullptr && has(event->org()->string_view());
  }

  // Orchestration's, by name; those of policy have their org in the key.
  bool keeps_domain(const StateRow& row) {
    if (!has(decoded<schema::PlacedDomainT>(row).org)) return false;
    domains_.insert(row.key);
    return true;
  }

  bool keeps_scale(const StateRow& row) {
    const bool is_open = decoded<schema::AuditScaleT>(row).line < 0;
    if (!has(first_part(row.key)) || !(is_open || interest_.scales.contains(scale_in(row.key)))) return false;
    scales_.insert(row.key);
    return true;
  }

  const Interest& interest_;
  std::set<std::string, std::less<>> domains_;
  std::set<std::string, std::less<>> scales_;
};

// As topology/host/books.cpp writes it: a letter for the stage or the topic, then the partition.
template <class Side>
std::string lane_key(Side side, std::uint32_t partition) {
  return std::string(1, static_cast<char>('a' + static_cast<int>(side))) + std::to_string(partition);
}

template <class Row>
void set_lane(PartitionState& state, const std::string& table, const std::string& key, const LaneEnd& end) {
  auto row = std::ranges::find_if(
      state.rows, [&](const StateRow& candidate) { return candidate.table == table && candidate.key == key; });
  Row lane;
  if (row != state.rows.end()) lane = decoded<Row>(*row);
  lane.number = end.number;
  lane.hash = end.hash;
  if (row == state.rows.end()) row = state.rows.insert(row, {table, key, {}});
  row->value = encode_row(lane);
}

}  // namespace

PartitionState state_of(Refold& refold) {
  PartitionState state{refold.stage(), refold.inbox(), refold.next_offset(), {}};
  for (const auto* table : refold.tables()) {
    table->each_encoded("", [&](std::string_view key, Bytes value) {
      state.rows.push_back({std::string(table->name()), std::string(key), {value.begin(), value.end()}});
      return true;
    });
  }
  return state;
}

void narrow(PartitionState& state, const Interest& interest) {
  // Rows come in the order of the stage's tables: domains before the queue, scales before those that are closed.
  Narrowing narrowing(interest);
  std::erase_if(state.rows, [&](const StateRow& row) { return !narrowing.keeps(row); });
}

std::unique_ptr<Refold> refold_of(const PartitionState& state, const LogLayout& layout) {
  auto refold = make_refold(state.stage, state.inbox.partition, layout);
  const auto tables = refold->tables();
  for (const auto& row : state.rows) {
    const auto table = std::ranges::find(tables, row.table, &AnyTable::name);
    if (table != tables.end()) (*table)->load(row.key, row.value);
  }
  refold->rebuild();
  return refold;
}

void set_lane_seen(PartitionState& state, Source stage, std::uint32_t partition, const LaneEnd& end) {
  set_lane<schema::LaneSeenT>(state, "host_lanes_seen", lane_key(stage, partition), end);
}

void set_lane_given(PartitionState& state, TopicPartition target, const LaneEnd& end) {
  set_lane<schema::LaneGivenT>(state, "host_lanes_given", lane_key(target.topic, target.partition), end);
}

}  // namespace virtscale::replay
