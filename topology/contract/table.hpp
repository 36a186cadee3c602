// State: typed tables over an ordered key-value store.
//
// The one thing to know: rows live in memory, as values, and the host writes those that changed to the store at a
// commit. So a fold never waits for a disk, and what it costs to keep state is paid once for many steps. A row is found
// by hash; the order of keys is made when it is asked for (key_order.hpp).
#pragma once

#include <cstddef>
#include <functional>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "topology/contract/arena.hpp"
#include "topology/contract/event.hpp"
#include "topology/contract/table/key_index.hpp"
#include "topology/contract/table/key_order.hpp"

namespace flatbuffers {
struct TypeTable;
}

namespace virtscale {

/// A table without its types, as the host, the store and the inspector see it.
class AnyTable {
 public:
  virtual ~AnyTable() = default;
  /// Unique in its stage; the prefix of its keys in the store. Lower case and `_`.
  virtual std::string_view name() const = 0;
  /// Puts a row that was read from the store. False if `value` is not a row of this table.
  virtual bool load(std::string_view key, Bytes value) = 0;
  /// Erases the row; none is erased already.
  virtual void erase(std::string_view key) = 0;
  /// Visits each row that changed since the last call, and forgets that it changed: first those that were erased
  /// (`value` is null), then those that are there. A row that was erased and made again is visited as both. Values are
  /// encoded in `arena`, where they stay.
  virtual void drain_changes(Arena& arena,
                             const std::function<void(std::string_view key, const Bytes* value)>& visit) = 0;
  /// Visits each row with the prefix, in ascending order, until the visitor returns false.
  virtual void each_encoded(std::string_view prefix,
                            const std::function<bool(std::string_view key, Bytes value)>& visit) const = 0;
  /// What a row's value holds, for those who print it (schemas/print).
  virtual const flatbuffers::TypeTable* type() const = 0;
  virtual std::size_t size() const = 0;
};

/// A map from a key to a `Value`, which can be walked in the order of keys. Keys are text; parts of composite keys are
/// joined by '/'.
///
/// `Value` is copied to and from bytes by the free functions `encode_row(value, arena)`, `decode_row(bytes, value)` and
/// `row_type(value tag)` that are found beside its type (schemas/codec.hpp). To find, make, change and erase a
/// row costs O(1); `each` and `at_or_after` cost what KeyOrder says, and are for one thread at a time.
template <class Value>
class Table final : public AnyTable {
 public:
  /// A row that was looked for. `value` is null if there is none.
  struct Found {
    std::string_view key;
    const Value* value = nullptr;
  };

  explicit Table(std::string_view name) : name_(name) {}
  // A state is moved or referred to, never copied by accident.
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  ~Table() override { index_.each_in_no_order(end); }

  /// The row, or null. Valid until the row is erased.
  const Value* find(std::string_view key) const {
    auto* const row = index_.find(key);
    return row == nullptr ? nullptr : &value_of(*row);
  }

  /// The row for change, made if there is none. Valid until the row is erased.
  Value& modify(std::string_view key) {
    auto& row = row_of(key);
    note_changed(row);
    return value_of(row);
  }

  /// The row for change, or null. Valid until the row is erased.
  Value* find_to_modify(std::string_view key) {
    auto* const row = index_.find(key);
    if (row == nullptr) return nullptr;
    note_changed(*row);
    return &value_of(*row);
  }

  /// A new row; null if there is one with this key. Valid until the row is erased.
  Value* add(std::string_view key) {
    if (index_.find(key) != nullptr) return nullptr;
    auto& row = make(key);
    note_changed(row);
    return &value_of(row);
  }

  /// A row in hand, for one that is asked for with every record. Valid until the row is erased.
  class Place {
   public:
    Place() = default;
    explicit operator bool() const { return row_ != nullptr; }
    const Value& value() const { return value_of(*row_); }

   private:
    friend class Table;
    explicit Place(Row* row) : row_(row) {}
    Row* row_ = nullptr;
  };
  /// Where the row is; no place if there is none.
  Place place(std::string_view key) const { return Place(index_.find(key)); }
  /// Where the row is, made if there is none.
  Place make_place(std::string_view key) { return Place(&row_of(key)); }
  /// The row for change.
  Value& modify(Place place) {
    note_changed(*place.row_);
    return value_of(*place.row_);
  }

  void erase(std::string_view key) override {
    if (auto* const row = index_.find(key)) erase(*row);
  }

  /// Erases the row and returns what it had; nothing if there is none.
  std::optional<Value> take(std::string_view key) {
    auto* const row = index_.find(key);
    if (row == nullptr) return std::nullopt;
    std::optional<Value> value(std::move(value_of(*row)));
    erase(*row);
    return value;
  }

  /// Visits the rows whose keys begin with `prefix`, in ascending order, until `visit(key, value)` returns false.
  /// The table must not change meanwhile.
  template <class Visit>
  void each(std::string_view prefix, Visit visit) const {
    for (auto* row = order_.at_or_after(prefix); row != nullptr; row = order_.after(*row)) {
      if (!row->key().starts_with(prefix) || !visit(row->key(), std::as_const(value_of(*row)))) return;
    }
  }

  /// The first row whose key is at least `key`. Valid until the row is erased.
  Found at_or_after(std::string_view key) const {
    auto* const row = order_.at_or_after(key);
    return row == nullptr ? Found{} : Found{row->key(), &value_of(*row)};
  }

  std::string_view name() const override { return name_; }
  std::size_t size() const override { return index_.size(); }

  bool load(std::string_view key, Bytes bytes) override {
    Value value;
    if (!decode_row(bytes, value)) return false;
    auto& row = row_of(key);
    value_of(row) = std::move(value);
    row.stored = true;
    return true;
  }

  void drain_changes(Arena& arena, const std::function<void(std::string_view, const Bytes*)>& visit) override {
    for (const auto& key : std::exchange(erased_, {})) visit(key, nullptr);
    gone_ = 0;
    for (auto* const row : std::exchange(changed_, {})) {
      if (row == nullptr) continue;  // came and went between two drains: no trace
      row->noted_at = Row::nowhere;
      row->stored = true;
      const Bytes bytes = encode_row(value_of(*row), arena);
      visit(row->key(), &bytes);
    }
  }

  void each_encoded(std::string_view prefix, const std::function<bool(std::string_view, Bytes)>& visit) const override {
    Arena arena;
    each(prefix, [&](std::string_view key, const Value& value) {
      arena.clear();
      return visit(key, encode_row(value, arena));
    });
  }

  const flatbuffers::TypeTable* type() const override { return row_type(static_cast<const Value*>(nullptr)); }

 private:
  static_assert(alignof(Value) <= alignof(Row) && sizeof(Row) % alignof(Row) == 0);

  static constexpr std::size_t usual_key_bytes = 32;

  // From the beginning of a row with such a key to its value.
  static constexpr std::size_t value_at(std::size_t key_bytes) {
    return sizeof(Row) + (key_bytes + alignof(Value) - 1) / alignof(Value) * alignof(Value);
  }
  static Value& value_of(Row& row) {
    return *std::launder(reinterpret_cast<Value*>(reinterpret_cast<std::byte*>(&row) + value_at(row.key_bytes)));
  }
  static Row& begin(std::string_view key) {
    auto* const memory = static_cast<std::byte*>(::operator new(value_at(key.size()) + sizeof(Value)));
    new (memory + value_at(key.size())) Value();
    return *new (memory) Row(key);
  }
  static void end(Row& row) {
    value_of(row).~Value();
    row.~Row();
    ::operator delete(&row);
  }

  // Made if there is none.
  Row& row_of(std::string_view key) {
    auto* const row = index_.find(key);
    return row != nullptr ? *row : make(key);
  }
  Row& make(std::string_view key) {
    auto& row = begin(key);
    index_.insert(row);
    order_.add(row);
    return row;
  }

  void erase(Row& row) {
    if (row.stored) erased_.emplace_back(row.key());
    if (row.noted_at != Row::nowhere) forget_change(row);
    order_.remove(row);
    index_.erase(row);
    end(row);
  }

  void note_changed(Row& row) {
    if (row.noted_at != Row::nowhere) return;
    row.noted_at = static_cast<std::uint32_t>(changed_.size());
    changed_.push_back(&row);
  }

  // Rows that go leave gaps, which are closed when they are the most: without drains, too, the notes do not grow.
  void forget_change(const Row& row) {
    changed_[row.noted_at] = nullptr;
    if (++gone_ * 2 <= changed_.size()) return;
    std::erase(changed_, nullptr);
    gone_ = 0;
    for (std::uint32_t at = 0; at < changed_.size(); ++at) changed_[at]->noted_at = at;
  }

  std::string name_;
  KeyIndex index_{value_at(usual_key_bytes) + sizeof(Value)};
  KeyOrder order_;
  std::vector<Row*> changed_;  // in the order of their first change; null for a row that is gone
  std::size_t gone_ = 0;       // nulls in `changed_`
  std::vector<std::string> erased_;
};

}  // namespace virtscale
