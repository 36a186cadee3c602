// The store of one partition of one stage on RocksDB: one directory each.
//
// The one thing to know: its write-ahead log is written at each commit, and not synced; a commit of thousands of rows
// becomes a file instead, which is. A killed process loses nothing; a machine that loses power loses the newest
// commits, whole and from the end, and that is allowed: the log of events is the truth, state never runs ahead of it,
// and what is lost is folded again under the same ids.
#pragma once

#include <memory>
#include <string>

#include "topology/ports/store.hpp"

namespace virtscale {

/// Opens the store in `directory`, which is made, with its parents, if there is none. All stores of a process share
/// one small cache, one bound on unwritten memory and RocksDB's background threads, since rows live in tables in memory
/// and the disk is read at the start only. One process has a directory at a time.
/// Throws StoreError with the directory and what to do.
std::unique_ptr<Store> open_rocksdb_store(const std::string& directory);

}  // namespace virtscale
