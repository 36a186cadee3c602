// A capsule of a range that begins amid what restarts have left: copies of events from before it are no events of it.
#include <gtest/gtest.h>

#include "replay/capsule/make.hpp"
#include "replay/verify/verify.hpp"
#include "tests/replay/corpus.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale::replay {
namespace {

std::size_t records_of(Topic topic, const std::string& where) {
  const auto source = open_log_source(where);
  std::size_t records = 0;
  for (std::uint32_t p = 0; p < source.log->layout().partitions[static_cast<std::size_t>(topic)]; ++p)
    records += source.log->read({topic, p}, 0, SIZE_MAX, [](const LogRecord&) { return true; });
  return records;
}

TEST(CapsuleOfARange, LeavesOutCopiesOfWhatWasBefore) {
  const TemporaryDirectory folder;
  test::Corpus corpus({.orgs = 3, .requests = 60});
  const auto in_order = corpus.log().in_order();
  const CapsuleOrder order{.from = in_order[in_order.size() * 2 / 3]->timestamp, .out = folder.path() / "plain"};
  make_capsule(corpus.source(), order, {});
  const auto layout = corpus.log().layout();
  for (std::uint32_t p = 0; p < layout.partitions[static_cast<std::size_t>(Topic::outcomes)]; ++p)
    corpus.restart(Source::audit, p, 0);
  for (std::uint32_t p = 0; p < layout.partitions[static_cast<std::size_t>(Topic::signals)]; ++p)
    corpus.restart(Source::policy, p, 0);

  auto with_copies = order;
  with_copies.out = folder.path() / "with-copies";
  make_capsule(corpus.source(), with_copies, {});
  EXPECT_GT(records_of(Topic::ledger, order.out), 5U);
  EXPECT_EQ(records_of(Topic::ledger, with_copies.out), records_of(Topic::ledger, order.out));
  EXPECT_EQ(records_of(Topic::outcomes, with_copies.out), records_of(Topic::outcomes, order.out));
  auto capsule = open_log_source(with_copies.out);
  const auto report = verify(capsule, make_refolds(capsule.log->layout()), {});
  EXPECT_FALSE(report.divergence) << to_text(*report.divergence);
  EXPECT_GT(report.lines, 2U);
}

}  // namespace
}  // namespace virtscale::replay
