// virtscale-policy as a careless build of it would be: it words the remedy of a refusal otherwise, and has the same
// epoch. For the test of what its readers do about that.
//
// The one thing to know: the linker puts these words before the fold's own (`--wrap` in CMakeLists.txt); all else is
// the very program.
#include "compose/process/run_stage.hpp"
#include "stages/policy/gate.hpp"

namespace virtscale::policy {

std::string own_words(const Remedy& remedy, const Terms& terms) asm("__real_" REMEDY_TEXT);
std::string other_words(const Remedy& remedy, const Terms& terms) asm("__wrap_" REMEDY_TEXT);

std::string other_words(const Remedy& remedy, const Terms& terms) {
  return "In other words: " + own_words(remedy, terms);
}

}  // namespace virtscale::policy

int main(int argc, char** argv) {
  return virtscale::run_stage(virtscale::Source::policy, argc, argv);
}
