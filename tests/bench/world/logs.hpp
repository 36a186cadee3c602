// The logs that the stages of a bench work on: one for all, or one for each, as processes have them.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "topology/ports/clock.hpp"
#include "topology/ports/log.hpp"

namespace virtscale::bench {

class Logs {
 public:
  virtual ~Logs() = default;
  /// The log that this stage, or the outside (`edge`), appends to and reads.
  virtual Log& of(Source source) = 0;
};

/// The embedded log in `directory`, for all.
std::unique_ptr<Logs> make_embedded_logs(const std::filesystem::path& directory, const Clock& clock);
/// Six logs on a cluster, with topics of their own, one partition each. Topics stay behind.
std::unique_ptr<Logs> make_kafka_logs(const std::string& bootstrap);

}  // namespace virtscale::bench
