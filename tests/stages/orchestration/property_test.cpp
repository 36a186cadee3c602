// Random lives of a cell: whatever comes in whatever order, nothing is lost, counted twice or overbooked.
#include <algorithm>
#include <random>

#include "tests/stages/orchestration/world.hpp"

namespace virtscale::orchestration {
namespace {

struct Books {
  int reserved = 0;
  int committed = 0;
  int leaving = 0;
};

class RandomCell {
 public:
  explicit RandomCell(std::uint64_t seed) : random_(seed) { apply_cell(); }

  World world;
  std::map<std::string, std::pair<std::string, ScaleId>> admitted;  // domain to service and birth
  std::map<ScaleId, int> wanted_in;

  void act() {
    switch (draw(12)) {
      case 0:
      case 1:
        return scale_out();
      case 2:
        return scale_in();
      case 3:
        if (draw(6) == 0) apply_cell();
        return;
      case 4:
        return world.pass(seconds(draw(20)));
      case 5:
      case 6:
        return dataplane_speaks();
      default:
        return answer(4);
    }
  }

  /// All that is under way comes to its end.
  void settle() {
    for (int i = 0; i < 200 && busy(); ++i) {
      world.pass(seconds(31));
      while (!world.asked.empty()) answer(1'000'000);
      finish_drains();
    }
    EXPECT_FALSE(busy());
  }

 private:
  int draw(int below) { return static_cast<int>(random_() % static_cast<std::uint64_t>(below)); }
  std::string service() { return draw(2) ? "web" : "api"; }
  ScaleId next_scale() { return {++scales_ + 0xabc000000000}; }

  void apply_cell() {
    std::vector<schema::NodeSpecT> nodes;
    for (int i = 0; i < 4; ++i) {
      if (draw(4) != 0)
        nodes.push_back(node("nd-" + std::to_string(i), draw(2) ? "a" : "b", 1 + draw(2), 20'000 + draw(3) * 10'000));
    }
    world.apply_cell("prod-eu-a", nodes);
  }
  void scale_out() {
    const auto scale = next_scale();
    const auto of = service();
    for (const auto& name : world.out(of, 1 + draw(4), scale, 5'000 + 5'000 * draw(3))) admitted[name] = {of, scale};
  }
  void scale_in() {
    const auto scale = next_scale();
    wanted_in[scale] = 1 + draw(4);
    world.in(service(), wanted_in[scale], scale);
  }
  // One in `odds` fails.
  void answer(int odds) {
    if (world.asked.empty()) return;
    const auto n = static_cast<std::size_t>(draw(static_cast<int>(world.asked.size())));
    draw(odds) == 0 ? world.fail(n) : world.succeed(n);
  }
  std::vector<std::string> in_phase(schema::PlacementPhase phase) {
    std::vector<std::string> names;
    world.state.domains.each("", [&](std::string_view name, const schema::PlacedDomainT& row) {
      if (row.phase == phase) names.emplace_back(name);
      return true;
    });
    return names;
  }
  void dataplane_speaks() {
    auto names = in_phase(draw(4) == 0 ? schema::PlacementPhase::running : schema::PlacementPhase::draining);
    if (names.empty()) return;
    const auto& name = names[static_cast<std::size_t>(draw(static_cast<int>(names.size())))];
    draw(2) ? world.backend_failed(name, "dead") : world.backend_gone(name);
  }
  void finish_drains() {
    for (const auto& name : in_phase(schema::PlacementPhase::draining)) world.backend_gone(name);
  }
  bool busy() {
    return in_phase(schema::PlacementPhase::running).size() != world.state.domains.size() || !world.asked.empty();
  }

  std::mt19937_64 random_;
  std::uint64_t scales_ = 0;
};

void expect_one_end_for_each(const RandomCell& cell) {
  std::map<std::string, int> births;
  std::map<ScaleId, int> stops, removals;
  std::map<std::string, Books> books;
  for (const auto& [name, birth] : cell.admitted) ++books[birth.first].reserved;
  for (const auto& one : cell.world.told) {
    if (const auto* it = one.as<schema::DomainRunning>()) {
      ++births[it->domain()->str()];
      --books[it->service()->str()].reserved;
      ++books[it->service()->str()].committed;
    }
    if (const auto* it = one.as<schema::DomainNotStarted>()) {
      ++births[it->domain()->str()];
      --books[it->service()->str()].reserved;
    }
    if (const auto* it = one.as<schema::DomainStopped>()) {
      ++stops[one.scale];
      if (it->domain()->size() != 0) --books[it->service()->str()].committed;
    }
    if (one.as<schema::DomainRemoved>()) ++removals[one.scale];
  }
  for (const auto& [name, birth] : cell.admitted) EXPECT_EQ(births[name], 1) << name;
  for (const auto& [scale, count] : cell.wanted_in) {
    EXPECT_EQ(stops[scale], count) << to_string(scale);
    EXPECT_EQ(removals[scale], count) << to_string(scale);
  }
  std::map<std::string, int> rows;
  cell.world.state.domains.each(
      "", [&](std::string_view, const schema::PlacedDomainT& row) { return ++rows[row.service], true; });
  for (const auto& [service, of] : books) {
    EXPECT_EQ(of.reserved, 0) << service;
    EXPECT_EQ(of.committed, rows[service]) << service;
  }
}

// A birth's line is written when each of its domains serves, has failed or was removed: one that ran is served (or
// fails) at the dataplane, the others must have ended here.
void expect_births_end(const RandomCell& cell) {
  std::map<std::string, int> ran, ended;
  for (const auto& one : cell.world.told) {
    if (const auto* it = one.as<schema::DomainRunning>()) ++ran[it->domain()->str()];
    if (const auto* it = one.as<schema::DomainFailed>()) ++ended[it->domain()->str()];
    const auto* removed = one.as<schema::DomainRemoved>();
    if (removed == nullptr) continue;
    const auto birth = cell.admitted.find(removed->domain()->str());
    if (birth != cell.admitted.end() && birth->second.second == one.scale) ++ended[birth->first];
  }
  for (const auto& [name, birth] : cell.admitted) {
    EXPECT_LE(ended[name], 1) << name;
    EXPECT_GE(ran[name] + ended[name], 1) << name;
  }
}

TEST(OrchestrationLife, LosesNothingAndOverbooksNothing) {
  std::size_t retired = 0, failed = 0, taken_back = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomCell cell(seed);
    for (int i = 0; i < 150; ++i) cell.act();
    cell.settle();
    expect_one_end_for_each(cell);
    expect_births_end(cell);
    if (testing::Test::HasFailure()) return;
    retired += cell.world.all<schema::DomainRetired>().size();
    failed += cell.world.all<schema::DomainFailed>().size();
    for (const auto* it : cell.world.all<schema::DomainNotStarted>())
      taken_back += it->reason()->str().starts_with("taken back") ? 1 : 0;
  }
  EXPECT_GT(retired, 500U);
  EXPECT_GT(failed, 500U);
  EXPECT_GT(taken_back, 100U);
}

TEST(OrchestrationLife, IsTheSameToTheByteWhenItIsLivedAgain) {
  RandomCell one(42), two(42), other(43);
  for (int i = 0; i < 400; ++i) one.act(), two.act(), other.act();
  EXPECT_EQ(one.world.recording, two.world.recording);
  EXPECT_EQ(one.world.rows(), two.world.rows());
  EXPECT_NE(one.world.recording, other.world.recording);
}

TEST(OrchestrationLife, GoesOnFromItsStoredRowsAsIfItHadNeverStopped) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RandomCell lived(seed), resumed(seed);
    for (int i = 0; i < 150; ++i) lived.act(), resumed.act();
    World fresh;
    fresh.load_rows_of(resumed.world);
    const auto past = lived.world.recording.size();
    const auto go_on = [](World& world) {
      world.out("web", 5, {1}, 3'000);
      world.in("web", 3, {2});
      world.succeed_all();
      world.pass(seconds(40));
      world.apply_cell("prod-eu-a", {node("nd-1", "a")});
      world.out("api", 2, {3});
    };
    go_on(lived.world);
    go_on(fresh);
    ASSERT_EQ(lived.world.recording.substr(past), fresh.recording) << "seed " << seed;
    ASSERT_EQ(lived.world.rows(), fresh.rows()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace virtscale::orchestration
