// Whose a record is: the org and the scale event, also of answers and timers, which do not say it themselves.
#pragma once

#include <string>

#include "replay/refold.hpp"

namespace virtscale::replay {

struct Belonging {
  bool is_event = false;  ///< false: bytes that nobody can read
  schema::Body body{};
  std::string org;
  ScaleId scale;
};

/// REQUIRES: `refold`, which may be null, has not folded the record yet.
Belonging belonging_of(const LogRecord& record, const Refold* refold);

}  // namespace virtscale::replay
