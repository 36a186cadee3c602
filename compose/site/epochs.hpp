// Epochs as operators begin them: `POST /v1/stages/STAGE/epochs` puts a FoldActivated into every partition of the
// stage's inbox.
//
// The one thing to know: from that record on the stage folds by other rules, for ever, and whoever has not got them
// stops there. So it is refused as long as this process has not got them itself.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "topology/host/edge_id.hpp"
#include "topology/host/stage_runner.hpp"
#include "topology/ports/http.hpp"
#include "topology/ports/log.hpp"

namespace virtscale {

/// The name of the version that brings an epoch, for people; it is kept in the record.
inline constexpr std::size_t version_bytes_max = 64;

/// The stage whose epoch this path begins; nothing if it is another path.
std::optional<Source> stage_of_epochs_path(std::string_view path);

/// Answers a request for `stage`: `{"epoch": 2}`, with `"version"` if it has a name. 200 once it is durable, and where
/// that epoch is active already; 409 if this process cannot fold it; 503 if it has no partition of the stage and so
/// cannot know. `partitions` are those of this process. Throws LogError.
HttpResponse activate_epoch(Log& log, EdgeIds& ids, Source stage, std::string_view body,
                            const std::vector<PartitionStatus>& partitions);

}  // namespace virtscale
