#include "tests/simulation/engine/host/disk.hpp"

namespace virtscale::simulation {

void Disk::scan(std::string_view prefix, const std::function<void(std::string_view key, Bytes value)>& visit) {
  while (!newest_.empty()) {
    apply(newest_.front());
    newest_.pop_front();
  }
  for (auto row = rows_.lower_bound(prefix); row != rows_.end() && row->first.starts_with(prefix); ++row)
    visit(row->first, std::as_bytes(std::span(row->second)));
}

void Disk::commit(const std::vector<StoreChange>& changes) {
  written_(changes);
  auto& kept = newest_.emplace_back();
  for (const auto& [key, value] : changes) kept.push_back({std::string(key), std::optional<std::string>(value)});
  if (newest_.size() <= losable_max) return;
  apply(newest_.front());
  newest_.pop_front();
}

void Disk::checkpoint(const std::string&) {
  throw StoreError("a simulated disk is not copied");
}

std::size_t Disk::lose_newest(Dice& dice) {
  const auto lost = dice.below(newest_.size() + 1);
  newest_.resize(newest_.size() - lost);
  return lost;
}

void Disk::lose_everything() {
  rows_.clear();
  newest_.clear();
}

void Disk::apply(const std::vector<Change>& changes) {
  for (const auto& change : changes) {
    if (change.value) {
      rows_[change.key] = *change.value;
    } else {
      rows_.erase(change.key);
    }
  }
}

}  // namespace virtscale::simulation
