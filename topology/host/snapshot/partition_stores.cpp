#include "topology/host/snapshot/partition_stores.hpp"

#include <algorithm>
#include <utility>

#include "topology/graph.hpp"
#include "topology/host/snapshot/files.hpp"

namespace virtscale {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t log_file_bytes_max = 1'024;

Topic inbox_of(std::string_view stage) {
  return std::ranges::find(graph::stages, stage, &graph::StageNode::name)->inbox;
}

bool has_partitions(const fs::path& state) {
  return std::ranges::any_of(fs::directory_iterator(state), [](const auto& entry) { return entry.is_directory(); });
}

/// Runs `use`, and throws what goes wrong as StoreError.
template <class Use>
auto with_directory(const fs::path& directory, Use use) {
  try {
    return use();
  } catch (const SnapshotError& error) {
    throw StoreError(error.what());
  } catch (const fs::filesystem_error& error) {
    throw StoreError("cannot use the state directory " + directory.string() + " (" + error.code().message() +
                     "): let this user write there, or choose another --data");
  }
}

void claim(const fs::path& state, const std::string& log) {
  const auto file = state / "LOG";
  fs::create_directories(state);
  if (fs::exists(file)) {
    const auto found = read_text_file(file, log_file_bytes_max);
    if (found == log + "\n") return;
    throw StoreError("the state in " + state.string() + " was folded from log '" + found.substr(0, found.find('\n')) +
                     "', and this is log '" + log + "': correct which log the settings name, or choose another --data");
  }
  if (has_partitions(state)) {
    throw StoreError("nothing in " + state.string() + " says which log its state was folded from, and this is log '" +
                     log + "': move the directory away, its state is folded anew, or choose another --data");
  }
  write_text_file(file, log + "\n");
}

}  // namespace

void claim_state(const fs::path& state, const std::string& log) {
  with_directory(state, [&] { claim(state, log); });
}

PartitionStores::PartitionStores(PartitionStoresOptions options) : options_(std::move(options)) {
  claim_state(options_.state, options_.log_identity);
}

std::unique_ptr<Store> PartitionStores::open(std::string_view stage, std::uint32_t partition) {
  const auto directory = options_.state / (std::string(stage) + "-" + std::to_string(partition));
  if (options_.snapshots == nullptr) return options_.open(directory);
  return with_directory(directory, [&] { return open_or_fetch(directory, need(stage, partition)); });
}

std::unique_ptr<Store> PartitionStores::open_or_fetch(const fs::path& directory, const SnapshotNeed& wanted) {
  if (fs::exists(directory) && !fs::is_empty(directory)) {
    auto store = options_.open(directory);
    if (point_in(*store)) return store;
  }
  // Closed by now: it holds nothing, and a snapshot takes its place.
  fs::remove_all(directory);
  const auto fetched = options_.snapshots->fetch(wanted, directory);
  if (fetched && options_.on_fetched) options_.on_fetched(*fetched);
  return options_.open(directory);
}

SnapshotNeed PartitionStores::need(std::string_view stage, std::uint32_t partition) const {
  return {.owner = {options_.log_identity, options_.log.layout(), std::string(stage), partition},
          .epoch_max = options_.epoch,
          .log_end = options_.log.end({inbox_of(stage), partition})};
}

}  // namespace virtscale
