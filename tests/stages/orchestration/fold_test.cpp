#include <gmock/gmock.h>

#include "tests/stages/orchestration/world.hpp"

namespace virtscale::orchestration {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr ScaleId first{0x7f3a91c04be2};
constexpr ScaleId second{0x7f3a91c04be3};

class OrchestrationFold : public testing::Test {
 protected:
  void SetUp() override { world.apply_cell("prod-eu-a", {node("nd-1", "zone-a"), node("nd-2", "zone-b")}); }

  std::int64_t used(const std::string& name) const {
    std::int64_t sum = 0;
    for (const auto& room : world.state.nodes.find("prod-eu-a/" + name)->numa) sum += room.used_vcpu_milli();
    return sum;
  }
  const Told& last_on(Topic topic) const {
    for (auto one = world.told.rbegin(); one != world.told.rend(); ++one) {
      if (one->topic == topic) return *one;
    }
    ADD_FAILURE() << "nothing was told on " << name_of(topic);
    return world.told.front();
  }

  World world;
};

TEST_F(OrchestrationFold, AnswersACellsDocument) {
  const auto& created = world.told.back();
  EXPECT_EQ(created.topic, Topic::outcomes);
  EXPECT_EQ(created.key, "prod-eu-a");
  EXPECT_EQ(created.org, "");
  EXPECT_TRUE(created.answers);
  const auto* folded = created.as<schema::DocumentFolded>();
  ASSERT_NE(folded, nullptr);
  EXPECT_EQ(folded->code()->str(), "created");
  EXPECT_EQ(folded->detail()->str(), "2 nodes, 4 NUMA nodes");

  world.apply_cell("prod-eu-a", {node("nd-2", "zone-b"), node("nd-1", "zone-a")});
  EXPECT_EQ(world.told.back().as<schema::DocumentFolded>()->code()->str(), "unchanged");
  world.apply_cell("prod-eu-a", {node("nd-1", "zone-a")});
  EXPECT_EQ(world.told.back().as<schema::DocumentFolded>()->code()->str(), "changed");
  world.apply_cell("empty", {});
  EXPECT_EQ(world.told.back().as<schema::DocumentFolded>()->code()->str(), "created");
}

TEST_F(OrchestrationFold, RefusesACellThatCannotBe) {
  const auto before = world.rows();
  const std::pair<std::vector<schema::NodeSpecT>, const char*> cases[] = {
      {{node("a", "z"), node("a", "z")}, "listed twice"},
      {{node("", "z")}, "no name"},
      {{node("a", "z", 1, 0)}, "between 1 and"},
      {{node("a", "z", 1, -1)}, "between 1 and"},
      {{node("a", "z", 1, 1, numa_amount_max + 1)}, "between 1 and"},
  };
  for (const auto& [nodes, why] : cases) {
    world.apply_cell("prod-eu-a", nodes);
    const auto* folded = world.told.back().as<schema::DocumentFolded>();
    EXPECT_FALSE(folded->accepted());
    EXPECT_EQ(folded->code()->str(), "invalid_nodes");
    EXPECT_THAT(folded->detail()->str(), HasSubstr(why));
  }
  world.apply_cell("a/b", {});
  EXPECT_FALSE(world.told.back().as<schema::DocumentFolded>()->accepted());
  EXPECT_EQ(world.rows(), before);
}

TEST_F(OrchestrationFold, PlacesStartsAndTellsEveryoneWhoMustKnow) {
  const auto names = world.out("web", 1, first);
  const auto& placed = world.told.back();
  EXPECT_EQ(placed.topic, Topic::outcomes);
  EXPECT_EQ(placed.key, "acme");
  EXPECT_EQ(placed.scale, first);
  const auto* choice = placed.as<schema::DomainPlaced>();
  EXPECT_EQ(choice->node()->str(), "nd-1");
  EXPECT_EQ(choice->placed_at_us(), noon.us);
  EXPECT_EQ(choice->candidates_total(), 4U);
  ASSERT_EQ(choice->candidates()->size(), 4U);
  // What was free before the domain came.
  EXPECT_EQ(choice->candidates()->Get(0)->free_vcpu_milli(), 32'000);
  EXPECT_EQ(choice->candidates()->Get(0)->free_ram_mib(), 128 * 1024);

  ASSERT_EQ(world.asked.size(), 1U);
  EXPECT_EQ(world.asked[0].org(), "acme");
  EXPECT_EQ(world.asked[0].scale, first);
  EXPECT_EQ(world.asked[0].start()->command()->Get(1)->str(), "{port}");
  world.succeed(0);

  const auto& running = last_on(Topic::signals);
  EXPECT_EQ(running.key, "acme");
  EXPECT_EQ(running.as<schema::DomainRunning>()->domain()->str(), names[0]);
  const auto& started = last_on(Topic::placements);
  EXPECT_EQ(started.key, "acme/web");
  EXPECT_EQ(started.scale, first);
  EXPECT_EQ(started.as<schema::DomainStarted>()->port(), 8'080);
  EXPECT_EQ(started.as<schema::DomainStarted>()->haproxy_backend()->str(), "web");
}

TEST_F(OrchestrationFold, SpreadsAScaleOverTheLeastLoaded) {
  world.out("web", 4, first);
  std::vector<std::string> places;
  for (const auto* one : world.all<schema::DomainPlaced>())
    places.push_back(one->node()->str() + ":" + std::to_string(one->numa()));
  EXPECT_THAT(places, ElementsAre("nd-1:0", "nd-1:1", "nd-2:0", "nd-2:1"));
}

TEST_F(OrchestrationFold, FillsANodeBeforeTheNextWhereTheCellSaysBinPack) {
  world.apply_cell("prod-eu-a", {node("nd-1", "zone-a"), node("nd-2", "zone-b")}, schema::PlacementOrder::bin_pack);
  EXPECT_EQ(world.told.back().as<schema::DocumentFolded>()->code()->str(), "changed");
  world.out("web", 3, first);
  EXPECT_EQ(used("nd-1"), 30'000);
  // The order is the cell's own, and outlives the process.
  World again;
  again.load_rows_of(world);
  again.out("web", 2, second);
  const auto placed = again.all<schema::DomainPlaced>();
  ASSERT_EQ(placed.size(), 2U);
  EXPECT_EQ(placed[0]->node()->str(), "nd-1");
  EXPECT_EQ(placed[0]->numa(), 1U);
  EXPECT_EQ(placed[0]->candidates()->Get(1)->passed_over(), schema::PassedOver::less_loaded);
  EXPECT_EQ(placed[1]->node()->str(), "nd-2");
  EXPECT_EQ(placed[1]->numa(), 0U);
}

TEST_F(OrchestrationFold, ChangesACellsOrderOfPlacementByItsDocumentAlone) {
  const std::vector<schema::NodeSpecT> nodes = {node("nd-1", "zone-a"), node("nd-2", "zone-b")};
  const auto code = [&](schema::PlacementOrder order) {
    world.apply_cell("prod-eu-a", nodes, order);
    return world.told.back().as<schema::DocumentFolded>()->code()->str();
  };
  const auto before = world.rows();
  EXPECT_EQ(code(schema::PlacementOrder::least_loaded), "unchanged");
  EXPECT_EQ(code(schema::PlacementOrder::bin_pack), "changed");
  EXPECT_EQ(code(schema::PlacementOrder::bin_pack), "unchanged");
  EXPECT_NE(world.rows(), before);
  EXPECT_EQ(code(schema::PlacementOrder::least_loaded), "changed");
  EXPECT_EQ(world.rows(), before) << "the default takes bytes";
  // As a later version's might be.
  EXPECT_EQ(code(static_cast<schema::PlacementOrder>(2)), "invalid_nodes");
  EXPECT_FALSE(world.told.back().as<schema::DocumentFolded>()->accepted());
  EXPECT_EQ(world.rows(), before);
}

TEST_F(OrchestrationFold, QueuesWhatFindsNoRoomAndGivesUpAfterThirtySeconds) {
  world.out("web", 9, first);  // two fit on each of four NUMA nodes
  EXPECT_EQ(world.asked.size(), 8U);
  EXPECT_EQ(world.state.queue.size(), 1U);
  world.pass(seconds(29));
  EXPECT_EQ(world.state.queue.size(), 1U);
  world.pass(seconds(1));
  EXPECT_EQ(world.state.queue.size(), 0U);
  EXPECT_EQ(world.all<schema::DomainNotStarted>().size(), 1U);
  const auto failed = world.all<schema::DomainFailed>();
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed[0]->reason()->str(), "no capacity in cell prod-eu-a within 30 s");
  EXPECT_EQ(last_on(Topic::outcomes).scale, first);
}

TEST_F(OrchestrationFold, SaysThatACellIsNotKnown) {
  World world_without;
  world_without.out("web", 1, first);
  world_without.pass(seconds(30));
  EXPECT_EQ(world_without.all<schema::DomainFailed>().at(0)->reason()->str(),
            "cell prod-eu-a was never applied within 30 s");
}

TEST_F(OrchestrationFold, ServesTheQueueInOrderWhenRoomIsFreedByAnyOrg) {
  const auto others = world.out("api", 8, first, 10'000, 48 * 1024, "other");
  world.succeed_all();
  world.out("web", 2, second);
  EXPECT_EQ(world.state.queue.size(), 2U);
  world.in("api", 1, {5}, "other");
  world.backend_gone(others[7]);
  world.succeed(0);

  ASSERT_EQ(world.asked.size(), 1U);
  EXPECT_EQ(world.asked[0].start()->domain()->str(), "web-7f3a91c04be3-1");
  EXPECT_EQ(world.asked[0].org(), "acme") << "an effect belongs to the org of its domain";
  EXPECT_EQ(world.asked[0].scale, second);
  for (const auto& one : world.told) {
    const bool placed = one.as<schema::DomainPlaced>() != nullptr && one.scale == second;
    EXPECT_EQ(one.org, placed ? "acme" : one.org);
  }
  EXPECT_EQ(world.state.queue.size(), 1U);
  EXPECT_EQ(world.timers().count("queue/web-7f3a91c04be3-1"), 0U);
  EXPECT_EQ(world.timers().count("queue/web-7f3a91c04be3-2"), 1U);
}

TEST_F(OrchestrationFold, LetsASmallOneServeItselfPastALargeOneThatWaits) {
  world.out("web", 8, first);
  world.succeed_all();
  world.out("big", 1, second, 30'000, 1'024);
  world.out("small", 1, {9}, 13'000, 1'024);
  EXPECT_EQ(world.state.queue.size(), 2U);
  world.in("web", 1, {5});
  world.backend_gone("web-7f3a91c04be2-8");
  world.succeed(0);
  ASSERT_EQ(world.asked.size(), 1U);
  EXPECT_EQ(world.asked[0].start()->service()->str(), "small");
}

TEST_F(OrchestrationFold, ServesTheQueueWhenACellGrows) {
  world.out("web", 10, first);
  world.apply_cell("prod-eu-a", {node("nd-1", "zone-a"), node("nd-2", "zone-b"), node("nd-3", "zone-c")});
  EXPECT_EQ(world.state.queue.size(), 0U);
  EXPECT_EQ(used("nd-3"), 20'000);
  EXPECT_EQ(world.timers().size(), 0U);
}

TEST_F(OrchestrationFold, TriesAnotherNodeAndGivesUpWhenEveryNodeFailed) {
  world.out("web", 1, first);
  world.fail(0, "no KVM");
  EXPECT_EQ(used("nd-1"), 0);
  EXPECT_EQ(used("nd-2"), 10'000);
  const auto placed = world.all<schema::DomainPlaced>();
  ASSERT_EQ(placed.size(), 2U);
  EXPECT_EQ(placed[1]->candidates()->Get(0)->passed_over(), schema::PassedOver::failed_before);
  world.fail(0, "no KVM");
  EXPECT_EQ(used("nd-2"), 10'000) << "it may run, and only its driver did not hear of it";
  EXPECT_EQ(world.all<schema::DomainNotStarted>().size(), 0U);
  ASSERT_EQ(world.asked.size(), 1U);
  ASSERT_NE(world.asked[0].stop(), nullptr);
  world.succeed(0);
  EXPECT_EQ(used("nd-2"), 0);
  EXPECT_TRUE(world.asked.empty());
  ASSERT_EQ(world.all<schema::DomainFailed>().size(), 1U);
  EXPECT_EQ(world.all<schema::DomainFailed>()[0]->reason()->str(), "could not be started on nd-1, nd-2: no KVM");
  EXPECT_EQ(world.all<schema::DomainNotStarted>().size(), 1U);
  EXPECT_EQ(world.state.domains.size(), 0U);
}

TEST_F(OrchestrationFold, GivesUpAfterThreePlacements) {
  world.apply_cell("prod-eu-a", {node("a", "z"), node("b", "z"), node("c", "z"), node("d", "z")});
  world.out("web", 1, first);
  for (int i = 0; i < 3; ++i) world.fail(0);
  EXPECT_EQ(world.all<schema::DomainPlaced>().size(), 3U);
  world.succeed_all();
  EXPECT_EQ(world.all<schema::DomainFailed>().size(), 1U);
}

TEST_F(OrchestrationFold, WaitsForRoomOnANodeThatHasNotFailed) {
  world.out("web", 8, first);
  world.fail(0);
  EXPECT_EQ(world.state.queue.size(), 1U) << "nd-1 has room again, but it has failed there";
  world.apply_cell("prod-eu-a", {node("nd-1", "zone-a"), node("nd-2", "zone-b"), node("nd-3", "zone-c")});
  EXPECT_EQ(used("nd-3"), 10'000);
}

TEST_F(OrchestrationFold, StopsWhatWasTriedBeforeItIsGivenUpForWantOfRoom) {
  world.out("web", 8, first);
  world.fail(0);
  world.pass(queue_wait_max);
  EXPECT_EQ(world.all<schema::DomainNotStarted>().size(), 0U);
  EXPECT_EQ(world.state.queue.size(), 0U);
  ASSERT_NE(world.asked.back().stop(), nullptr);
  world.succeed(world.asked.size() - 1);
  EXPECT_EQ(world.all<schema::DomainNotStarted>().size(), 1U);
  EXPECT_EQ(world.all<schema::DomainFailed>().size(), 1U);
  EXPECT_EQ(world.state.domains.size(), 7U);
}

TEST_F(OrchestrationFold, StopsWhatWasTriedWhenAScaleInTakesItBack) {
  world.out("web", 1, first);
  world.in("web", 1, second);
  world.fail(0);
  ASSERT_EQ(world.asked.size(), 1U);
  ASSERT_NE(world.asked[0].stop(), nullptr);
  EXPECT_EQ(world.all<schema::DomainNotStarted>().size(), 0U);
  world.succeed(0);
  EXPECT_EQ(world.all<schema::DomainNotStarted>().size(), 1U);
  EXPECT_EQ(world.all<schema::DomainRemoved>().size(), 2U);
  EXPECT_EQ(used("nd-1"), 0);
}

TEST_F(OrchestrationFold, ScalesInTheNewestFirstAndDrainsItBeforeItIsStopped) {
  world.out("web", 2, first);
  const auto newest = world.out("web", 2, {3});
  world.succeed_all();
  world.in("web", 3, second);
  std::vector<std::string> retired;
  for (const auto* one : world.all<schema::DomainRetired>()) retired.push_back(one->domain()->str());
  EXPECT_THAT(retired, ElementsAre(newest[1], newest[0], "web-7f3a91c04be2-2"));
  EXPECT_EQ(last_on(Topic::placements).scale, second);
  EXPECT_TRUE(world.asked.empty()) << "nothing is stopped before it is drained";

  world.backend_gone(newest[1]);
  ASSERT_EQ(world.asked.size(), 1U);
  EXPECT_EQ(world.asked[0].scale, second);
  world.succeed(0);
  EXPECT_EQ(last_on(Topic::signals).scale, second);
  EXPECT_EQ(last_on(Topic::signals).as<schema::DomainStopped>()->domain()->str(), newest[1]);
  EXPECT_EQ(last_on(Topic::outcomes).scale, second);
  EXPECT_EQ(last_on(Topic::outcomes).as<schema::DomainRemoved>()->domain()->str(), newest[1]);
  EXPECT_EQ(world.state.domains.size(), 3U);
}

TEST_F(OrchestrationFold, RetiresEachDomainOnlyOnce) {
  world.out("web", 3, first);
  world.succeed_all();
  world.in("web", 1, second);
  world.in("web", 1, {4});
  EXPECT_EQ(world.state.domains.find("web-7f3a91c04be2-3")->leave_scale, second.value);
  EXPECT_EQ(world.state.domains.find("web-7f3a91c04be2-2")->leave_scale, 4U);
}

TEST_F(OrchestrationFold, EndsAScaleInForDomainsThatAreNotThere) {
  world.out("web", 1, first);
  world.succeed_all();
  world.in("web", 3, second);
  EXPECT_EQ(world.all<schema::DomainRetired>().size(), 1U);
  const auto stopped = world.all<schema::DomainStopped>();
  ASSERT_EQ(stopped.size(), 2U);
  EXPECT_EQ(stopped[0]->domain()->str(), "");
  EXPECT_EQ(stopped[0]->service()->str(), "web");
  EXPECT_EQ(world.all<schema::DomainRemoved>().size(), 2U);
}

// Both the scale-out, whose line waits for the domain, and the scale-in must come to an end.
TEST_F(OrchestrationFold, EndsBothScaleEventsWhenAQueuedDomainIsTakenBack) {
  world.apply_cell("prod-eu-a", {});
  world.out("web", 1, first);
  world.in("web", 1, second);
  EXPECT_EQ(world.state.domains.size(), 0U);
  EXPECT_EQ(world.timers().size(), 0U);
  std::vector<std::string> ends;
  for (const auto& one : world.told) {
    if (one.as<schema::DomainNotStarted>()) ends.push_back("not started " + to_string(one.scale));
    if (const auto* it = one.as<schema::DomainStopped>())
      ends.push_back("stopped" + it->domain()->str() + " " + to_string(one.scale));
    if (one.as<schema::DomainRemoved>()) ends.push_back("removed " + to_string(one.scale));
  }
  EXPECT_THAT(ends, ElementsAre("not started evt-7f3a91c04be2", "stopped evt-7f3a91c04be3", "removed evt-7f3a91c04be2",
                                "removed evt-7f3a91c04be3"));
}

TEST_F(OrchestrationFold, StopsADomainThatWasTakenBackWhileItStarted) {
  world.out("web", 1, first);
  world.in("web", 1, second);
  EXPECT_EQ(world.all<schema::DomainRetired>().size(), 0U) << "the dataplane never heard of it";
  world.succeed(0);
  EXPECT_EQ(world.all<schema::DomainRunning>().size(), 0U);
  ASSERT_EQ(world.asked.size(), 1U);
  ASSERT_NE(world.asked[0].stop(), nullptr);
  world.succeed(0);
  EXPECT_EQ(world.all<schema::DomainNotStarted>().size(), 1U);
  EXPECT_EQ(world.all<schema::DomainRemoved>().size(), 2U);
  EXPECT_EQ(used("nd-1"), 0);
  EXPECT_EQ(world.state.domains.size(), 0U);
}

TEST_F(OrchestrationFold, StopsADomainThatNeverServedAndSaysWhy) {
  const auto names = world.out("web", 1, first);
  world.succeed_all();
  world.backend_failed(names[0], "no answer on /healthz");
  ASSERT_EQ(world.asked.size(), 1U);
  EXPECT_EQ(world.asked[0].scale, first);
  world.succeed(0);
  EXPECT_EQ(last_on(Topic::signals).scale, first) << "it did not leave by a scale-in";
  EXPECT_NE(last_on(Topic::signals).as<schema::DomainStopped>(), nullptr);
  EXPECT_EQ(last_on(Topic::outcomes).as<schema::DomainFailed>()->reason()->str(), "no answer on /healthz");
  EXPECT_EQ(world.all<schema::DomainRemoved>().size(), 0U);
}

TEST_F(OrchestrationFold, LetsAFailedDomainCountForAScaleIn) {
  const auto names = world.out("web", 2, first);
  world.succeed_all();
  world.backend_failed(names[1], "no answer");
  world.in("web", 1, second);
  EXPECT_EQ(world.all<schema::DomainRetired>().size(), 0U);
  world.succeed(0);
  EXPECT_EQ(last_on(Topic::signals).scale, second);
  EXPECT_EQ(world.all<schema::DomainFailed>().size(), 1U);
  EXPECT_EQ(world.all<schema::DomainRemoved>().size(), 1U);
  EXPECT_EQ(world.state.domains.size(), 1U);
}

TEST_F(OrchestrationFold, NeverForgetsADomainThatCouldNotBeStopped) {
  const auto names = world.out("web", 1, first);
  world.succeed_all();
  world.in("web", 1, second);
  world.backend_gone(names[0]);
  for (int i = 0; i < 5; ++i) {
    world.fail(0);
    EXPECT_TRUE(world.asked.empty());
    EXPECT_EQ(used("nd-1"), 10'000) << "it may still run";
    world.pass(seconds(30));
    ASSERT_EQ(world.asked.size(), 1U);
    EXPECT_EQ(world.asked[0].scale, second);
  }
  world.succeed(0);
  EXPECT_EQ(world.state.domains.size(), 0U);
  EXPECT_EQ(used("nd-1"), 0);
}

TEST_F(OrchestrationFold, StopsOrphansAndLeavesOwnedDomainsAlone) {
  const auto names = world.out("web", 1, first);
  world.succeed_all();
  schema::OrphansFoundT found;
  found.names = {names[0], "web-000000000000-1"};
  world.tell(found);
  ASSERT_EQ(world.asked.size(), 1U);
  EXPECT_EQ(world.asked[0].stop()->domain()->str(), "web-000000000000-1");
  const auto before = world.told.size();
  world.succeed(0);
  EXPECT_EQ(world.told.size(), before) << "nobody is waiting for an orphan's end";
}

TEST_F(OrchestrationFold, PlacesNothingOnANodeThatIsGoneAndKeepsItsDomains) {
  world.out("web", 1, first);
  world.succeed_all();
  world.apply_cell("prod-eu-a", {node("nd-2", "zone-b")});
  EXPECT_EQ(used("nd-1"), 10'000);
  world.out("web", 9, second);
  EXPECT_EQ(used("nd-1"), 10'000);
  EXPECT_EQ(used("nd-2"), 40'000);
  world.in("web", 10, {5});
  while (!world.asked.empty()) world.succeed(0);
  world.backend_gone("web-7f3a91c04be2-1");
  world.succeed_all();
  EXPECT_EQ(world.state.nodes.find("prod-eu-a/nd-1"), nullptr) << "its last domain has left it";
}

TEST_F(OrchestrationFold, AcceptsANodeThatShrinksBelowWhatItsDomainsUse) {
  world.out("web", 8, first);
  world.succeed_all();
  world.apply_cell("prod-eu-a", {node("nd-1", "zone-a", 1, 5'000), node("nd-2", "zone-b")});
  EXPECT_EQ(used("nd-1"), 40'000);
  world.out("web", 1, second, 1'000, 1'024);
  EXPECT_EQ(used("nd-1"), 40'000);
  EXPECT_EQ(used("nd-2"), 41'000);
}

TEST_F(OrchestrationFold, IgnoresAnswersAndNewsOfDomainsThatItDoesNotKnow) {
  world.out("web", 1, first);
  const auto rows = world.rows();
  const auto told = world.told.size();
  schema::DomainSpawnedT spawned;
  spawned.domain = "nobody";
  schema::DomainHaltedT halted;
  halted.domain = "web-7f3a91c04be2-1";
  schema::TimerFiredT timer;
  timer.key = "queue/web-7f3a91c04be2-1";
  world.tell(spawned);
  world.tell(halted);
  world.tell(timer);
  world.backend_gone("web-7f3a91c04be2-1");
  world.backend_failed("nobody", "");
  EXPECT_EQ(world.rows(), rows);
  EXPECT_EQ(world.told.size(), told);
}

TEST_F(OrchestrationFold, SeesARowThatWasTamperedWith) {
  world.out("web", 1, first);
  world.state.domains.modify("web-7f3a91c04be2-1").resources = schema::Resources(1, 1, 1);
  EXPECT_EQ(Fold::violated_invariant(world.state), "NUMA node prod-eu-a/nd-1:0 does not use what its domains use");
  world.state.domains.erase("web-7f3a91c04be2-1");
  EXPECT_NE(Fold::violated_invariant(world.state), "");
}

}  // namespace
}  // namespace virtscale::orchestration
