// Who owns which partition, when members come and go.
#include <mutex>
#include <set>

#include "tests/topology/kafka/fixture.hpp"
#include "topology/adapters/kafka/owners.hpp"
#include "topology/graph.hpp"

namespace virtscale {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// One process of a stage, as far as the membership sees it.
class Process {
 public:
  explicit Process(OpenedKafkaLog opened) : opened_(std::move(opened)) {}
  void join() {
    opened_.membership->join(Topic::alerts, {.assigned =
                                                 [this](const std::vector<std::uint32_t>& partitions) {
                                                   const std::lock_guard lock(mutex_);
                                                   owned_.insert(partitions.begin(), partitions.end());
                                                 },
                                             .revoked =
                                                 [this](const std::vector<std::uint32_t>& partitions) {
                                                   for (const std::uint32_t p : partitions)
                                                     log().commit({Topic::alerts, p}, 40 + p);
                                                   const std::lock_guard lock(mutex_);
                                                   for (const std::uint32_t p : partitions) owned_.erase(p);
                                                 }});
  }
  std::set<std::uint32_t> owned() const {
    const std::lock_guard lock(mutex_);
    return owned_;
  }
  Log& log() { return *opened_.log; }
  Membership& membership() { return *opened_.membership; }

 private:
  mutable std::mutex mutex_;
  std::set<std::uint32_t> owned_;
  OpenedKafkaLog opened_;
};

using KafkaMembership = KafkaTest;

TEST_F(KafkaMembership, SharesThePartitionsAndGivesThoseOfWhoLeavesToTheOthers) {
  Process first(open_as("first"));
  Process second(open_as("second"));
  first.join();
  ASSERT_TRUE(soon([&] { return first.owned().size() == 4; }));
  second.join();
  ASSERT_TRUE(soon([&] { return first.owned().size() == 2 && second.owned().size() == 2; }));
  append(first.log(), {Topic::alerts, 3}, {"a", "b"});
  first.log().sync();
  const auto owners = second.membership().owners();
  ASSERT_THAT(owners, SizeIs(8));
  for (const Owner& owner : owners) {
    if (owner.inbox.topic != Topic::alerts) {
      EXPECT_EQ(owner.member, "");
      continue;
    }
    const std::string name = first.owned().contains(owner.inbox.partition) ? "first" : "second";
    EXPECT_EQ(owner.member, name);
    EXPECT_EQ(owner.url, "http://" + name + ".example:7072");
    EXPECT_EQ(owner.end_offset, owner.inbox.partition == 3 ? 2U : 0U);
    // Each partition had the first as its owner, who committed it when it was revoked.
    EXPECT_EQ(owner.committed_offset, 40 + static_cast<int>(owner.inbox.partition));
  }
  first.membership().leave();
  EXPECT_THAT(first.owned(), IsEmpty());
  ASSERT_TRUE(soon([&] { return second.owned().size() == 4; }));
  EXPECT_EQ(second.membership().owners().front().member, "second");
}

TEST_F(KafkaMembership, CommitsNeverGoBackAndWhoHasLeftMovesNone) {
  Process first(open_as("first"));
  first.join();
  ASSERT_TRUE(soon([&] { return first.owned().size() == 4; }));
  first.log().commit({Topic::alerts, 1}, 50);
  first.membership().leave();
  EXPECT_EQ(first.log().committed({Topic::alerts, 1}), 50U);
  first.log().commit({Topic::alerts, 1}, 90);
  Process second(open_as("second"));
  EXPECT_EQ(second.log().committed({Topic::alerts, 1}), 50U);
  second.join();
  ASSERT_TRUE(soon([&] { return second.owned().size() == 4; }));
  second.log().commit({Topic::alerts, 1}, 3);
  second.membership().leave();
  EXPECT_EQ(open().log->committed({Topic::alerts, 1}), 50U);
}

TEST_F(KafkaMembership, KnowsTheInboxesOfTheGraph) {
  ASSERT_EQ(kafka::inboxes.size(), graph::stages.size());
  for (std::size_t n = 0; n < kafka::inboxes.size(); ++n) EXPECT_EQ(kafka::inboxes[n], graph::stages[n].inbox);
}

}  // namespace
}  // namespace virtscale
