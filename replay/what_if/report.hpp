// What a what-if found, as text and as JSON.
#pragma once

#include "replay/what_if/shadow.hpp"

namespace virtscale::replay {

/// For people. Times that stand on a modelled answer are marked `~`.
void print_text(const WhatIf& found, std::uint64_t seed);
/// One JSON document on one line.
void print_json(const WhatIf& found, std::uint64_t seed);

/// That a shadow has begun: from here on it tells.
void print_begun_text(Instant at);
/// `{"shadow": {…}}`.
void print_begun_json(Instant at);
/// A decision that turned, on one line, at once.
void print_turned_text(const Turned& turned);
/// `{"turned": {…}}`, and at the end `{"summary": {…}}`.
void print_turned_json(const Turned& turned);
void print_summary_json(const WhatIf& found, std::uint64_t seed);

}  // namespace virtscale::replay
