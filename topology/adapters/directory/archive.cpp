#include "topology/adapters/directory/archive.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <system_error>

namespace virtscale {
namespace {

namespace fs = std::filesystem;

/// Its `~` is in no object's name, so it is never listed.
constexpr const char* unfinished = "~unfinished";
/// What has not been touched for this long was left behind by a crash.
constexpr auto unfinished_age_max = std::chrono::hours(24);

std::string remedy_for(int error) {
  if (error == ENOSPC || error == EDQUOT) return "free some space, or choose another directory for the archive";
  if (error == EACCES || error == EPERM || error == EROFS) return "let this user write there";
  if (error == ENOTDIR || error == EISDIR) return "something else is there: give the archive a directory of its own";
  return "check that the directory is mounted, belongs to this user and is on a disk that works";
}

[[noreturn]] void fail(const std::string& verb, const fs::path& path, int error) {
  throw ArchiveError("cannot " + verb + " " + path.string() + ": " + std::generic_category().message(error) + " (" +
                     remedy_for(error) + ")");
}

void throw_if(const std::error_code& error, const std::string& verb, const fs::path& path) {
  if (error) fail(verb, path, error.value());
}

void check_name(const std::string& name) {
  if (is_archive_name(name)) return;
  throw ArchiveError("'" + name.substr(0, archive_name_bytes_max) +
                     "' is no name of an object: use parts of A-Z a-z 0-9 . _ - joined by /, at most " +
                     std::to_string(archive_name_bytes_max) + " bytes");
}

/// Makes what was written to a file or a directory durable.
void sync(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail("open", path, errno);
  const int error = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  // A file system that cannot sync directories says EINVAL, and orders renames by itself.
  if (error != 0 && error != EINVAL) fail("make durable", path, error);
}

/// Gone with the object, unless it was renamed away.
class Temporary {
 public:
  explicit Temporary(const fs::path& directory) {
    static std::atomic<std::uint64_t> made{0};
    path_ = directory / (std::to_string(::getpid()) + "-" +
                         std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()) + "-" +
                         std::to_string(++made));
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

class DirectoryArchive final : public Archive {
 public:
  // A last part is put on and taken off, so that the path ends without a slash, as the parents of objects do.
  explicit DirectoryArchive(const fs::path& directory)
      : root_(fs::absolute(directory / "x").lexically_normal().parent_path()), unfinished_(root_ / unfinished) {
    std::error_code error;
    fs::create_directories(unfinished_, error);
    throw_if(error, "make the archive's directory", unfinished_);
    remove_left_behind();
  }

  void put(const std::string& name, const fs::path& file) override {
    check_name(name);
    std::error_code error;
    const auto bytes = fs::file_size(file, error);
    throw_if(error, "read", file);
    if (bytes > archive_object_bytes_max) fail("archive more than 5 GiB in one object:", file, EFBIG);
    const Temporary whole(unfinished_);
    fs::copy_file(file, whole.path(), error);
    throw_if(error, "write " + name + " to", whole.path());
    sync(whole.path());
    move_into_place(whole.path(), root_ / name);
  }

  bool get(const std::string& name, const fs::path& file) override {
    check_name(name);
    const auto object = root_ / name;
    std::error_code error;
    const auto found = fs::status(object, error);
    if (found.type() == fs::file_type::not_found || found.type() == fs::file_type::directory) return false;
    throw_if(error, "read", object);
    fs::copy_file(object, file, error);
    if (!error) return true;
    const auto exists = error == std::errc::file_exists;
    std::error_code ignored;
    if (!exists) fs::remove(file, ignored);
    if (error == std::errc::no_such_file_or_directory && !fs::exists(object, ignored)) return false;
    fail("copy " + object.string() + " to", file, error.value());
  }

  std::vector<std::string> list(std::string_view prefix) override {
    const auto slash = prefix.rfind('/');
    const auto folder = slash == std::string_view::npos ? std::string_view() : prefix.substr(0, slash);
    if (!folder.empty()) check_name(std::string(folder));
    std::vector<std::string> names;
    // A folder that another process removes meanwhile cuts a walk short: then it is walked again.
    auto error = walk(root_ / folder, prefix, names);
    while (error == std::errc::no_such_file_or_directory && fs::exists(root_ / folder)) {
      error = walk(root_ / folder, prefix, names);
    }
    if (error && error != std::errc::no_such_file_or_directory) fail("list", root_ / folder, error.value());
    std::ranges::sort(names);
    return names;
  }

  void remove(const std::string& name) override {
    check_name(name);
    std::error_code error;
    if (!fs::is_directory(root_ / name, error)) fs::remove(root_ / name, error);
    const auto is_gone = error == std::errc::not_a_directory || error == std::errc::no_such_file_or_directory;
    if (error && !is_gone) fail("remove", root_ / name, error.value());
    // Folders go with their last object: rmdir refuses one that is not empty.
    for (auto folder = fs::path(name).parent_path(); !folder.empty(); folder = folder.parent_path()) {
      if (::rmdir((root_ / folder).c_str()) != 0) return;
    }
  }

 private:
  std::error_code walk(const fs::path& folder, std::string_view prefix, std::vector<std::string>& names) const {
    names.clear();
    std::error_code error;
    for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      std::error_code gone;
      if (at->is_regular_file(gone)) keep(at->path().lexically_relative(root_).string(), prefix, names);
    }
    return error;
  }

  static void keep(std::string name, std::string_view prefix, std::vector<std::string>& names) {
    if (!name.starts_with(prefix) || !is_archive_name(name)) return;
    if (names.size() == archive_listing_max) {
      throw ArchiveError("more than " + std::to_string(archive_listing_max) + " objects begin with '" +
                         std::string(prefix) + "': give this archive a directory of its own");
    }
    names.push_back(std::move(name));
  }

  // Another process may remove the folder as empty just before the rename: it is made once more then.
  void move_into_place(const fs::path& whole, const fs::path& object) {
    std::error_code error;
    bool made_folders = false;
    for (int attempt = 0; attempt < 3; ++attempt) {
      made_folders |= fs::create_directories(object.parent_path(), error);
      throw_if(error, "make the directory", object.parent_path());
      fs::rename(whole, object, error);
      if (error != std::errc::no_such_file_or_directory) break;
    }
    throw_if(error, "write", object);
    sync(object.parent_path());
    for (auto folder = object.parent_path(); made_folders && folder != root_;) sync(folder = folder.parent_path());
  }

  void remove_left_behind() {
    std::error_code ignored;
    const auto oldest = fs::file_time_type::clock::now() - unfinished_age_max;
    for (fs::directory_iterator at(unfinished_, ignored), end; !ignored && at != end; at.increment(ignored)) {
      std::error_code error;
      if (at->last_write_time(error) < oldest && !error) fs::remove(at->path(), error);
    }
  }

  const fs::path root_;
  const fs::path unfinished_;
};

}  // namespace

std::unique_ptr<Archive> make_directory_archive(const std::filesystem::path& directory) {
  return std::make_unique<DirectoryArchive>(directory);
}

}  // namespace virtscale
