// The stage `orchestration`, from record to emitted event. Properties: folding.hpp.
#include "stages/orchestration/fold.hpp"
#include "tests/fuzz/stages/folding.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  virtscale::fuzz::Folding<virtscale::orchestration::Fold>().run(virtscale::fuzz::Input(data, size));
  return 0;
}
