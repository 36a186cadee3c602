// The manifest: one way of writing, and a reader that takes no other.
#include "topology/host/snapshot/manifest.hpp"

#include <gmock/gmock.h>

namespace virtscale {
namespace {

SnapshotManifest example() {
  SnapshotManifest manifest{.owner = {"3f2a-7c", LogLayout{.partitions = {4, 4, 2, 4, 4, 1, 1}}, "policy", 3},
                            .at = {1, 815, 0xfeed'0000'0000'0001, {1'776'737'640'122'000}},
                            .files = {}};
  manifest.files.push_back({"000012.sst", 4'711, sha256({})});
  manifest.files.push_back({"CURRENT", 16, sha256({})});
  return manifest;
}

TEST(SnapshotManifest, IsReadAsItWasWritten) {
  const auto written = example();
  const auto read = read_manifest(print_manifest(written));
  EXPECT_EQ(read.owner.log, "3f2a-7c");
  EXPECT_EQ(read.owner.layout, written.owner.layout);
  EXPECT_EQ(read.owner.stage, "policy");
  EXPECT_EQ(read.owner.partition, 3u);
  EXPECT_EQ(read.at, written.at);
  ASSERT_EQ(read.files.size(), 2u);
  EXPECT_EQ(read.files[0].name, "000012.sst");
  EXPECT_EQ(read.files[0].bytes, 4'711u);
  EXPECT_EQ(read.files[0].digest, sha256({}));
  EXPECT_EQ(print_manifest(read), print_manifest(written));
}

TEST(SnapshotManifest, IsJsonWithItsBytesAsTheyAre) {
  auto manifest = example();
  manifest.files.pop_back();
  EXPECT_EQ(print_manifest(manifest),
            "{\"snapshot\":1,\n\"log\":\"3f2a-7c\",\n"
            "\"layout\":{\"format\":1,\"key_hash\":\"murmur2\",\"partitions\":[4,4,2,4,4,1,1]},\n"
            "\"stage\":\"policy\",\n\"partition\":3,\n\"epoch\":1,\n\"folded\":815,\n\"digest\":\"feed000000000001\",\n"
            "\"stream_time_us\":1776737640122000,\n\"files\":[\n{\"name\":\"000012.sst\",\"bytes\":4711,\"sha256\":"
            "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}]}\n");
}

TEST(SnapshotManifest, CutOffAnywhereItIsRefusedWithThePlace) {
  const auto whole = print_manifest(example());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROW(read_manifest(whole.substr(0, length)), SnapshotError) << length;
  }
  EXPECT_THROW(read_manifest(whole + " "), SnapshotError);
}

TEST(SnapshotManifest, AnyOtherByteIsRefusedOrSaysSomethingElse) {
  const auto whole = print_manifest(example());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    try {
      EXPECT_EQ(print_manifest(read_manifest(changed)), changed) << at;
    } catch (const SnapshotError&) {
    }
  }
}

TEST(SnapshotManifest, RefusesNamesThatLeadElsewhereAndNumbersOutOfRange) {
  const auto whole = print_manifest(example());
  const auto with = [&](const std::string& from, const std::string& to) {
    auto changed = whole;
    return changed.replace(changed.find(from), from.size(), to);
  };
  for (const auto& bad : {with("CURRENT", "../CURRENT"), with("CURRENT", ".."), with("CURRENT", ""),
                          with("CURRENT", std::string(snapshot_file_name_bytes_max + 1, 'a')),
                          with("\"folded\":815", "\"folded\":-1"), with("\"folded\":815", "\"folded\":0815"),
                          with("\"folded\":815", "\"folded\":99999999999999999999"), with("feed", "FEED")}) {
    EXPECT_THROW(read_manifest(bad), SnapshotError) << bad;
  }
}

}  // namespace
}  // namespace virtscale
