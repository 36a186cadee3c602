#include "tests/simulation/engine/outside.hpp"

#include "tests/simulation/checks/checks.hpp"
#include "tests/simulation/workload/workload.hpp"
#include "tests/simulation/world/drivers.hpp"
#include "tests/simulation/world/signing.hpp"
#include "tests/simulation/world/weather.hpp"

namespace virtscale::simulation {
namespace {

class WholeOutside final : public Outside {
 public:
  explicit WholeOutside(const Stageplay& play)
      : play_(play),
        world_(play_.time, play_.faults, play_.story, simulation_signer(), play_.plan.seed),
        weather_(world_),
        workload_(play_),
        checks_(play_, world_) {}

  void begin() override {
    weather_.begin();
    workload_.begin();
  }
  std::unique_ptr<Drivers> drivers(const Life& life) override { return make_drivers(world_, life); }
  void after_record(const Recorded& record, const Step* step) override { checks_.after_record(record, step); }
  void end() override {
    weather_.end();
    workload_.end();
  }
  std::string awaits() const override {
    const auto open = workload_.callers().open();
    if (open != 0) return std::to_string(open) + " callers wait for an answer";
    return checks_.awaits();
  }
  void judge() override { checks_.judge(workload_.callers().acknowledged()); }
  std::string vacuous() const override { return checks_.vacuous(workload_.actions()); }
  std::uint32_t actions() const override { return workload_.actions(); }

 private:
  Stageplay play_;
  World world_;
  Weather weather_;
  Workload workload_;
  Checks checks_;
};

}  // namespace

std::unique_ptr<Outside> make_outside(const Stageplay& play) {
  return std::make_unique<WholeOutside>(play);
}

}  // namespace virtscale::simulation
