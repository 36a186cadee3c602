// How often a fold goes to the heap for one record, once it has seen as many services as it will see. What a record
// brings that stays is allocated: rows, and requests until they are answered. Nothing else is.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <map>
#include <new>

#include "replay/history.hpp"
#include "replay/log_source.hpp"
#include "tests/replay/refold_around.hpp"
#include "tests/replay/town/town.hpp"
#include "topology/host/temporary_directory.hpp"

namespace {

// Of this thread, since it began.
thread_local struct {
  std::uint64_t step = 1;  ///< counts the folds
  std::uint64_t taken = 0;
  std::uint64_t given_back = 0;  ///< in the step that had taken them
} heap;

// Before each piece of memory: the step that took it.
struct alignas(std::max_align_t) Mark {
  std::uint64_t step;
};

}  // namespace

void* operator new(std::size_t size) {
  auto* const mark = static_cast<Mark*>(std::malloc(sizeof(Mark) + size));
  if (mark == nullptr) throw std::bad_alloc();
  mark->step = heap.step;
  ++heap.taken;
  return mark + 1;
}
void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  auto* const mark = static_cast<Mark*>(memory) - 1;
  if (mark->step == heap.step) ++heap.given_back;
  std::free(mark);
}
void operator delete(void* memory, std::size_t) noexcept {
  operator delete(memory);
}

namespace virtscale {
namespace {

using replay::Refold;

struct Count {
  std::uint64_t records = 0;
  std::uint64_t taken = 0;
  std::uint64_t given_back = 0;
  double taken_each() const { return static_cast<double>(taken) / static_cast<double>(records); }
  double given_back_each() const { return static_cast<double>(given_back) / static_cast<double>(records); }
};
using Counts = std::map<std::string, Count>;

/// Counts what the real one allocates while it folds.
class Counted final : public test::RefoldAround {
 public:
  Counted(std::unique_ptr<Refold> real, Instant from, Counts& counts)
      : RefoldAround(std::move(real)), from_(from), counts_(counts) {}
  Step fold(const LogRecord& record, Arena& arena) override {
    ++heap.step;
    const auto before = heap;
    auto step = real().fold(record, arena);
    const auto after = heap;
    ++heap.step;
    if (record.timestamp < from_) return step;
    const auto* event = schema::GetEvent(record.value.data());
    auto& count = counts_[std::string(name_of(inbox().topic)) + " " + std::string(schema::name_of(event->body_type()))];
    ++count.records;
    count.taken += after.taken - before.taken;
    count.given_back += after.given_back - before.given_back;
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

TEST_F(SteadyState, TakesNothingFromTheHeapButWhatStays) {
  const std::map<std::string, double> known = {
      {"outcomes CheckpointSigned", 11},  // reading the note, and writing what was asked: one covers many lines
      {"decisions ScaleAdmitted", 1},     // the candidates of a placement
  };
  for (const auto& [record, count] : counted()) {
    const auto may = known.find(record);
    EXPECT_LE(count.given_back_each(), may == known.end() ? 0 : may->second) << record;
  }
}

// As it is: who makes one of these larger shall know it. Of two domains each time.
TEST_F(SteadyState, TakesNoMoreThatStaysThanItDid) {
  const std::map<std::string, double> known = {
      {"decisions BackendGone", 2},    {"decisions DomainHalted", 0},     {"decisions DomainSpawned", 0},
      {"decisions ScaleAdmitted", 8},  {"outcomes CheckpointSigned", 11}, {"outcomes DomainPlaced", 5},
      {"outcomes DomainRemoved", 6},   {"outcomes DomainServing", 2},     {"outcomes ScaleDecided", 5},
      {"placements BackendAdded", 0},  {"placements BackendDrained", 3},  {"placements DomainRetired", 2},
      {"placements DomainStarted", 4}, {"placements LivenessPassed", 2},  {"alerts ScaleRequested", 0},
      {"signals DomainRunning", 0},    {"signals DomainStopped", 0},      {"signals ScaleWanted", 1},
  };
  const auto counts = counted();
  EXPECT_EQ(counts.size(), known.size());
  for (const auto& [record, count] : counts) {
    ASSERT_TRUE(known.contains(record)) << record;
    EXPECT_LE(count.taken_each(), known.at(record)) << record;
  }
}

}  // namespace
}  // namespace virtscale
