// The stage `policy`, from record to emitted event. Properties: folding.hpp.
#include "stages/policy/fold.hpp"
#include "tests/fuzz/stages/folding.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  virtscale::fuzz::Folding<virtscale::policy::Fold>().run(virtscale::fuzz::Input(data, size));
  return 0;
}
