// The words of scenarios, by what they are about; README.md has them all.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "tests/scenarios/script.hpp"
#include "tests/scenarios/world.hpp"

namespace virtscale::test {

/// Where scenarios and their documents are, from the root of the tree.
inline const std::filesystem::path scenarios_folder = "tests/scenarios";

/// Does what a command says; what cannot be done, or is not as expected, is a test failure.
using Verb = void (*)(World&, const Command&);
using Verbs = std::map<std::string, Verb, std::less<>>;

/// What the outside says unasked: documents, alerts, requests, schedules, sweeps.
const Verbs& producer_verbs();

/// What the outside answers to the oldest request of a kind.
const Verbs& answer_verbs();
/// Answers one request of each kind that waits, well. False if none waited.
bool answer_well(World& world);

/// What `expect` may be followed by.
const Verbs& expectations();

/// The words from the `first` on, with a space between them.
std::string rest_of(const Command& command, std::size_t first);
/// The event that asks.
const schema::Event& event_of(const EffectRequest& request);

}  // namespace virtscale::test
