// State: typed tables over an ordered key-value store.
//
// The one thing to know: rows live in memory, decoded, and the host writes those that changed to the store at a commit.
// So a fold never waits for a disk, and what it costs to keep state is paid once for many steps.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "topology/contract/event.hpp"
#include "topology/contract/key_index.hpp"

namespace virtscale {

/// A table without its types, as the host, the store and the inspector see it.
class AnyTable {
 public:
  virtual ~AnyTable() = default;
  /// Unique in its stage; the prefix of its keys in the store. Lower case and `_`.
  virtual std::string_view name() const = 0;
  /// Puts a row that was read from the store. False if `value` is not a row of this table.
  virtual bool load(std::string_view key, Bytes value) = 0;
  /// Visits each row that changed since the last call, and forgets that it changed: first those that were erased
  /// (`value` is null), then those that are there. A row that was erased and made again is visited as both.
  virtual void drain_changes(const std::function<void(std::string_view key, const Bytes* value)>& visit) = 0;
  /// Visits each row with the prefix, in ascending order, until the visitor returns false.
  virtual void each_encoded(std::string_view prefix,
                            const std::function<bool(std::string_view key, Bytes value)>& visit) const = 0;
  /// A row's value as JSON, for people.
  virtual std::string print(Bytes value) const = 0;
  virtual std::size_t size() const = 0;
};

/// An ordered map from a key to a `Value`. Keys are text; parts of composite keys are joined by '/'.
///
/// `Value` is copied to and from bytes by the free functions `encode_row(value)`, `decode_row(bytes, value)` and
/// `print_row(bytes, value tag)` that are found beside its type (schemas/codec.hpp).
template <class Value>
class Table final : public AnyTable {
  struct Row {
    Value value;
    std::size_t noted_at = not_noted;  // where `changed_` points to it
    bool stored = false;               // the store has some version of it
  };
  static constexpr std::size_t not_noted = static_cast<std::size_t>(-1);
  using Rows = std::map<std::string, Row, std::less<>>;

 public:
  explicit Table(std::string_view name) : name_(name) {}
  // A state is moved or referred to, never copied by accident.
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  /// The row, or null. Valid until the row is erased.
  const Value* find(std::string_view key) const {
    const auto* row = index_.find(key);
    return row == nullptr ? nullptr : &(*row)->second.value;
  }

  /// The row for change, made if there is none. Valid until the row is erased.
  Value& modify(std::string_view key) {
    const auto row = row_of(key);
    mark_changed(row);
    return row->second.value;
  }

  /// The row for change, or null. Valid until the row is erased.
  Value* find_to_modify(std::string_view key) {
    const auto* row = index_.find(key);
    if (row == nullptr) return nullptr;
    mark_changed(*row);
    return &(*row)->second.value;
  }

  /// Erases the row; none is erased already.
  void erase(std::string_view key) {
    const auto* found = index_.find(key);
    if (found == nullptr) return;
    const auto row = *found;
    if (row->second.stored) erased_.push_back(row->first);
    if (row->second.noted_at != not_noted) changed_[row->second.noted_at] = nullptr;
    index_.erase(row);
    rows_.erase(row);
  }

  /// Visits the rows whose keys begin with `prefix`, in ascending order, until `visit(key, value)` returns false.
  /// The table must not change meanwhile.
  template <class Visit>
  void each(std::string_view prefix, Visit visit) const {
    for (auto row = rows_.lower_bound(prefix); row != rows_.end() && row->first.starts_with(prefix); ++row) {
      if (!visit(std::string_view(row->first), row->second.value)) return;
    }
  }

  /// The first row whose key is at least `key`; nulls if there is none.
  std::pair<const std::string*, const Value*> at_or_after(std::string_view key) const {
    const auto row = rows_.lower_bound(key);
    if (row == rows_.end()) return {nullptr, nullptr};
    return {&row->first, &row->second.value};
  }

  std::string_view name() const override { return name_; }
  std::size_t size() const override { return rows_.size(); }

  bool load(std::string_view key, Bytes value) override {
    Row row;
    if (!decode_row(value, row.value)) return false;
    row.stored = true;
    row_of(key)->second = std::move(row);
    return true;
  }

  void drain_changes(const std::function<void(std::string_view, const Bytes*)>& visit) override {
    for (const auto& key : std::exchange(erased_, {})) visit(key, nullptr);
    for (auto* row : std::exchange(changed_, {})) {
      if (row == nullptr) continue;  // came and went between two drains: no trace
      row->second.noted_at = not_noted;
      row->second.stored = true;
      const auto encoded = encode_row(row->second.value);
      const Bytes bytes(encoded);
      visit(row->first, &bytes);
    }
  }

  void each_encoded(std::string_view prefix, const std::function<bool(std::string_view, Bytes)>& visit) const override {
    each(prefix, [&](std::string_view key, const Value& value) { return visit(key, encode_row(value)); });
  }

  std::string print(Bytes value) const override { return print_row(value, static_cast<const Value*>(nullptr)); }

 private:
  // Made if there is none.
  typename Rows::iterator row_of(std::string_view key) {
    if (const auto* row = index_.find(key)) return *row;
    const auto row = rows_.try_emplace(std::string(key)).first;
    index_.insert(row);
    return row;
  }

  void mark_changed(typename Rows::iterator row) {
    if (row->second.noted_at != not_noted) return;
    row->second.noted_at = changed_.size();
    changed_.push_back(&*row);
  }

  std::string name_;
  Rows rows_;
  KeyIndex<typename Rows::iterator> index_;
  std::vector<typename Rows::value_type*> changed_;  // null for a row that is gone
  std::vector<std::string> erased_;
};

}  // namespace virtscale
