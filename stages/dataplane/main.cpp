// virtscale-dataplane: the stage as a process of its own.
#include "compose/process/run_stage.hpp"

int main(int argc, char** argv) {
  return virtscale::run_stage(virtscale::Source::dataplane, argc, argv);
}
