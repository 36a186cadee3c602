// The settings file. Properties: it never throws; a fault has a place and is short; settings without a fault are within
// the bounds that their readers promise, and nothing of a secret value stands in a fault.
#include "compose/settings/settings.hpp"
#include "tests/fuzz/input.hpp"
#include "topology/adapters/segment/format.hpp"

namespace virtscale::fuzz {
namespace {

void check_bounds(const Settings& settings) {
  for (const auto* endpoint :
       {&settings.signal, &settings.audit, &settings.policy, &settings.orchestration, &settings.dataplane}) {
    Endpoint again;
    const auto printed =
        endpoint->address.find(':') == std::string::npos ? endpoint->address : "[" + endpoint->address + "]";
    const auto fault = read_endpoint(printed + ":" + std::to_string(endpoint->port), again);
    check(fault.empty() && again.port == endpoint->port, "an endpoint that is printed reads the same", fault);
  }
  for (const auto partitions : settings.layout.partitions)
    check(partitions >= 1 && partitions <= segment::partitions_max, "a topic has partitions, within their bound");
  check(settings.segment_bytes_max >= 4'096 && settings.segment_bytes_max <= segment::segment_bytes_limit,
        "a segment's size is within its bounds");
  check(settings.commit_every.us > 0 && settings.sweep_every.us > 0, "what is done every so often has a pause");
  for (const auto& token : settings.tokens) check(token.sha256.size() == 64, "a token is kept as its SHA-256");
  check(settings.snapshots.keep >= 1, "a snapshot is kept");
}

}  // namespace
}  // namespace virtscale::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtscale;
  const auto parsed = parse_settings(fuzz::Input(data, size).rest());
  for (const auto& fault : parsed.faults) {
    fuzz::check(fault.line >= 1 && fault.column >= 1, "a fault has a place", fault.message);
    fuzz::check(!fault.message.empty() && fault.message.size() < 1'000, "a fault is short", fault.message);
  }
  if (parsed.faults.empty()) fuzz::check_bounds(parsed.settings);
  return 0;
}
