// The three ways to show a trace.
#pragma once

#include <string>

#include "replay/decision/trace.hpp"

namespace virtscale::replay {

/// A tree for a terminal: each record below its cause, with the time since the first.
std::string trace_text(const Trace& trace);
/// One JSON document, on one line: everything, with rows whole.
std::string trace_json(const Trace& trace);
/// A page that stands alone.
std::string trace_html(const Trace& trace);

}  // namespace virtscale::replay
