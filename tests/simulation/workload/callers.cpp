#include "tests/simulation/workload/callers.hpp"

#include <utility>

namespace virtscale::simulation {

struct Callers::Going {
  Errand errand;
  std::uint32_t attempt = 0;
  bool over = false;
};

void Callers::bring(Errand errand) {
  ++open_;
  go(std::make_shared<Going>(Going{std::move(errand)}));
}

EdgeLog* Callers::door_for(const Errand& errand) {
  auto* producer = errand.way == Errand::Way::any ? doors_.producer() : nullptr;
  return producer != nullptr && dice_.one_in(2) ? producer : doors_.signal_edge(dice_);
}

void Callers::go(const std::shared_ptr<Going>& going) {
  auto* door = door_for(going->errand);
  if (door == nullptr) return again(going, seconds(1));
  const auto attempt = ++going->attempt;
  const auto id = door->next_id();
  door->append(id, going->errand.to, going->errand.key, going->errand.event,
               [this, going, attempt, id](const std::string* error) { heard(going, attempt, id, error); });
  time_.after(timeout, [this, going, attempt] {
    const std::string nothing = "nothing was heard";
    if (going->attempt == attempt && !going->over) heard(going, attempt, {}, &nothing);
  });
}

void Callers::heard(const std::shared_ptr<Going>& going, std::uint32_t attempt, EventId id, const std::string* error) {
  // Who has given up still was promised that it is durable.
  if (error == nullptr) acknowledged_.insert(id);
  if (going->over || (error != nullptr && going->attempt != attempt)) return;
  const bool gives_up = error != nullptr && going->errand.patience == Errand::Patience::fickle &&
                        !faults_.strikes(Fault::request_repeated);
  if (error != nullptr && !gives_up) return again(going, dice_.between(milliseconds(100), seconds(2)));
  going->over = true;
  --open_;
}

void Callers::again(const std::shared_ptr<Going>& going, Duration after) {
  time_.after(after, [this, going] {
    if (!going->over) go(going);
  });
}

}  // namespace virtscale::simulation
