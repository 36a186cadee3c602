// How often a fold goes to the heap for one record, once it has seen as many services as it will see. What a domain
// brings is allocated, since it stays: its rows, and its requests until they are answered. A decision takes nothing
// else.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <new>

#include "replay/history.hpp"
#include "replay/log_source.hpp"
#include "tests/replay/refold_around.hpp"
#include "tests/replay/town/town.hpp"
#include "topology/host/temporary_directory.hpp"

namespace {
thread_local std::uint64_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (auto* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace virtscale {
namespace {

using replay::Refold;

struct Count {
  std::uint64_t records = 0;
  std::uint64_t allocations = 0;
  double each() const { return static_cast<double>(allocations) / static_cast<double>(records); }
};
using Counts = std::map<std::string, Count>;

/// Counts what the real one allocates while it folds.
class Counted final : public test::RefoldAround {
 public:
  Counted(std::unique_ptr<Refold> real, Instant from, Counts& counts)
      : RefoldAround(std::move(real)), from_(from), counts_(counts) {}
  Step fold(const LogRecord& record, Arena& arena) override {
    const auto before = allocations;
    auto step = real().fold(record, arena);
    const auto taken = allocations - before;
    if (record.timestamp < from_) return step;
    const auto* event = schema::GetEvent(record.value.data());
    auto& count = counts_[std::string(name_of(inbox().topic)) + " " + std::string(schema::name_of(event->body_type()))];
    ++count.records;
    count.allocations += taken;
    return step;
  }

 private:
  Instant from_;
  Counts& counts_;
};

class Silent final : public replay::Onlooker {
 public:
  void after(const LogRecord&, Refold*, Step& step) override { EXPECT_EQ(step.fate, Fate::folded); }
};

class SteadyState : public testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("VIRTSCALE_INSTRUMENTED") != nullptr) GTEST_SKIP() << "an arena keeps no memory then";
  }

  // A day of two services that grow and shrink; all but its first hours counts.
  Counts counted() {
    const TemporaryDirectory folder;
    test::Town town(folder.path());
    town.build_cell(8);
    for (const auto* org : {"acme-tickets", "globex-stream"}) {
      town.sign_contract(org, 200);
      town.open_service(org);
    }
    for (int round = 0; round < 20; ++round) {
      if (round == 10) steady_from_ = town.now();
      for (const auto change : {2, -2}) {
        for (const auto* org : {"acme-tickets", "globex-stream"}) town.request(org, change);
        town.pass(seconds(600));
      }
    }
    town.sync();
    return folded(folder.path());
  }

 private:
  Counts folded(const std::filesystem::path& log) {
    Counts counts;
    const auto source = replay::open_log_source(log.string());
    replay::History history(*source.log, replay::all_topics);
    std::vector<std::unique_ptr<Refold>> refolds;
    for (auto& refold : replay::make_refolds(source.log->layout()))
      refolds.push_back(std::make_unique<Counted>(std::move(refold), steady_from_, counts));
    for (auto& refold : refolds) history.fold(*refold);
    Silent silent;
    history.run(silent);
    return counts;
  }

  Instant steady_from_;
};

TEST_F(SteadyState, OfADecisionTakesNothingFromTheHeapButRows) {
  auto counts = counted();
  EXPECT_EQ(counts["alerts ScaleRequested"].allocations, 0U);
  EXPECT_EQ(counts["signals DomainRunning"].allocations, 0U);
  EXPECT_EQ(counts["signals DomainStopped"].allocations, 0U);
  // Of two domains each time: their rows when they come, and a sentence when they go.
  EXPECT_EQ(counts["signals ScaleWanted"].each(), 1.5);
}

// As it is: who makes one of these larger shall know it.
TEST_F(SteadyState, OfAllFoldsTakesNoMoreThanItDid) {
  const std::map<std::string, double> known = {
      {"decisions BackendGone", 6},    {"decisions DomainHalted", 2},     {"decisions DomainSpawned", 3},
      {"decisions ScaleAdmitted", 20}, {"outcomes CheckpointSigned", 12}, {"outcomes DomainPlaced", 5},
      {"outcomes DomainRemoved", 12},  {"outcomes DomainServing", 7},     {"outcomes ScaleDecided", 5},
      {"placements BackendAdded", 1},  {"placements BackendDrained", 4},  {"placements DomainRetired", 6},
      {"placements DomainStarted", 8}, {"placements LivenessPassed", 6},  {"alerts ScaleRequested", 0},
      {"signals DomainRunning", 0},    {"signals DomainStopped", 0},      {"signals ScaleWanted", 1.5},
  };
  for (const auto& [record, count] : counted()) {
    ASSERT_TRUE(known.contains(record)) << record;
    EXPECT_LE(count.each(), known.at(record)) << record;
  }
}

}  // namespace
}  // namespace virtscale
