#include "tests/simulation/engine/host/hosted.hpp"

#include "stages/audit/fold.hpp"
#include "stages/dataplane/fold.hpp"
#include "stages/orchestration/fold.hpp"
#include "stages/policy/fold.hpp"
#include "stages/signal/fold.hpp"

namespace virtscale::simulation {

std::unique_ptr<Hosted> host(Source stage, std::uint32_t partition, ShellPorts ports) {
  switch (stage) {
    case Source::signal:
      return std::make_unique<HostedOf<signal::Fold>>(partition, std::move(ports));
    case Source::policy:
      return std::make_unique<HostedOf<policy::Fold>>(partition, std::move(ports));
    case Source::orchestration:
      return std::make_unique<HostedOf<orchestration::Fold>>(partition, std::move(ports));
    case Source::dataplane:
      return std::make_unique<HostedOf<dataplane::Fold>>(partition, std::move(ports));
    default:
      return std::make_unique<HostedOf<audit::Fold>>(partition, std::move(ports));
  }
}

}  // namespace virtscale::simulation
