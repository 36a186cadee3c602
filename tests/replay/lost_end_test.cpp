// An index of a log that has lost its newest records in a crash since.
#include <gtest/gtest.h>

#include "replay/index/build.hpp"
#include "replay/index/state_index.hpp"
#include "tests/replay/corpus.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale::replay {
namespace {

void nothing(std::uint64_t, std::uint64_t) {}

void lose_what_came_after(test::EditableLog& log, Instant last) {
  for (std::size_t topic = 0; topic < topics_count; ++topic) {
    for (std::uint32_t p = 0; p < log.layout().partitions[topic]; ++p)
      std::erase_if(log.records({static_cast<Topic>(topic), p}),
                    [&](const test::Stored& record) { return record.timestamp > last; });
  }
}

TEST(IndexOfALogThatLostItsEnd, IsRefusedAndThenGoesOnFromTheLastStateThatFits) {
  const TemporaryDirectory folder;
  test::Corpus corpus({.orgs = 3, .requests = 400});
  auto source = corpus.source();
  source.index = folder.path();
  const auto whole = build_index(source, folder.path(), 100, nothing);
  ASSERT_GT(whole.states, 10U);
  const auto refolds = make_refolds(source.log->layout());
  for (const auto& refold : refolds) EXPECT_NO_THROW(StateIndex(source).load(*refold, UINT64_MAX));

  auto& log = corpus.log();
  lose_what_came_after(log, log.in_order()[log.size() * 4 / 5]->timestamp);
  std::size_t refused = 0;
  for (const auto& refold : make_refolds(log.layout())) {
    try {
      StateIndex(source).load(*refold, UINT64_MAX);
    } catch (const IndexError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 0U);

  const auto left = build_index(source, folder.path(), 100, nothing);
  EXPECT_GT(left.states, 0U);
  EXPECT_LT(left.states, whole.states);
  StateIndex none(log);
  StateIndex index(source);
  for (const auto& refold : make_refolds(log.layout())) {
    const auto end = log.end(refold->inbox());
    const auto slow = make_refold(refold->stage(), refold->inbox().partition, log.layout());
    fold_to(log, none, *slow, end);
    fold_to(log, index, *refold, end);
    EXPECT_EQ(refold->books().progress().digest, slow->books().progress().digest);
    EXPECT_EQ(refold->violated_invariant(), "");
  }
}

// The last record of each state is as it was, and what was read before it is another history.
TEST(IndexOfALogWithAnotherPast, IsRefused) {
  const TemporaryDirectory folder;
  test::Corpus corpus({.orgs = 3, .requests = 400});
  auto source = corpus.source();
  source.index = folder.path();
  build_index(source, folder.path(), 100, nothing);
  std::size_t changed = 0;
  for (const auto* record : corpus.log().in_order()) {
    auto& value = const_cast<test::Stored*>(record)->value;
    auto& header = schema::mutable_header(value);
    if (header.lane() == 0) continue;
    header.mutate_hash(header.hash() ^ 1);
    ++changed;
  }
  EXPECT_GT(changed, 1'000U);
  std::size_t refused = 0;
  std::size_t with_states = 0;
  for (const auto& refold : make_refolds(source.log->layout())) {
    try {
      with_states += Sections(folder.path(), refold->stage(), refold->inbox().partition).heads().empty() ? 0 : 1;
      StateIndex(source).load(*refold, UINT64_MAX);
    } catch (const IndexError&) {
      ++refused;
    }
  }
  EXPECT_GT(with_states, 3U);
  EXPECT_EQ(refused, with_states);
}

}  // namespace
}  // namespace virtscale::replay
