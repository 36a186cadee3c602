// A capsule of a decision: it stands by itself, elsewhere, and tells when it does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>

#include "replay/capsule/make.hpp"
#include "replay/capsule/redaction.hpp"
#include "replay/capsule_file.hpp"
#include "replay/command.hpp"
#include "replay/verify/verify.hpp"
#include "schemas/codec.hpp"
#include "tests/replay/town/town.hpp"
#include "topology/adapters/sodium/sodium.hpp"

namespace virtscale::replay {
namespace {

namespace fs = std::filesystem;

constexpr Instant morning{1'776'729'600'000'000};  // when the town's day begins
const std::vector<std::string> orgs = {"acme", "bolt", "crux"};

// Three orgs that grow at the same time, the last beyond what it may.
void record_a_day(const fs::path& directory, LogLayout layout = {}) {
  test::Town town(directory, layout);
  town.build_cell(20);
  for (const auto& org : orgs) {
    town.sign_contract(org, org == "crux" ? 20 : 100);
    town.open_service(org);
  }
  town.pass(seconds(120));
  for (int round = 0; round < 6; ++round) {
    for (const auto& org : orgs) {
      town.alert(org, "hot", 80 + round);
      town.pass(seconds(3));
    }
    town.pass(seconds(90));
    for (const auto& org : orgs) town.resolve(org, "hot");
    town.pass(seconds(90));
  }
  for (const auto& org : orgs) town.alert(org, "cold", 10);
  town.pass(seconds(400));
  town.sync();
}

struct Decision {
  ScaleId scale;
  std::string org;
  bool admitted = false;
};

std::vector<Decision> decisions_in(Log& log) {
  std::vector<Decision> decisions;
  for (std::uint32_t p = 0; p < log.layout().partitions[static_cast<std::size_t>(Topic::outcomes)]; ++p) {
    log.read({Topic::outcomes, p}, 0, SIZE_MAX, [&](const LogRecord& record) {
      const auto* event = schema::verify_event(record.value);
      const auto* decided = event->body_as_ScaleDecided();
      if (decided != nullptr)
        decisions.push_back(
            {{event->header()->scale()}, event->org()->str(), decided->decision() == schema::Decision::admitted});
      return true;
    });
  }
  return decisions;
}

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Capsule : public testing::Test {
 protected:
  void SetUp() override { record_a_day(day()); }

  fs::path day() const { return folder_.path() / "day"; }
  fs::path file() const { return folder_.path() / "decision.capsule"; }

  CapsuleReport make(CapsuleOrder order) {
    order.out = file();
    auto source = open_log_source(day().string());
    return make_capsule(source, order, {});
  }
  VerifyReport verified(const std::string& where) {
    auto source = open_log_source(where);
    VerifyOptions options;
    options.keys = public_keys(source.keys);
    return verify(source, make_refolds(source.log->layout()), options);
  }
  std::vector<Decision> decisions() { return decisions_in(*open_log_source(day().string()).log); }

  TemporaryDirectory folder_;
};

TEST_F(Capsule, OfOneDecisionVerifiesElsewhere) {
  ASSERT_FALSE(verified(day().string()).divergence);
  const auto all = decisions();
  ASSERT_GE(all.size(), 15U);
  for (const auto& decision : all) {
    SCOPED_TRACE(to_string(decision.scale));
    const auto report = make({.scale = decision.scale});
    const TemporaryDirectory elsewhere;
    const auto moved = elsewhere.path() / "moved";
    fs::rename(file(), moved);
    fs::rename(day(), folder_.path() / "away");
    const auto found = verified(moved.string());
    EXPECT_FALSE(found.divergence) << to_text(*found.divergence);
    EXPECT_EQ(found.records, report.records);
    EXPECT_GE(found.events, decision.admitted ? 8U : 2U);
    EXPECT_GE(found.lines, 1U);
    EXPECT_GE(found.signatures, 1U);
    fs::rename(folder_.path() / "away", day());
  }
}

TEST_F(Capsule, LeavesOutWhatTheDecisionDoesNotDependOn) {
  const auto last = decisions().back();
  const auto report = make({.scale = last.scale});
  EXPECT_EQ(report.scope, Scope::thread) << testing::PrintToString(report.widened);
  EXPECT_LT(report.records, 40U);
  const auto bytes = bytes_of(file());
  for (const auto& org : orgs) {
    const bool has = bytes.find("owner@" + org) != std::string::npos;
    EXPECT_EQ(has, org == last.org) << org;
  }
}

TEST_F(Capsule, OfAnOrgAndARangeVerifies) {
  const auto report = make({.org = "crux", .from = morning + seconds(600), .to = morning + seconds(1'200)});
  EXPECT_EQ(report.scope, Scope::org) << testing::PrintToString(report.widened);
  const auto found = verified(file().string());
  EXPECT_FALSE(found.divergence) << to_text(*found.divergence);
  EXPECT_GE(found.lines, 2U);
}

TEST_F(Capsule, TakesMoreWhenOtherOrgsHaveTakenRoomMeanwhile) {
  const auto report = make({.org = "bolt", .from = morning + seconds(300), .to = morning + seconds(800)});
  EXPECT_EQ(report.scope, Scope::window);
  EXPECT_THAT(report.widened, testing::ElementsAre(testing::HasSubstr("DomainPlaced")));
  const auto found = verified(file().string());
  EXPECT_FALSE(found.divergence) << to_text(*found.divergence);
  EXPECT_GE(found.lines, 2U);
}

TEST_F(Capsule, OfARangeOfAllVerifies) {
  make({.from = morning + seconds(300), .to = morning + seconds(731)});
  const auto found = verified(file().string());
  EXPECT_FALSE(found.divergence) << to_text(*found.divergence);
  EXPECT_GE(found.lines, 4U);
}

TEST_F(Capsule, OfACapsuleVerifies) {
  const auto last = decisions().back();
  make({.org = last.org});
  auto source = open_log_source(file().string());
  const auto inner = folder_.path() / "inner.capsule";
  make_capsule(source, {.scale = last.scale, .out = inner}, {});
  const auto found = verified(inner.string());
  EXPECT_FALSE(found.divergence) << to_text(*found.divergence);
  EXPECT_GE(found.events, 2U);
}

TEST_F(Capsule, MadeTwiceIsTheSameToTheByte) {
  const auto last = decisions().back();
  make({.scale = last.scale});
  const auto first = bytes_of(file());
  fs::remove(file());
  make({.scale = last.scale});
  EXPECT_EQ(first, bytes_of(file()));
}

TEST_F(Capsule, ThatIsDamagedIsRefusedWithThePlace) {
  make({.scale = decisions().back().scale});
  const auto good = bytes_of(file());
  // In turn: a header, the segment, the manifest, the end.
  for (const auto at :
       {good.size() / 2, good.find("SEGMENT1") + 600, good.find("records: "), good.find("ustar", 5'000)}) {
    auto bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    std::ofstream(file(), std::ios::binary | std::ios::trunc) << bad;
    try {
      open_log_source(file().string());
      ADD_FAILURE() << "byte " << at << " was changed, and nobody saw it";
    } catch (const CapsuleError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("decision.capsule")) << at;
      EXPECT_THAT(error.what(), testing::AnyOf(testing::HasSubstr("log/"), testing::HasSubstr("MANIFEST"),
                                               testing::HasSubstr("snapshot/"), testing::HasSubstr("byte ")));
    }
  }
  std::ofstream(file(), std::ios::binary | std::ios::trunc) << good.substr(0, good.size() / 3);
  EXPECT_THROW(open_log_source(file().string()), CapsuleError);
}

TEST_F(Capsule, ThatIsRedactedHasNoAddressAndNoMailInAnyByte) {
  const auto all = decisions();
  const std::regex address("(^|[^0-9.])(10\\.[0-9]+\\.[0-9]+\\.[0-9]+)");
  for (const auto& order :
       {CapsuleOrder{.scale = all.back().scale}, CapsuleOrder{.org = "acme"}, CapsuleOrder{.org = "crux"}}) {
    auto redacted = order;
    make(order);
    EXPECT_TRUE(std::regex_search(bytes_of(file()), address)) << "or the test sees nothing";
    fs::remove(file());
    redacted.privacy = Privacy::redacted;
    const auto report = make(redacted);
    EXPECT_GE(report.replaced, 3U);
    const auto bytes = bytes_of(file());
    EXPECT_FALSE(std::regex_search(bytes, address));
    EXPECT_EQ(bytes.find(".example"), std::string::npos);
    const auto found = verified(file().string());
    EXPECT_FALSE(found.divergence) << to_text(*found.divergence);
    EXPECT_GE(found.signatures, 1U);
    fs::remove(file());
  }
}

TEST_F(Capsule, OfAnUnknownEventIsNotFound) {
  EXPECT_THROW(make({.scale = {1}}), NotFound);
}

TEST(CapsuleOfManyPartitions, Verifies) {
  const TemporaryDirectory folder;
  LogLayout layout;
  layout.partitions = {3, 2, 2, 3, 2, 2, 1};
  record_a_day(folder.path() / "day", layout);
  auto source = open_log_source((folder.path() / "day").string());
  const auto decision = decisions_in(*source.log).back();
  make_capsule(source, {.scale = decision.scale, .out = folder.path() / "file"}, {});
  auto capsule = open_log_source((folder.path() / "file").string());
  const auto found = verify(capsule, make_refolds(layout), {});
  EXPECT_FALSE(found.divergence) << to_text(*found.divergence);
  EXPECT_GE(found.events, 2U);
}

TEST(CapsuleFile, IsRefusedWhenItIsNone) {
  const TemporaryDirectory folder;
  const auto file = folder.path() / "file";
  std::ofstream(file) << std::string(2'000, 'x');
  EXPECT_THROW(unpack_capsule(file), CapsuleError);
}

TEST(RedactedText, GivesTheSameTextTheSamePseudonymOfTheSameLength) {
  Redaction redaction;
  std::string text = "from 10.1.2.3:80 and fe80::1 to a.b@c.example, 10.1.2.3. At 02:14:00 of v1.2";
  const auto before = text;
  redaction.redact(std::as_writable_bytes(std::span(text)));
  ASSERT_EQ(text.size(), before.size());
  EXPECT_EQ(text.substr(5, 8), text.substr(47, 8));
  EXPECT_THAT(text, testing::EndsWith(". At 02:14:00 of v1.2"));
  EXPECT_EQ(text.find("fe80"), text.npos);
  EXPECT_EQ(text.find('@'), text.npos);
  EXPECT_EQ(redaction.replaced(), 3U);
}

}  // namespace
}  // namespace virtscale::replay
