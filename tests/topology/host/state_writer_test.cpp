// The writer of state: what it lends the store for, and what it does after a disk has failed it.
#include "topology/host/state_writer.hpp"

#include <gmock/gmock.h>

#include "tests/topology/host/small_stage.hpp"
#include "tests/topology/host/stepped_executor.hpp"
#include "topology/adapters/memory/memory_log.hpp"
#include "topology/adapters/memory/memory_store.hpp"

namespace virtscale {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A disk that was full, once.
class OnceFullStore final : public Store {
 public:
  void scan(std::string_view prefix, const std::function<void(std::string_view, Bytes)>& visit) override {
    rows.scan(prefix, visit);
  }
  void commit(const std::vector<StoreChange>& changes) override {
    if (std::exchange(is_full, false)) throw StoreError("no space left: free some");
    rows.commit(changes);
  }
  void checkpoint(const std::string& directory) override { rows.checkpoint(directory); }

  MemoryStore rows;
  bool is_full = false;
};

class StateWriterTest : public testing::Test {
 protected:
  void commit(const std::string& key, std::uint64_t folded) {
    table.modify(key);
    writer->prepare({&table}, 0, folded);
  }

  ManualClock clock{{1'000'000'000}};
  MemoryLog log{LogLayout{}, clock};
  OnceFullStore store;
  test::SteppedExecutor executor{clock};
  test::SteppedExecutor disk{clock};
  std::vector<std::string> failures;
  Table<schema::MailSentT> table{"mails"};
  std::shared_ptr<StateWriter> writer =
      std::make_shared<StateWriter>(log, TopicPartition{Topic::signals, 0}, store, executor, disk,
                                    [this](const std::string& why) { failures.push_back(why); });
};

TEST_F(StateWriterTest, LendsTheStoreAfterTheCommitThatIsUnderWayAndBeforeTheNext) {
  commit("a", 1);
  std::size_t seen = 0;
  writer->use_store([&](Store&) { seen = store.rows.entries().size(); });
  disk.run();
  EXPECT_EQ(seen, 1u);
  EXPECT_FALSE(writer->idle()) << "whoever drains waits for it";
  bool told = false;
  writer->when_idle([&] { told = true; });
  EXPECT_FALSE(told);
  executor.run();
  EXPECT_TRUE(told);
  EXPECT_TRUE(writer->idle());
}

TEST_F(StateWriterTest, WritesNothingAfterACommitThatFailed) {
  store.is_full = true;
  commit("lost", 1);
  bool drained = false;
  writer->when_idle([&] { drained = true; });
  disk.run();
  executor.run();
  EXPECT_THAT(failures, ElementsAre(testing::HasSubstr("no space left")));
  EXPECT_TRUE(drained);
  commit("later", 2);
  disk.run();
  executor.run();
  EXPECT_THAT(store.rows.entries(), IsEmpty()) << "it would lack what was lost";
  EXPECT_EQ(log.committed({Topic::signals, 0}), std::nullopt);
}

}  // namespace
}  // namespace virtscale
