// The journal on spdlog.
#pragma once

#include <cstdint>
#include <memory>

#include "topology/ports/journal.hpp"

namespace virtscale {

enum class JournalFormat : std::uint8_t { text, json };

/// Writes entries of at least `least` to stderr, one line each; JSON for collectors, text for people. Values are
/// escaped and cut at 4 KiB.
std::unique_ptr<Journal> make_journal(Severity least, JournalFormat format);

}  // namespace virtscale
