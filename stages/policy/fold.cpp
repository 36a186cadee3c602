#include "stages/policy/fold.hpp"

#include "stages/policy/events.hpp"
#include "stages/policy/invariants.hpp"
#include "stages/policy/step.hpp"

namespace virtscale::policy {
namespace {

struct Dispatch {
  Step& step;
  void operator()(const schema::ScaleWanted* event) const { on_scale_wanted(step, *event); }
  void operator()(const schema::AlertCleared* event) const { on_alert_cleared(step, *event); }
  void operator()(const schema::ServiceApplied* event) const { on_service_applied(step, *event); }
  void operator()(const schema::ContractApplied* event) const { on_contract_applied(step, *event); }
  void operator()(const schema::DomainRunning* event) const { on_domain_running(step, *event); }
  void operator()(const schema::DomainNotStarted* event) const { on_domain_not_started(step, *event); }
  void operator()(const schema::DomainStopped* event) const { on_domain_stopped(step, *event); }
  void operator()(const schema::MailSent* event) const { on_mail_sent(step, *event); }
  void operator()(const schema::MailFailed* event) const { on_mail_failed(step, *event); }
  void operator()(const schema::TimerFired* event) const { on_timer_fired(step, *event); }
  void operator()(const schema::CalendarApplied* event) const { on_calendar_applied(step, *event); }
  void operator()(const schema::PostmortemDrafted* event) const { on_postmortem_drafted(step, *event); }
  void operator()(const schema::PostmortemClosed* event) const { on_postmortem_closed(step, *event); }
};

}  // namespace

void Fold::fold(State& state, const Inbound& inbound, Outbox& outbox) noexcept {
  const auto event = decode(inbound);
  if (!event) return;
  Step step{state, inbound, outbox};
  std::visit(Dispatch{step}, *event);
}

std::string Fold::violated_invariant(const State& state) {
  return policy::violated_invariant(state);
}

}  // namespace virtscale::policy
