// The store: an ordered map of bytes to bytes in which one partition of one stage keeps its state between commits.
#pragma once

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "topology/contract/event.hpp"

namespace virtscale {

/// The store cannot be opened, read or written; the message says what, where and what to do.
class StoreError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One change of a commit: a value to put, or, without one, a key to delete. Borrowed for the commit.
struct StoreChange {
  std::string_view key;
  std::optional<std::string_view> value;
};

/// Used by one thread at a time.
class Store {
 public:
  virtual ~Store() = default;
  /// Visits every key with `prefix` in ascending order of bytes.
  virtual void scan(std::string_view prefix, const std::function<void(std::string_view key, Bytes value)>& visit) = 0;
  /// Writes all changes or none. A crash loses at most the newest commits, and always whole ones. Throws StoreError.
  virtual void commit(const std::vector<StoreChange>& changes) = 0;
  /// A consistent copy that can be opened as a store of its own, in `directory`, which must not exist yet.
  virtual void checkpoint(const std::string& directory) = 0;
};

}  // namespace virtscale
