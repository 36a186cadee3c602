#include "replay/changes.hpp"

#include <map>

namespace virtscale::replay {
namespace {

using Row = std::vector<std::byte>;

Row row_of(Bytes value) {
  return {value.begin(), value.end()};
}

// Each row that was touched, as it is now. One that was erased and made again comes twice, the last time as it is.
std::map<std::string, std::optional<Row>> touched_in(AnyTable& table) {
  std::map<std::string, std::optional<Row>> touched;
  Arena arena;
  table.drain_changes(arena, [&](std::string_view key, const Bytes* value) {
    touched[std::string(key)] = value == nullptr ? std::nullopt : std::optional(row_of(*value));
  });
  return touched;
}

}  // namespace

ChangeFollower::ChangeFollower(Refold& followed) : followed_(followed) {
  for (auto* table : followed.tables()) {
    auto& rows = rows_.emplace_back();
    table->each_encoded("", [&](std::string_view key, Bytes value) {
      rows.emplace(key, row_of(value));
      return true;
    });
    touched_in(*table);
  }
}

std::vector<RowChange> ChangeFollower::changes() {
  std::vector<RowChange> changes;
  const auto tables = followed_.tables();
  for (std::size_t t = 0; t < tables.size(); ++t) {
    for (auto& [key, after] : touched_in(*tables[t])) {
      RowChange change{tables[t], key, std::nullopt, std::move(after)};
      if (const auto known = rows_[t].extract(key)) change.before = std::move(known.mapped());
      if (change.after) rows_[t].emplace(key, *change.after);
      if (change.before != change.after) changes.push_back(std::move(change));
    }
  }
  return changes;
}

}  // namespace virtscale::replay
