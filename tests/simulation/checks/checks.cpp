#include "tests/simulation/checks/checks.hpp"

#include "tests/simulation/world/signing.hpp"

namespace virtscale::simulation {
namespace {

constexpr std::uint32_t actions_of_a_run = 8;  // fewer happen only in a run that was cut

}  // namespace

Checks::Checks(const Stageplay& play, World& world)
    : story_(play.story),
      view_(play.view),
      world_(world),
      wishes_(play.story),
      books_(play.story),
      limits_(play.story),
      outcomes_(play.story, simulation_keys()),
      mails_(play.story, play.view),
      machines_(play.story, play.view, world) {
  world_.fleet.on_begin = [this](const Machine& machine) { machines_.note_begin(machine); };
  world_.pools.on_add = [this](const std::string& backend, const std::string& server) {
    machines_.note_server(backend, server);
  };
  world_.fleet.on_end = [this](const Machine& machine) { machines_.note_end(machine); };
  world_.mailbox.on_mail = [this](const Received& received) { mails_.note_mail(received); };
}

void Checks::after_record(const Recorded& record, const Step* step) {
  // What may be rejected, and that it is there whole, is the engine's matter.
  if (record.from.topic == Topic::deadletters) return;
  if (record.event == nullptr || record.copy || (step != nullptr && step->fate != Fate::folded)) return;
  ++records_;
  note(record);
}

void Checks::note(const Recorded& record) {
  switch (record.from.topic) {
    case Topic::alerts:
      wishes_.note_alert(record);
      return outcomes_.note_alert(record);
    case Topic::signals:
      outcomes_.note_alert(record);
      wishes_.note_signal(record);
      books_.note_signal(record);
      mails_.note_signal(record);
      return machines_.note_signal(record);
    case Topic::decisions:
      outcomes_.note_alert(record);
      outcomes_.note_decision(record);
      limits_.note_decision(record);
      return machines_.note_decision(record);
    case Topic::placements:
      return machines_.note_placement(record);
    case Topic::outcomes:
      books_.note_outcome(record);
      limits_.note_outcome(record);
      machines_.note_outcome(record);
      outcomes_.note_outcome(record);
      return mails_.note_outcome(record);
    default:
      return outcomes_.note_line(record);
  }
}

void Checks::judge(const std::set<EventId>& acknowledged) {
  books_.close();
  check_held();
  outcomes_.judge(acknowledged);
  mails_.judge();
  limits_.judge();
}

void Checks::check_held() {
  std::map<std::string, std::size_t> running;
  for (const auto& [name, machine] : world_.fleet.machines()) {
    ++running[machine.order.org];
    if (!books_.holds(machine.order.org, name))
      story_.violated("committed equals what runs", name + " runs, and is not in the books");
  }
  for (const auto& [org, count] : running) {
    if (books_.held_by(org) != count)
      story_.violated("committed equals what runs", org + " holds " + std::to_string(books_.held_by(org)) +
                                                        " domains, and " + std::to_string(count) + " run");
  }
}

std::string Checks::vacuous(std::uint32_t actions) const {
  if (actions < actions_of_a_run) return {};
  if (records_ < 2 * actions) return "fewer records than two for each action";
  if (outcomes_.requests() == 0 && outcomes_.decisions() == 0) return "nothing was asked and nothing decided";
  return {};
}

}  // namespace virtscale::simulation
