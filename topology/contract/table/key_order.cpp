#include "topology/contract/table/key_order.hpp"

#include <algorithm>
#include <iterator>

namespace virtscale {

void KeyOrder::add(Row& row) {
  row.waiting_at = static_cast<std::uint32_t>(waiting_.size());
  waiting_.push_back(&row);
}

void KeyOrder::remove(Row& row) {
  if (row.waiting_at == Row::nowhere) {
    ordered_.erase(row.ordered_at);
    return;
  }
  waiting_.back()->waiting_at = row.waiting_at;
  waiting_[row.waiting_at] = waiting_.back();
  waiting_.pop_back();
}

Row* KeyOrder::at_or_after(std::string_view key) const {
  order_those_who_wait();
  const auto row = ordered_.lower_bound(key);
  return row == ordered_.end() ? nullptr : *row;
}

Row* KeyOrder::after(const Row& row) const {
  const auto next = std::next(row.ordered_at);
  return next == ordered_.end() ? nullptr : *next;
}

// Sorted first: many rows at once then come at the end or beside each other.
void KeyOrder::order_those_who_wait() const {
  if (waiting_.empty()) return;
  std::sort(waiting_.begin(), waiting_.end(), RowsByKey());
  auto hint = ordered_.end();
  for (auto* const row : waiting_) {
    row->ordered_at = ordered_.insert(hint, row);
    row->waiting_at = Row::nowhere;
    hint = std::next(row->ordered_at);
  }
  waiting_.clear();
}

}  // namespace virtscale
