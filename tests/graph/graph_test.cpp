// graph.hpp says who may put what where. Here it is held against what the folds take, and against what they emit over
// all scenarios: nothing beside the graph, and nothing in the graph that never happens.
#include "topology/graph.hpp"

#include <gmock/gmock.h>

#include <set>
#include <tuple>

#include "stages/audit/events.hpp"
#include "stages/dataplane/events.hpp"
#include "stages/orchestration/events.hpp"
#include "stages/policy/events.hpp"
#include "stages/signal/events.hpp"
#include "tests/scenarios/scenario.hpp"

namespace virtscale {
namespace {

using schema::Body;

// --- What the folds take -------------------------------------------------------------------------------------------

// An Event with an empty body of this type: enough for `decode`, which looks at the type.
std::vector<std::byte> event_with(Body body) {
  flatbuffers::FlatBufferBuilder builder;
  const auto org = builder.CreateString("");
  const auto nothing = builder.EndTable(builder.StartTable());
  const schema::Header header;
  schema::EventBuilder event(builder);
  event.add_header(&header);
  event.add_org(org);
  event.add_body_type(body);
  event.add_body(nothing);
  schema::FinishEventBuffer(builder, event.Finish());
  const auto* begin = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  return {begin, begin + builder.GetSize()};
}

// Whether the stage's fold has a use for it.
bool takes(Source stage, const std::vector<std::byte>& event) {
  Inbound inbound{};
  inbound.event = event;
  switch (stage) {
    case Source::signal:
      return signal::decode(inbound).has_value();
    case Source::policy:
      return policy::decode(inbound).has_value();
    case Source::orchestration:
      return orchestration::decode(inbound).has_value();
    case Source::dataplane:
      return dataplane::decode(inbound).has_value();
    default:
      return audit::decode(inbound).has_value();
  }
}

std::set<std::string> taken_by(Source stage) {
  std::set<std::string> names;
  for (const auto body : schema::EnumValuesBody()) {
    if (body != Body::NONE && takes(stage, event_with(body))) names.emplace(schema::name_of(body));
  }
  return names;
}

std::set<std::string> allowed_on(Topic inbox) {
  std::set<std::string> names;
  for (const auto& flow : graph::flows) {
    if (flow.topic == inbox) names.emplace(flow.event);
  }
  return names;
}

class EachStage : public testing::TestWithParam<graph::StageNode> {};

// TimerFired is the host's, and allowed everywhere.
TEST_P(EachStage, TakesWhatTheGraphAllowsOnItsInboxAndNothingElse) {
  auto taken = taken_by(GetParam().stage);
  taken.erase("TimerFired");
  EXPECT_EQ(taken, allowed_on(GetParam().inbox));
}

TEST_P(EachStage, LeavesTheActivationOfFoldsToTheHost) {
  EXPECT_FALSE(takes(GetParam().stage, event_with(Body::FoldActivated)));
}

INSTANTIATE_TEST_SUITE_P(Graph, EachStage, testing::ValuesIn(graph::stages),
                         [](const auto& node) { return std::string(node.param.name); });

TEST(Graph, NamesEventsThatAreInTheEnvelope) {
  std::set<std::string> known;
  for (const auto body : schema::EnumValuesBody()) known.emplace(schema::name_of(body));
  for (const auto& flow : graph::flows) EXPECT_THAT(known, testing::Contains(std::string(flow.event)));
}

// --- What they emit ------------------------------------------------------------------------------------------------

using Flow = std::tuple<std::string, std::string, std::string>;  // from, event, topic

std::string name_of_source(Source source) {
  return source == Source::edge ? "edge" : std::string(graph::node_of(source).name);
}

std::set<Flow> flows_of_the_graph() {
  std::set<Flow> flows;
  for (const auto& flow : graph::flows)
    flows.emplace(name_of_source(flow.from), flow.event, std::string(name_of(flow.topic)));
  // Timers ring where a fold takes them.
  for (const auto& stage : graph::stages) {
    if (taken_by(stage.stage).contains("TimerFired")) flows.emplace("edge", "TimerFired", name_of(stage.inbox));
  }
  return flows;
}

void note_flows(test::World& world, std::set<Flow>& flows) {
  world.each_event([&](Topic topic, const schema::Event& event) {
    const auto source = static_cast<Source>(event.header()->id().stage());
    flows.emplace(name_of_source(source), schema::name_of(event.body_type()), std::string(name_of(topic)));
  });
}

std::set<Flow> flows_of_all_scenarios() {
  std::set<Flow> flows;
  for (const auto& name : test::scenario_names()) {
    test::Scenario scenario(test::scenario_file(name));
    scenario.run();
    note_flows(scenario.world(), flows);
  }
  return flows;
}

const std::set<Flow>& seen() {
  static const std::set<Flow> once = flows_of_all_scenarios();
  return once;
}

std::set<Flow> without(const std::set<Flow>& all, const std::set<Flow>& some) {
  std::set<Flow> rest;
  std::set_difference(all.begin(), all.end(), some.begin(), some.end(), std::inserter(rest, rest.end()));
  return rest;
}

TEST(Graph, HasEveryFlowThatHappens) {
  EXPECT_THAT(without(seen(), flows_of_the_graph()), testing::IsEmpty());
}

TEST(Graph, HasNoFlowThatNeverHappens) {
  EXPECT_THAT(without(flows_of_the_graph(), seen()), testing::IsEmpty())
      << "write a scenario in which it happens, or take it out of graph.hpp";
}

// --- That these tests can fail -------------------------------------------------------------------------------------

TEST(GraphTest, WouldSeeAnEventOnATopicWhereItMayNotBe) {
  test::World world;
  schema::DomainRunningT running;
  world.append(Topic::alerts, "acme/web", encode(running, "acme"));
  std::set<Flow> alone;
  note_flows(world, alone);
  EXPECT_THAT(without(alone, flows_of_the_graph()), testing::ElementsAre(Flow("edge", "DomainRunning", "alerts")));
}

}  // namespace
}  // namespace virtscale
