// Answers to the requests of a changed history: the recorded ones under new ids, and those that are modelled.
#pragma once

#include <vector>

#include "schemas/codec.hpp"
#include "topology/ports/effects.hpp"

namespace virtscale::replay {

/// What stands for the address of a domain that never was.
inline constexpr const char* modelled_address = "modelled";

/// A recorded answer as the answer to `request`.
std::vector<std::byte> readdressed(std::vector<std::byte> answer, const EffectRequest& request);

/// A good answer to `request`, with the header filled in.
std::vector<std::byte> modelled_answer(const EffectRequest& request);

}  // namespace virtscale::replay
