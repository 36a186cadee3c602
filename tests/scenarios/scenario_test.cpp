// Runs every *.scn of this folder; README.md has the commands.
#include "tests/scenarios/scenario.hpp"

#include <gtest/gtest.h>

namespace virtscale::test {
namespace {

class Scenarios : public testing::TestWithParam<std::string> {};

TEST_P(Scenarios, GoAsWritten) {
  Scenario scenario(scenario_file(GetParam()));
  scenario.run();
  scenario.refold_in_chunks_of(1);
  scenario.refold_in_chunks_of(7);
}

INSTANTIATE_TEST_SUITE_P(Files, Scenarios, testing::ValuesIn(scenario_names()),
                         [](const auto& name) { return name.param; });

}  // namespace
}  // namespace virtscale::test
