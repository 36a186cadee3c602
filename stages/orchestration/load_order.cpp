#include "stages/orchestration/load_order.hpp"

#include <algorithm>

namespace virtscale::orchestration {

void LoadOrder::Block::append(std::span<const Standing> more) {
  std::ranges::copy(more, standings.begin() + size);
  size += more.size();
}

// Blocks begin half full, so that neither many nor few changes make a new one.
LoadOrder::LoadOrder(std::span<const Standing> sorted) : heads_(1), blocks_(1) {
  for (; !sorted.empty(); sorted = sorted.subspan(std::min(sorted.size(), block_max / 2))) {
    if (blocks_.back().size != 0) {
      heads_.push_back({sorted.front(), static_cast<std::uint32_t>(blocks_.size())});
      blocks_.emplace_back();
    }
    blocks_.back().append(sorted.first(std::min(sorted.size(), block_max / 2)));
  }
}

void LoadOrder::move(const Standing& from, const Standing& to) {
  erase(from);
  insert(to);
}

std::size_t LoadOrder::head_of(const Standing& standing) const {
  const auto after = std::upper_bound(heads_.begin() + 1, heads_.end(), standing,
                                      [](const Standing& one, const Head& head) { return one < head.from; });
  return static_cast<std::size_t>(after - heads_.begin()) - 1;
}

void LoadOrder::insert(const Standing& standing) {
  const auto head = head_of(standing);
  auto& [standings, size] = block_at(head);
  if (size == block_max) {
    split(head);
    return insert(standing);
  }
  const auto end = standings.begin() + size++;
  const auto at = std::lower_bound(standings.begin(), end, standing);
  std::move_backward(at, end, end + 1);
  *at = standing;
}

void LoadOrder::erase(const Standing& standing) {
  const auto head = head_of(standing);
  auto& [standings, size] = block_at(head);
  const auto end = standings.begin() + size--;
  const auto at = std::lower_bound(standings.begin(), end, standing);
  std::move(at + 1, end, at);
  if (size >= block_max / 4) return;
  join_if_small(head);
  if (head > 0) join_if_small(head - 1);
}

void LoadOrder::split(std::size_t head) {
  if (spare_.empty()) {
    spare_.push_back(static_cast<std::uint32_t>(blocks_.size()));
    blocks_.emplace_back();
  }
  const auto made = spare_.back();
  spare_.pop_back();
  auto& full = block_at(head);
  const auto upper = full.all().subspan(block_max / 2);
  blocks_[made].append(upper);
  full.size = block_max / 2;
  heads_.insert(heads_.begin() + head + 1, Head{blocks_[made].standings.front(), made});
}

// Takes the next block in, if the two fill half of one: there is room for many changes before it is split again.
void LoadOrder::join_if_small(std::size_t head) {
  if (head + 1 == heads_.size()) return;
  auto& next = block_at(head + 1);
  if (block_at(head).size + next.size > block_max / 2) return;
  block_at(head).append(next.all());
  next.size = 0;
  spare_.push_back(heads_[head + 1].block);
  heads_.erase(heads_.begin() + head + 1);
}

}  // namespace virtscale::orchestration
