#include "topology/adapters/rocksdb/store.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace virtscale {
namespace {

namespace fs = std::filesystem;

// A partition's unwritten rows; at a few hundred bytes a row this is some 100,000 changes between two flushes. A flood
// rewrites the same rows: what waits here is written once. An idle store fills none of it.
constexpr std::size_t write_buffer_bytes_max = 32 << 20;
// Of all stores of the process together: an idle `virtscale up` has five and must stay under 100 MiB.
constexpr std::size_t write_buffers_bytes_max = 64 << 20;
constexpr std::size_t cache_bytes_max = 4 << 20;
// Bounds how long an opening replays.
constexpr std::uint64_t write_ahead_bytes_max = 64 << 20;
constexpr int open_files_max = 64;
// A commit of so many rows becomes a file of its own, in their order, and spares the memtable and the write-ahead log:
// a row costs a third then (tests/bench, `pipeline`). Two syncs come with it, a few milliseconds.
constexpr std::size_t rows_for_a_file = 5'000;
// Until then RocksDB lets files gather that it has not merged. They slow down nobody but the next opening.
constexpr int unmerged_files_max = 8;

struct SharedMemory {
  std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(cache_bytes_max, 0);
  std::shared_ptr<rocksdb::WriteBufferManager> buffers =
      std::make_shared<rocksdb::WriteBufferManager>(write_buffers_bytes_max);
};

SharedMemory& shared_memory() {
  static SharedMemory memory;
  return memory;
}

rocksdb::Options small_options() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  options.write_buffer_size = write_buffer_bytes_max;
  options.arena_block_size = 64 << 10;
  options.write_buffer_manager = shared_memory().buffers;
  options.max_total_wal_size = write_ahead_bytes_max;
  options.max_background_jobs = 1;
  options.max_open_files = open_files_max;
  options.level0_file_num_compaction_trigger = unmerged_files_max;
  options.table_cache_numshardbits = 0;
  options.keep_log_file_num = 2;
  options.max_log_file_size = 1 << 20;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.info_log_level = rocksdb::WARN_LEVEL;
  // Rows are a few hundred bytes and few; compressors would cost more memory than they save disk.
  options.compression = rocksdb::kNoCompression;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = shared_memory().cache;
  table.cache_index_and_filter_blocks = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

// RocksDB has no code of its own for a lock that is held: by us, or by another process.
bool is_locked(const std::string& text) {
  return text.find("lock hold by current process") != std::string::npos ||
         (text.find("While lock file") != std::string::npos && text.find("emporarily") != std::string::npos);
}

std::string remedy_for(const rocksdb::Status& status) {
  if (is_locked(status.ToString())) {
    return "another process uses this directory: stop it, or choose another --data";
  }
  if (status.IsCorruption()) {
    return "its files are damaged: move the directory away and start again; the state is folded anew from the log";
  }
  if (status.IsNoSpace()) return "the disk is full: free some space and start again";
  return "check that the directory exists, belongs to this user and is on a disk that works";
}

[[noreturn]] void fail(const std::string& what, const std::string& directory, const rocksdb::Status& status) {
  throw StoreError("cannot " + what + " the store in " + directory + " (" + status.ToString() +
                   "): " + remedy_for(status));
}

void make_directories(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (!error) return;
  throw StoreError("cannot make the directory " + directory.string() + " (" + error.message() +
                   "): let this user write there, or choose another --data");
}

rocksdb::Slice slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

// The last change of each key, by key: RocksDB begins to look for a row's place where it has put the row before, which
// makes neighbours cheap, and a file has each key once.
std::vector<const StoreChange*> in_order(const std::vector<StoreChange>& changes) {
  std::vector<const StoreChange*> ordered;
  ordered.reserve(changes.size());
  for (const auto& change : changes) ordered.push_back(&change);
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto* a, const auto* b) { return a->key < b->key; });
  const auto earlier = std::unique(ordered.rbegin(), ordered.rend(),
                                   [](const auto* later, const auto* before) { return later->key == before->key; });
  ordered.erase(ordered.begin(), earlier.base());
  return ordered;
}

class RocksStore final : public Store {
 public:
  explicit RocksStore(const std::string& directory) : directory_(directory) {
    make_directories(directory);
    rocksdb::DB* opened = nullptr;
    const auto status = rocksdb::DB::Open(small_options(), directory, &opened);
    if (!status.ok()) fail("open", directory, status);
    db_.reset(opened);
  }

  void scan(std::string_view prefix, const std::function<void(std::string_view, Bytes)>& visit) override {
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    const std::unique_ptr<rocksdb::Iterator> row(db_->NewIterator(options));
    const auto start = slice(prefix);
    for (row->Seek(start); row->Valid() && row->key().starts_with(start); row->Next()) {
      const auto value = row->value();
      visit({row->key().data(), row->key().size()}, {reinterpret_cast<const std::byte*>(value.data()), value.size()});
    }
    if (!row->status().ok()) fail("read", directory_, row->status());
  }

  void commit(const std::vector<StoreChange>& changes) override {
    const auto ordered = in_order(changes);
    const auto status = ordered.size() < rows_for_a_file ? write(ordered) : take_in(ordered);
    if (!status.ok()) fail("write", directory_, status);
  }

  void checkpoint(const std::string& directory) override {
    if (fs::exists(directory)) {
      throw StoreError("cannot copy the store into " + directory + ": it exists already; name a new directory");
    }
    if (const auto parent = fs::path(directory).parent_path(); !parent.empty()) make_directories(parent);
    rocksdb::Checkpoint* made = nullptr;
    auto status = rocksdb::Checkpoint::Create(db_.get(), &made);
    const std::unique_ptr<rocksdb::Checkpoint> copy(made);
    if (status.ok()) status = copy->CreateCheckpoint(directory);
    if (!status.ok()) fail("copy to " + directory, directory_, status);
  }

 private:
  using Ordered = std::vector<const StoreChange*>;

  rocksdb::Status write(const Ordered& changes) {
    rocksdb::WriteBatch batch;
    for (const auto* change : changes)
      change->value ? batch.Put(slice(change->key), slice(*change->value)) : batch.Delete(slice(change->key));
    rocksdb::WriteOptions unsynced;
    unsynced.sync = false;
    return db_->Write(unsynced, &batch);
  }

  rocksdb::Status take_in(const Ordered& changes) {
    const auto file = directory_ + "/incoming";
    auto status = write_file(file, changes);
    // What was written before must not be lost alone, once this is on the disk.
    if (status.ok()) status = db_->SyncWAL();
    rocksdb::IngestExternalFileOptions options;
    options.move_files = true;
    if (status.ok()) status = db_->IngestExternalFile({file}, options);
    return status;
  }

  rocksdb::Status write_file(const std::string& file, const Ordered& changes) {
    // One that a crash has left may be a second name of a file that the store has taken in: it must not be written to.
    std::error_code error;
    fs::remove(file, error);
    rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), db_->GetOptions());
    auto status = writer.Open(file);
    for (const auto* change : changes) {
      if (!status.ok()) return status;
      status =
          change->value ? writer.Put(slice(change->key), slice(*change->value)) : writer.Delete(slice(change->key));
    }
    return status.ok() ? writer.Finish() : status;
  }

  std::string directory_;
  std::unique_ptr<rocksdb::DB> db_;
};

}  // namespace

std::unique_ptr<Store> open_rocksdb_store(const std::string& directory) {
  return std::make_unique<RocksStore>(directory);
}

}  // namespace virtscale
