#include "topology/adapters/memory/memory_store.hpp"

#include <array>
#include <filesystem>
#include <fstream>

namespace virtscale {
namespace {

constexpr const char* file_name = "/store";

/// As many bytes as a checkpoint may hold in one key or value; far above anything that a test keeps.
constexpr std::uint64_t text_bytes_max = 1ULL << 30U;

void write_text(std::ostream& to, const std::string& text) {
  const std::uint64_t size = text.size();
  to.write(reinterpret_cast<const char*>(&size), sizeof size);
  to.write(text.data(), static_cast<std::streamsize>(text.size()));
}

bool read_text(std::istream& from, std::string& text) {
  std::uint64_t size = 0;
  if (!from.read(reinterpret_cast<char*>(&size), sizeof size) || size > text_bytes_max) return false;
  text.resize(size);
  return static_cast<bool>(from.read(text.data(), static_cast<std::streamsize>(size)));
}

}  // namespace

std::unique_ptr<MemoryStore> MemoryStore::open(const std::string& directory) {
  std::ifstream file(directory + file_name, std::ios::binary);
  if (!file) throw StoreError("there is no checkpoint of a store in " + directory);
  auto store = std::make_unique<MemoryStore>();
  for (std::string key, value; file.peek() != std::ifstream::traits_type::eof();) {
    if (!read_text(file, key) || !read_text(file, value))
      throw StoreError("the checkpoint in " + directory + " is incomplete (make it again)");
    store->entries_[key] = value;
  }
  return store;
}

void MemoryStore::scan(std::string_view prefix, const std::function<void(std::string_view, Bytes)>& visit) {
  for (auto at = entries_.lower_bound(prefix); at != entries_.end() && at->first.starts_with(prefix); ++at)
    visit(at->first, std::as_bytes(std::span(at->second)));
}

void MemoryStore::commit(const std::vector<StoreChange>& changes) {
  for (const StoreChange& change : changes) {
    const std::string key(change.key);
    if (change.value) {
      entries_[key] = *change.value;
    } else {
      entries_.erase(key);
    }
  }
}

void MemoryStore::checkpoint(const std::string& directory) {
  std::error_code error;
  if (!std::filesystem::create_directory(directory, error))
    throw StoreError("cannot make " + directory +
                     " for a checkpoint: " + (error ? error.message() : "it exists already"));
  std::ofstream file(directory + file_name, std::ios::binary);
  for (const auto& [key, value] : entries_) {
    write_text(file, key);
    write_text(file, value);
  }
  if (!file.flush()) throw StoreError("cannot write the checkpoint in " + directory);
}

}  // namespace virtscale
