// A store in memory. A checkpoint is one file, which `open` reads back.
#pragma once

#include <map>
#include <memory>

#include "topology/ports/store.hpp"

namespace virtscale {

class MemoryStore final : public Store {
 public:
  /// The store that `checkpoint` wrote. Throws StoreError.
  static std::unique_ptr<MemoryStore> open(const std::string& directory);

  void scan(std::string_view prefix, const std::function<void(std::string_view key, Bytes value)>& visit) override;
  void commit(const std::vector<StoreChange>& changes) override;
  void checkpoint(const std::string& directory) override;

  const std::map<std::string, std::string, std::less<>>& entries() const { return entries_; }

 private:
  std::map<std::string, std::string, std::less<>> entries_;
};

}  // namespace virtscale
