#include "tests/simulation/world/weather.hpp"

namespace virtscale::simulation {

void Weather::turn() {
  if (over_) return;
  const auto now = world_.time.now();
  auto& faults = world_.faults;
  if (faults.strikes(Fault::balancer_restart)) world_.pools.restart();
  if (auto dice = faults.strikes(Fault::balancer_down))
    world_.pools.down_until(now + dice->between(seconds(1), seconds(60)));
  if (auto dice = faults.strikes(Fault::server_taken)) world_.pools.take_out(dice->next());
  if (auto dice = faults.strikes(Fault::mail_down))
    world_.mailbox.down_until(now + dice->between(seconds(1), dice->one_in(4) ? seconds(900) : seconds(60)));
  world_.time.after(every, [this] { turn(); });
}

void Weather::end() {
  over_ = true;
  world_.pools.down_until(world_.time.now());
  world_.mailbox.down_until(world_.time.now());
}

}  // namespace virtscale::simulation
