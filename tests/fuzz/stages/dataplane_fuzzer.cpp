// The stage `dataplane`, from record to emitted event. Properties: folding.hpp.
#include "stages/dataplane/fold.hpp"
#include "tests/fuzz/stages/folding.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  virtscale::fuzz::Folding<virtscale::dataplane::Fold>().run(virtscale::fuzz::Input(data, size));
  return 0;
}
