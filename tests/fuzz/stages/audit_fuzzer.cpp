// The stage `audit`, from record to emitted event. Properties: folding.hpp.
#include "stages/audit/fold.hpp"
#include "tests/fuzz/stages/folding.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  virtscale::fuzz::Folding<virtscale::audit::Fold>().run(virtscale::fuzz::Input(data, size));
  return 0;
}
