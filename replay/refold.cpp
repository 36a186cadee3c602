#include "replay/refold.hpp"

#include "stages/audit/fold.hpp"
#include "stages/dataplane/fold.hpp"
#include "stages/orchestration/fold.hpp"
#include "stages/policy/fold.hpp"
#include "stages/signal/fold.hpp"

namespace virtscale::replay {

std::unique_ptr<Refold> make_refold(Source stage, std::uint32_t partition, const LogLayout& layout) {
  switch (stage) {
    case Source::signal:
      return std::make_unique<RefoldOf<signal::Fold>>(partition, layout);
    case Source::policy:
      return std::make_unique<RefoldOf<policy::Fold>>(partition, layout);
    case Source::orchestration:
      return std::make_unique<RefoldOf<orchestration::Fold>>(partition, layout);
    case Source::dataplane:
      return std::make_unique<RefoldOf<dataplane::Fold>>(partition, layout);
    default:
      return std::make_unique<RefoldOf<audit::Fold>>(partition, layout);
  }
}

std::vector<std::unique_ptr<Refold>> make_refolds(Source stage, const LogLayout& layout) {
  std::vector<std::unique_ptr<Refold>> refolds;
  const auto partitions = layout.partitions[static_cast<std::size_t>(graph::node_of(stage).inbox)];
  for (std::uint32_t p = 0; p < partitions; ++p) refolds.push_back(make_refold(stage, p, layout));
  return refolds;
}

std::vector<std::unique_ptr<Refold>> make_refolds(const LogLayout& layout) {
  std::vector<std::unique_ptr<Refold>> all;
  for (const auto& node : graph::stages) {
    for (auto& refold : make_refolds(node.stage, layout)) all.push_back(std::move(refold));
  }
  return all;
}

}  // namespace virtscale::replay
