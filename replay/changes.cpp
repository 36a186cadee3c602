#include "replay/changes.hpp"

#include "replay/snapshot.hpp"

namespace virtscale::replay {
namespace {

std::optional<std::vector<std::byte>> row_of(const AnyTable& table, std::string_view key) {
  std::optional<std::vector<std::byte>> row;
  // The first key that begins with `key` is `key` itself, if it is there.
  table.each_encoded(key, [&](std::string_view found, Bytes value) {
    if (found == key) row.emplace(value.begin(), value.end());
    return false;
  });
  return row;
}

void forget_changes(Refold& refold) {
  for (auto* table : refold.tables()) table->drain_changes([](std::string_view, const Bytes*) {});
}

}  // namespace

ChangeFollower::ChangeFollower(Refold& followed, const LogLayout& layout)
    : followed_(followed), behind_(make_refold(followed.stage(), followed.inbox().partition, layout)) {
  copy_state(followed_, *behind_);
  forget_changes(followed_);
}

std::vector<RowChange> ChangeFollower::after(const LogRecord& record) {
  std::vector<RowChange> changes;
  const auto before = behind_->tables();
  const auto tables = followed_.tables();
  for (std::size_t i = 0; i < tables.size(); ++i) {
    tables[i]->drain_changes([&](std::string_view key, const Bytes* value) {
      RowChange change{tables[i], std::string(key), row_of(*before[i], key), std::nullopt};
      if (value != nullptr) change.after.emplace(value->begin(), value->end());
      if (change.before != change.after) changes.push_back(std::move(change));
    });
  }
  behind_->fold(record);
  return changes;
}

}  // namespace virtscale::replay
