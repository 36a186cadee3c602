// What only an archive in a directory can show.
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "topology/adapters/directory/archive.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

TEST(DirectoryArchive, LeavesNothingUnfinishedAndRemovesWhatACrashLeft) {
  const TemporaryDirectory directory;
  const auto unfinished = directory.path() / "~unfinished";
  fs::create_directories(unfinished);
  std::ofstream(unfinished / "old") << "half";
  std::ofstream(unfinished / "new") << "of another process, on its way";
  fs::last_write_time(unfinished / "old", fs::file_time_type::clock::now() - std::chrono::hours(25));
  const auto archive = make_directory_archive(directory.path());
  archive->put("a/b", unfinished / "new");
  EXPECT_FALSE(fs::exists(unfinished / "old"));
  EXPECT_EQ(std::distance(fs::directory_iterator(unfinished), {}), 1);
  EXPECT_THAT(archive->list(""), testing::ElementsAre("a/b"));
}

TEST(DirectoryArchive, IsTheSameHoweverItsPathIsWritten) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "in") << "x";
  for (const auto& path : {directory.path() / "archive/", directory.path() / "./archive/../archive",
                           fs::relative(directory.path()) / "archive"}) {
    const auto archive = make_directory_archive(path);
    archive->put("a/" + std::to_string(archive->list("").size()), directory.path() / "in");
  }
  EXPECT_THAT(make_directory_archive(directory.path() / "archive")->list(""),
              testing::ElementsAre("a/0", "a/1", "a/2"));
}

TEST(DirectoryArchive, NamesThePathAndTheRemedyWhenItCannotWrite) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "taken") << "a file";
  const auto archive = make_directory_archive(directory.path() / "archive");
  archive->put("a", directory.path() / "taken");
  try {
    archive->put("a/b", directory.path() / "taken");
    FAIL();
  } catch (const ArchiveError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr((directory.path() / "archive/a").string()), HasSubstr("of its own")));
  }
  EXPECT_THROW(make_directory_archive(directory.path() / "taken"), ArchiveError);
}

TEST(DirectoryArchive, TellsOfAFullDisk) {
  const TemporaryDirectory directory;
  const auto archive = make_directory_archive(directory.path());
  std::ofstream(directory.path() / "in") << "more than nothing";
  archive->put("a", directory.path() / "in");
  try {
    archive->get("a", "/dev/full/x");
    FAIL();
  } catch (const ArchiveError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("/dev/full/x"), HasSubstr("(")));
  }
}

}  // namespace
}  // namespace virtscale
