#include "replay/verify/lane.hpp"

#include <algorithm>

#include "topology/graph.hpp"

namespace virtscale::replay {
namespace {

std::uint32_t partitions_of(const LogLayout& layout, Topic topic) {
  return layout.partitions[static_cast<std::size_t>(topic)];
}

}  // namespace

Lanes::Lanes(const LogLayout& layout) : layout_(layout) {
  for (std::size_t topic = 0; topic < topics_count; ++topic) rows_[topic].resize(layout.partitions[topic]);
  for (const auto& node : graph::stages) {
    first_slot_[static_cast<std::size_t>(node.stage)] = sources_;
    sources_ += partitions_of(layout, node.inbox);
  }
}

bool Lanes::has(const LanePlace& place) const {
  return place.stage != Source::edge && place.stage <= Source::audit &&
         place.partition < partitions_of(layout_, graph::node_of(place.stage).inbox) &&
         place.target.partition < partitions_of(layout_, place.target.topic);
}

std::unique_ptr<Lane>& Lanes::slot(const LanePlace& place) {
  auto& row = rows_[static_cast<std::size_t>(place.target.topic)][place.target.partition];
  if (row.empty()) row.resize(sources_);
  return row[source_slot(place.stage, place.partition)];
}

Lane& Lanes::of(const LanePlace& place) {
  auto& lane = slot(place);
  if (!lane) lane = std::make_unique<Lane>(0);
  return *lane;
}

void Lanes::each(const std::function<void(const LanePlace&, Lane&)>& visit) {
  for (std::size_t topic = 0; topic < topics_count; ++topic) {
    for (std::uint32_t target = 0; target < rows_[topic].size(); ++target) {
      auto& row = rows_[topic][target];
      for (const auto& node : graph::stages) {
        for (std::uint32_t p = 0; !row.empty() && p < partitions_of(layout_, node.inbox); ++p) {
          auto& lane = row[source_slot(node.stage, p)];
          if (lane) visit({node.stage, p, {static_cast<Topic>(topic), target}}, *lane);
        }
      }
    }
  }
}

}  // namespace virtscale::replay
