#include "topology/host/snapshot/snapshots.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "schemas/codec.hpp"
#include "schemas/state/host_generated.h"
#include "topology/host/snapshot/files.hpp"

namespace virtscale {
namespace {

namespace fs = std::filesystem;

constexpr const char* manifest_name = "manifest.json";
constexpr std::size_t offset_digits = 20;
/// Of a digest, in the names of objects: enough to tell any two files apart.
constexpr std::size_t name_digits = 16;

std::string folder_of(const SnapshotOwner& owner) {
  return owner.log + "/" + owner.stage + "-" + std::to_string(owner.partition) + "/";
}

std::string folder_of(const SnapshotOwner& owner, std::uint64_t folded) {
  const auto number = std::to_string(folded);
  return folder_of(owner) + std::string(offset_digits - number.size(), '0') + number + "/";
}

std::string object_of(const std::string& folder, const SnapshotFile& file) {
  return folder + file.name + "." + hexadecimal(file.digest).substr(0, name_digits);
}

/// The objects of each snapshot by its offset; what has another kind of name is not ours.
std::map<std::uint64_t, std::vector<std::string>> by_offset(const std::string& folder, std::vector<std::string> names) {
  std::map<std::uint64_t, std::vector<std::string>> found;
  for (auto& name : names) {
    const auto number = std::string_view(name).substr(folder.size(), offset_digits);
    std::uint64_t offset = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), offset);
    const auto is_offset =
        error == std::errc() && number.size() == offset_digits && end == number.data() + number.size();
    if (is_offset && name.size() > folder.size() + offset_digits && name[folder.size() + offset_digits] == '/') {
      found[offset].push_back(std::move(name));
    }
  }
  return found;
}

bool is_complete(const std::string& folder, const std::vector<std::string>& names) {
  return std::ranges::count(names, folder + manifest_name) > 0;
}

[[noreturn]] void refuse(const std::string& why) {
  throw SnapshotError(why);
}

std::vector<SnapshotFile> files_in(const fs::path& checkpoint) {
  std::vector<SnapshotFile> files;
  for (const auto& entry : fs::directory_iterator(checkpoint)) {
    const auto name = entry.path().filename().string();
    const auto fits = entry.is_regular_file() && name.size() <= snapshot_file_name_bytes_max && is_archive_name(name);
    if (!fits || files.size() == snapshot_files_max) {
      refuse("cannot take a snapshot: " + entry.path().string() + " is no file of a store, or one too many");
    }
    files.push_back(describe_file(entry.path()));
  }
  std::ranges::sort(files, {}, &SnapshotFile::name);
  return files;
}

std::string both(const std::string& what, const std::string& its, const std::string& ours) {
  return "its " + what + " is " + its + ", ours is " + ours;
}

/// What the manifest says against what it must say, before any file is fetched.
void check(const SnapshotManifest& manifest, const SnapshotNeed& need, std::uint64_t folded) {
  const auto& its = manifest.owner;
  const auto& ours = need.owner;
  if (its.log != ours.log) refuse(both("log", its.log, ours.log));
  if (its.stage != ours.stage) refuse(both("stage", its.stage, ours.stage));
  if (its.partition != ours.partition) {
    refuse(both("partition", std::to_string(its.partition), std::to_string(ours.partition)));
  }
  if (its.layout != ours.layout) refuse("the log had another layout (partitions or key hash) when it was taken");
  if (manifest.at.epoch > need.epoch_max) {
    refuse(both("epoch", std::to_string(manifest.at.epoch), std::to_string(need.epoch_max)) +
           ": a newer program made it");
  }
  if (manifest.at.folded != folded) {
    refuse(both("offset", std::to_string(manifest.at.folded), std::to_string(folded) + " by its name"));
  }
  if (folded >= need.log_end) {
    refuse("it is folded up to offset " + std::to_string(folded) + ", and the log ends before " +
           std::to_string(need.log_end) + ": it is of another log, or the log has lost records");
  }
}

void check(const SnapshotFile& expected, const fs::path& fetched) {
  const auto found = describe_file(fetched);
  if (found.bytes != expected.bytes) {
    refuse(expected.name + " has " + std::to_string(found.bytes) + " bytes, and the manifest says " +
           std::to_string(expected.bytes));
  }
  if (found.digest != expected.digest) refuse(expected.name + " has another SHA-256 than the manifest says");
  sync_to_disk(fetched);
}

void check(const SnapshotPoint& expected, Store& store) {
  const auto found = point_in(store);
  if (!found) refuse("there is no state in it");
  if (*found != expected) {
    refuse("its state is folded up to offset " + std::to_string(found->folded) +
           " with another digest, epoch or time than the manifest says");
  }
}

/// A directory that is gone with the object, unless it was renamed away.
class Unfinished {
 public:
  explicit Unfinished(fs::path path) : path_(std::move(path)) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

std::optional<SnapshotPoint> point_in(Store& store) {
  schema::ProgressT row;
  store.scan("host_progress/", [&](std::string_view, Bytes value) {
    if (!decode_row(value, row)) throw StoreError("the store's progress cannot be read: its files are damaged");
  });
  if (row.folded < 0) return std::nullopt;
  return SnapshotPoint{row.epoch, static_cast<std::uint64_t>(row.folded), row.digest, {row.stream_time_us}};
}

Snapshots::Snapshots(Archive& archive, OpenStore open, std::function<void(const std::string&)> tell)
    : archive_(archive), open_(std::move(open)), tell_(std::move(tell)) {}

SnapshotManifest Snapshots::put(const SnapshotOwner& owner, const SnapshotPoint& at, const fs::path& checkpoint,
                                const std::stop_token& stop) {
  const SnapshotManifest manifest{owner, at, files_in(checkpoint)};
  const auto folder = folder_of(owner, at.folded);
  for (const auto& file : manifest.files) {
    if (stop.stop_requested()) refuse("the process stops; the next owner takes one");
    archive_.put(object_of(folder, file), checkpoint / file.name);
  }
  // Beside the copy: a file in it would be one of the store's.
  const auto text = fs::path(checkpoint.string() + "." + manifest_name);
  write_text_file(text, print_manifest(manifest));
  archive_.put(folder + manifest_name, text);
  fs::remove(text);
  return manifest;
}

std::vector<std::uint64_t> Snapshots::newest_first(const SnapshotOwner& owner) {
  const auto folder = folder_of(owner);
  std::vector<std::uint64_t> offsets;
  for (const auto& [offset, names] : by_offset(folder, archive_.list(folder))) {
    if (is_complete(folder_of(owner, offset), names)) offsets.push_back(offset);
  }
  std::ranges::reverse(offsets);
  return offsets;
}

std::optional<SnapshotManifest> Snapshots::fetch(const SnapshotNeed& need, const fs::path& into) {
  const auto told = [&](const std::string& what, const std::exception& why) {
    tell_(what + " " + need.owner.stage + "-" + std::to_string(need.owner.partition) + ": " + why.what());
  };
  try {
    for (const auto folded : newest_first(need.owner)) {
      try {
        return fetch_one(need, folded, into);
      } catch (const std::exception& error) {
        told("snapshot " + std::to_string(folded) + " is not used, an older one is tried, of", error);
      }
    }
  } catch (const std::exception& error) {
    told("snapshots cannot be listed, the log is folded from its beginning, of", error);
  }
  return std::nullopt;
}

void Snapshots::get(const std::string& name, const fs::path& file) {
  if (!archive_.get(name, file)) refuse(name + " is missing in the archive");
}

SnapshotManifest Snapshots::fetch_one(const SnapshotNeed& need, std::uint64_t folded, const fs::path& into) {
  const auto folder = folder_of(need.owner, folded);
  const Unfinished part(into.string() + ".fetched");
  const auto text = part.path() / manifest_name;
  get(folder + manifest_name, text);
  const auto manifest = read_manifest(read_text_file(text, manifest_bytes_max));
  fs::remove(text);
  check(manifest, need, folded);
  for (const auto& file : manifest.files) {
    get(object_of(folder, file), part.path() / file.name);
    check(file, part.path() / file.name);
  }
  check(manifest.at, *open_(part.path()));
  sync_to_disk(part.path());
  fs::rename(part.path(), into);
  return manifest;
}

void Snapshots::prune(const SnapshotOwner& owner, std::size_t keep) {
  const auto folder = folder_of(owner);
  const auto all = by_offset(folder, archive_.list(folder));
  std::size_t complete = 0;
  for (auto at = all.rbegin(); at != all.rend(); ++at) {
    const auto own = folder_of(owner, at->first);
    const auto is_whole = is_complete(own, at->second);
    complete += is_whole ? 1 : 0;
    // What is newer than every complete one may be on its way.
    if (complete == 0 || (is_whole && complete <= std::max<std::size_t>(keep, 1))) continue;
    // First the manifest: what it names must be there as long as it is.
    if (is_whole) archive_.remove(own + manifest_name);
    for (const auto& name : at->second) archive_.remove(name);
  }
}

}  // namespace virtscale
