// What a process stands on outlives what it does there.
#include "compose/site/site.hpp"

#include <gtest/gtest.h>

#include <future>

#include "topology/adapters/logging/journal.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale {
namespace {

// A log that calls a listener just now posts to the listener's thread, whoever has stopped that meanwhile.
TEST(Site, KeepsAThreadThatNobodyUsesAnyMoreForWhoPostsToIt) {
  const TemporaryDirectory folder;
  const auto journal = make_journal(Severity::error, JournalFormat::text);
  Site site({}, folder.path() / "data", *journal, KeyCare::require);
  auto thread = site.make_thread();
  Executor& known = *thread;
  std::promise<void> ran;
  known.post([&] { ran.set_value(); });
  ran.get_future().get();
  thread.reset();
  bool ran_again = false;
  known.post([&] { ran_again = true; });
  EXPECT_FALSE(ran_again);
}

}  // namespace
}  // namespace virtscale
