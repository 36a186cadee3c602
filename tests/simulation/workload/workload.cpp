#include "tests/simulation/workload/workload.hpp"

#include <algorithm>
#include <utility>

namespace virtscale::simulation {
namespace {

// How much a run holds. Most are small: what goes wrong does so among few, if faults are dense.
struct Size {
  std::int64_t orgs;
  std::int64_t services;  // of each org, at most
  std::int64_t cells;
  std::int64_t actions;
};

Size draw_size(std::uint64_t seed) {
  Dice dice(seed, "size");
  if (dice.one_in(12)) return {dice.between(2, 6), 4, dice.between(1, 4), dice.between(250, 900)};
  return {dice.between(1, 4), 3, dice.between(1, 2), dice.between(20, 180)};
}

}  // namespace

Workload::Workload(const Stageplay& play) : play_(play), callers_(play.time, play.faults, play.doors, play.plan.seed) {
  const auto size = draw_size(play.plan.seed);
  Dice dice(play.plan.seed, "town");
  for (std::int64_t i = 0; i < size.cells; ++i) {
    const auto name = "cell-" + std::to_string(i);
    cells_.emplace(name, draw_cell(dice, name));
  }
  for (std::int64_t i = 0; i < size.orgs; ++i) {
    orgs_.push_back("org-" + std::to_string(i));
    for (std::int64_t n = dice.between(1, size.services); n > 0; --n) {
      const bool nowhere = dice.one_in(16);
      const auto cell = nowhere ? "nowhere" : "cell-" + std::to_string(dice.below(cells_.size()));
      services_.push_back({orgs_.back(), "svc" + std::to_string(n), cell});
    }
  }
  done_ = static_cast<std::uint32_t>(std::min<std::int64_t>(size.actions, play.plan.actions_max));
}

void Workload::begin() {
  found_town();
  for (std::uint32_t i = 0; i < done_; ++i) {
    Dice dice(play_.plan.seed, "when", i);
    play_.time.after(dice.between({}, play_.active), [this, i] {
      if (!over_) act(i);
    });
  }
}

void Workload::found_town() {
  Dice dice(play_.plan.seed, "founding");
  for (const auto& [name, cell] : cells_) bring_cell(cell);
  for (const auto& org : orgs_) {
    const auto& contract = contracts_[org] = draw_contract(dice, org, 1);
    if (!dice.one_in(10)) bring_contract(org, contract);
  }
  for (const auto& service : services_) bring_service(service, draw_service(dice, service.name, service.cell));
}

void Workload::act(std::uint32_t number) {
  Dice dice(play_.plan.seed, "action", number);
  const auto drawn = dice.below(100);
  if (drawn < 38) return raise(dice);
  if (drawn < 66) return request(dice);
  if (drawn < 76) return change_contract(dice);
  if (drawn < 84) return change_service(dice);
  if (drawn < 93) return change_cell(dice);
  if (drawn < 96) return bring_odd(dice);
  ring_schedule(dice);
}

void Workload::end() {
  over_ = true;
  for (std::size_t i = 0; i < alerts_.size(); ++i) resolve(i);
}

// --- Alerts --------------------------------------------------------------------------------------------------------

template <class Body>
void Workload::bring_alert(const Service& service, const Body& body) {
  callers_.bring(
      {.to = Topic::alerts, .key = service.key(), .event = schema::encode(body, service.org), .way = Errand::Way::any});
}

void Workload::raise(Dice& dice) {
  Alert alert;
  alert.service = dice.below(services_.size());
  alert.name = alert_names[dice.below(alert_names.size())];
  // Some fire again under the fingerprint that they had before.
  alert.fingerprint = alert.name + std::to_string(dice.below(3));
  alert.starts_at = play_.time.now();
  alerts_.push_back(std::move(alert));
  const auto number = alerts_.size() - 1;
  post_raised(dice, number);
  play_.time.after(dice.between(seconds(1), seconds(dice.one_in(3) ? 400 : 60)), [this, number] { resolve(number); });
}

void Workload::post_raised(Dice dice, std::size_t number) {
  const auto post = [this, number, dice]() mutable {
    const auto& alert = alerts_[number];
    schema::AlertRaisedT raised;
    raised.service = services_[alert.service].name;
    raised.name = alert.name;
    raised.fingerprint = alert.fingerprint;
    raised.starts_at_us = alert.starts_at.us;
    raised.value_milli = dice.between(0, 100'000);
    raised.queue_depth = dice.one_in(2) ? -1 : dice.between(0, 400);
    bring_alert(services_[alert.service], raised);
  };
  auto& faults = play_.faults;
  Duration delay;
  if (auto late = faults.strikes(Fault::alert_late)) delay = late->between(seconds(5), seconds(90));
  if (auto later = faults.strikes(Fault::alert_reordered)) delay = delay + later->between(seconds(1), seconds(40));
  play_.time.after(delay, post);
  if (auto again = faults.strikes(Fault::alert_doubled))
    play_.time.after(delay + again->between({}, seconds(60)), post);
}

void Workload::resolve(std::size_t number) {
  auto& alert = alerts_[number];
  if (std::exchange(alert.resolved, true)) return;
  schema::AlertResolvedT resolved;
  resolved.service = services_[alert.service].name;
  resolved.name = alert.name;
  resolved.fingerprint = alert.fingerprint;
  resolved.starts_at_us = alert.starts_at.us;
  resolved.ends_at_us = play_.time.now().us;
  bring_alert(services_[alert.service], resolved);
}

// What signal can do nothing with: an alert of nobody's, of an unknown service, without a fingerprint.
void Workload::bring_odd(Dice& dice) {
  const auto& org = orgs_[dice.below(orgs_.size())];
  if (dice.one_in(2)) {
    schema::AlertUnroutableT unroutable;
    unroutable.name = "lost";
    unroutable.reason = "no label names a service";
    callers_.bring({.to = Topic::alerts, .key = org, .event = schema::encode(unroutable, org)});
    return;
  }
  schema::AlertRaisedT raised;
  raised.service = "unknown";
  raised.name = "hot";
  raised.fingerprint = dice.one_in(2) ? "" : "f0";
  raised.starts_at_us = play_.time.now().us;
  bring_alert({org, "unknown", ""}, raised);
}

void Workload::ring_schedule(Dice& dice) {
  const auto& service = services_[dice.below(services_.size())];
  schema::ScheduleDueT due;
  due.service = service.name;
  due.cron = "* * * * *";
  due.zone = "UTC";
  due.due_us = play_.time.now().us - play_.time.now().us % seconds(60).us;
  bring_alert(service, due);
}

// --- Requests ------------------------------------------------------------------------------------------------------

void Workload::request(Dice& dice) {
  Question question;
  question.service = dice.below(services_.size());
  auto& asked = question.asked;
  asked.service = dice.one_in(20) ? "unknown" : services_[question.service].name;
  const bool sets = dice.one_in(3);
  asked.mode = sets ? schema::ScaleMode::to : schema::ScaleMode::by;
  asked.amount = static_cast<std::int32_t>(sets ? dice.between(0, 15) : dice.between(-3, 5));
  if (dice.one_in(25)) asked.amount *= 20;
  asked.requester = dice.one_in(2) ? "org" : "operator";
  const bool keyed = dice.one_in(2);
  if (keyed && !questions_.empty() && dice.one_in(3)) {
    // The same question again, or another one under its key.
    const auto& earlier = questions_[dice.below(questions_.size())];
    if (dice.one_in(4)) {
      asked.idempotency_key = earlier.asked.idempotency_key;
    } else {
      question = earlier;
    }
  } else if (keyed) {
    asked.idempotency_key = "key-" + std::to_string(questions_.size());
    questions_.push_back(question);
  }
  const Service& service = services_[question.service];
  callers_.bring({.to = Topic::alerts,
                  .key = service.org + "/" + asked.service,
                  .event = schema::encode(asked, service.org),
                  .patience = asked.idempotency_key.empty() ? Errand::Patience::fickle : Errand::Patience::stubborn});
}

// --- Documents -----------------------------------------------------------------------------------------------------

void Workload::bring_contract(const std::string& org, const schema::ContractAppliedT& contract) {
  callers_.bring({.to = Topic::signals, .key = org, .event = schema::encode(contract, org)});
}

void Workload::bring_service(const Service& service, std::unique_ptr<schema::ServiceSpecT> spec) {
  schema::ServiceAppliedT applied;
  applied.spec = std::move(spec);
  callers_.bring({.to = Topic::alerts, .key = service.key(), .event = schema::encode(applied, service.org)});
}

void Workload::bring_cell(const schema::CellAppliedT& cell) {
  callers_.bring({.to = Topic::decisions, .key = cell.name, .event = schema::encode(cell, "")});
}

void Workload::change_contract(Dice& dice) {
  const auto& org = orgs_[dice.below(orgs_.size())];
  auto& newest = contracts_[org];
  const auto drawn = dice.below(8);
  if (drawn == 0) return bring_contract(org, newest);
  auto changed = draw_contract(dice, org, newest.version + 1);
  if (drawn == 1) {
    changed.version = newest.version;  // stale
    return bring_contract(org, changed);
  }
  if (drawn == 2) {
    changed.overage_percent = 7;  // on no offer
    return bring_contract(org, changed);
  }
  if (drawn < 6) {  // smaller
    const auto part = dice.between(20, 95);
    const auto& quota = newest.quota;
    changed.quota =
        schema::Resources(quota.vcpu_milli() * part / 100, quota.ram_mib() * part / 100, quota.disk_gib() * part / 100);
  }
  newest = changed;
  bring_contract(org, changed);
}

void Workload::change_service(Dice& dice) {
  const auto& service = services_[dice.below(services_.size())];
  const bool moves = dice.one_in(8);
  const auto cell = moves ? "cell-" + std::to_string(dice.below(cells_.size())) : service.cell;
  bring_service(service, draw_service(dice, service.name, cell));
}

void Workload::change_cell(Dice& dice) {
  auto cell = cells_.begin();
  std::advance(cell, static_cast<std::ptrdiff_t>(dice.below(cells_.size())));
  simulation::change_cell(dice, cell->second);
  bring_cell(cell->second);
}

}  // namespace virtscale::simulation
