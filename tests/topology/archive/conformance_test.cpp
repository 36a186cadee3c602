// What every archive promises, held against a directory and a real server of S3.
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/topology/archive/s3_server.hpp"
#include "topology/adapters/directory/archive.hpp"
#include "topology/ports/archive.hpp"

namespace virtscale {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

enum class Kind { directory, s3 };

// In CI the server must be there; elsewhere its absence is told, and its tests are skipped.
bool is_absent(Kind kind) {
  return kind == Kind::s3 && !test::s3_server().absence().empty() && std::getenv("CI") == nullptr;
}

class ArchiveConformance : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (is_absent(GetParam())) GTEST_SKIP() << "no server of S3 on this machine: " << test::s3_server().absence();
    if (GetParam() == Kind::s3) {
      ASSERT_EQ(test::s3_server().absence(), "");
      static int tests = 0;
      archive = make_s3_archive(test::s3_server().options("run/" + std::to_string(++tests)));
    } else {
      archive = make_directory_archive(directory.path() / "archive");
    }
  }

  std::filesystem::path file_of(const std::string& text) {
    const auto file = directory.path() / ("in-" + std::to_string(++files_));
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
  void put(const std::string& name, const std::string& text) { archive->put(name, file_of(text)); }
  std::optional<std::string> get(const std::string& name) {
    const auto file = directory.path() / ("out-" + std::to_string(++files_));
    if (!archive->get(name, file)) {
      EXPECT_FALSE(std::filesystem::exists(file));
      return std::nullopt;
    }
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
  }

  TemporaryDirectory directory;
  std::unique_ptr<Archive> archive;

 private:
  int files_ = 0;
};

TEST_P(ArchiveConformance, WhatWasPutIsGotByteForByte) {
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  put("policy-3/00000000000000000815/000012.sst", every_byte);
  put("empty", "");
  EXPECT_EQ(get("policy-3/00000000000000000815/000012.sst"), every_byte);
  EXPECT_EQ(get("empty"), "");
}

TEST_P(ArchiveConformance, WhatIsNotThereIsSaidToBeAbsent) {
  put("a/b", "x");
  EXPECT_EQ(get("a/c"), std::nullopt);
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_EQ(get("none/at/all"), std::nullopt);
}

TEST_P(ArchiveConformance, ListsByPrefixInOrderOfBytes) {
  EXPECT_THAT(archive->list("any"), IsEmpty());
  for (const auto* name : {"p-1/b", "p-1/a", "p-10/a", "q/x", "p-1/a.x/y", "P"}) put(name, "x");
  EXPECT_THAT(archive->list("p-1/"), ElementsAre("p-1/a", "p-1/a.x/y", "p-1/b"));
  EXPECT_THAT(archive->list("p-1"), ElementsAre("p-1/a", "p-1/a.x/y", "p-1/b", "p-10/a"));
  EXPECT_THAT(archive->list(""), SizeIs(6));
  EXPECT_THAT(archive->list("p-1/c"), IsEmpty());
}

TEST_P(ArchiveConformance, RemovesOneObjectAndIsContentIfThereIsNone) {
  put("a/b", "x");
  put("a/c", "y");
  archive->remove("a/b");
  archive->remove("a/b");
  archive->remove("never/was");
  EXPECT_THAT(archive->list(""), ElementsAre("a/c"));
  archive->remove("a/c");
  EXPECT_THAT(archive->list(""), IsEmpty());
}

TEST_P(ArchiveConformance, RefusesNamesThatLeadElsewhere) {
  for (const auto* name : {"", "/a", "a/", "a//b", "../a", "a/../b", "a/.", "a b", "a~b", "\xc3\xa4"}) {
    EXPECT_THROW(put(name, "x"), ArchiveError) << name;
    EXPECT_THROW(get(name), ArchiveError) << name;
    EXPECT_THROW(archive->remove(name), ArchiveError) << name;
  }
  EXPECT_THROW(put(std::string(archive_name_bytes_max + 1, 'a'), "x"), ArchiveError);
}

TEST_P(ArchiveConformance, NeverWritesOverAFileOfThisMachine) {
  put("a", "x");
  const auto file = file_of("mine");
  EXPECT_THROW(archive->get("a", file), ArchiveError);
  EXPECT_EQ(std::filesystem::file_size(file), 4u);
}

TEST_P(ArchiveConformance, AFileThatIsNotThereIsAnErrorThatNamesIt) {
  try {
    archive->put("a", directory.path() / "gone");
    FAIL();
  } catch (const ArchiveError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("gone"));
  }
}

TEST_P(ArchiveConformance, CarriesALargeObject) {
  std::string large(100U << 20U, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 2'654'435'761U >> 13U);
  put("large", large);
  EXPECT_TRUE(get("large") == large) << "not printed: 100 MiB";
}

TEST_P(ArchiveConformance, ManyThreadsUseItAtOnce) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const auto file = directory.path() / ("of-thread-" + std::to_string(t));
      std::ofstream(file) << t;
      for (int i = 0; i < 10; ++i) archive->put("t" + std::to_string(t) + "/" + std::to_string(i), file);
      for (int i = 0; i < 5; ++i) archive->remove("t" + std::to_string(t) + "/" + std::to_string(i));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(archive->list("t"), SizeIs(20));
  EXPECT_EQ(get("t3/9"), "3");
}

INSTANTIATE_TEST_SUITE_P(Archives, ArchiveConformance, testing::Values(Kind::directory, Kind::s3),
                         [](const auto& kind) { return kind.param == Kind::s3 ? "s3" : "directory"; });

}  // namespace
}  // namespace virtscale
