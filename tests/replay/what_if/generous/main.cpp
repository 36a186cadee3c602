// virtscale-policy as another version of it might be: it lets every contract go 20 % beyond its quota.
//
// The one thing to know: the linker puts its gate before the fold's own (`--wrap` in CMakeLists.txt); all else is the
// very program.
#include "compose/process/run_stage.hpp"
#include "stages/policy/gate.hpp"

namespace virtscale::policy {

Verdict own_gate(const Terms& terms, const Usage& usage, const Amounts& asked) asm("__real_" GATE);
Verdict generous_gate(const Terms& terms, const Usage& usage, const Amounts& asked) asm("__wrap_" GATE);

Verdict generous_gate(const Terms& terms, const Usage& usage, const Amounts& asked) {
  return own_gate({terms.quota, overages_on_offer.back()}, usage, asked);
}

}  // namespace virtscale::policy

int main(int argc, char** argv) {
  return virtscale::run_stage(virtscale::Source::policy, argc, argv);
}
