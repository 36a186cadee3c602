#include "replay/postmortem/words.hpp"

#include <cstdio>

#include "replay/decision/fields.hpp"
#include "replay/text.hpp"
#include "stages/policy/gate.hpp"
#include "topology/graph.hpp"
#include "topology/host/admission.hpp"

namespace virtscale::replay {
namespace {

std::string text(const flatbuffers::String* string) {
  return string == nullptr ? std::string() : string->str();
}

std::string attempts_text(std::uint32_t attempts) {
  return attempts > 1 ? " at attempt " + std::to_string(attempts) : "";
}

std::string value_text(std::int64_t value_milli, std::int64_t queue_depth) {
  return "value " + milli_text(value_milli) + (queue_depth < 0 ? "" : ", queue depth " + std::to_string(queue_depth));
}

// One overload for each event that has words of its own. The order of the pipeline.
std::string say(const schema::AlertRaised& e) {
  return "Alert " + text(e.name()) + " fires on " + text(e.service()) + ": " +
         value_text(e.value_milli(), e.queue_depth());
}
std::string say(const schema::ScaleRequested& e) {
  const auto sign = e.mode() == schema::ScaleMode::to ? "=" : e.amount() < 0 ? "" : "+";
  return "A scale of " + text(e.service()) + " by " + sign + std::to_string(e.amount()) + " is requested";
}
std::string say(const schema::ScheduleDue& e) {
  return "The schedule " + text(e.cron()) + " of " + text(e.service()) + " is due";
}
std::string say(const schema::AlertCleared& e) {
  return "Alert " + text(e.name()) + " no longer fires on " + text(e.service());
}
std::string say(const schema::AlertResolved& e) {
  return "Alert " + text(e.name()) + " on " + text(e.service()) + " is resolved";
}
std::string say(const schema::ScaleWanted& e) {
  return "The wish for " + text(e.service()) + " reaches policy";
}
std::string say(const schema::ScaleAdmitted& e) {
  return "The scale of " + text(e.service()) + " from " + std::to_string(e.from()) + " to " + std::to_string(e.to()) +
         " reaches orchestration";
}
std::string say(const schema::ScaleDecided& e) {
  return std::string("Decided: ") + (e.decision() == schema::Decision::admitted ? "admitted. " : "refused. ") +
         text(e.reason());
}
std::string say(const schema::RefusalEnded& e) {
  return "The refusal ends: " + text(e.reason());
}
std::string say(const schema::MailSent& e) {
  return "The mail to the owner is sent" + attempts_text(e.attempts());
}
std::string say(const schema::MailFailed& e) {
  return "The mail to the owner is given up" + attempts_text(e.attempts()) + ": " + text(e.reason());
}
std::string say(const schema::OwnerNotified& e) {
  return e.sent() ? "The owner has been mailed" : "The owner could not be mailed: " + text(e.detail());
}
std::string say(const schema::DomainPlaced& e) {
  return "Domain " + text(e.domain()) + " is placed on " + text(e.node()) + ", " + text(e.zone()) + ", NUMA node " +
         std::to_string(e.numa());
}
std::string say(const schema::DomainSpawned& e) {
  return "Domain " + text(e.domain()) + " is started at " + text(e.address()) + ":" + std::to_string(e.port()) +
         attempts_text(e.attempts());
}
std::string say(const schema::SpawnFailed& e) {
  return "Domain " + text(e.domain()) + " could not be started" + attempts_text(e.attempts()) + ": " + text(e.reason());
}
std::string say(const schema::DomainStarted& e) {
  return "Domain " + text(e.domain()) + " is handed to dataplane";
}
std::string say(const schema::DomainRunning& e) {
  return "Domain " + text(e.domain()) + " counts as committed";
}
std::string say(const schema::DomainNotStarted& e) {
  return "What was reserved for domain " + text(e.domain()) + " is given back: " + text(e.reason());
}
std::string say(const schema::LivenessPassed& e) {
  return "Domain " + text(e.domain()) + " answers probe " + std::to_string(e.attempts());
}
std::string say(const schema::LivenessFailed& e) {
  return "Domain " + text(e.domain()) + " answered none of " + count_text(e.attempts(), "probe") + ": " +
         text(e.reason());
}
std::string say(const schema::BackendAdded& e) {
  return "The load balancer has domain " + text(e.domain()) + attempts_text(e.attempts()) + ": " +
         count_text(e.backends(), "backend");
}
std::string say(const schema::BackendRefused& e) {
  return "The load balancer did not take domain " + text(e.domain()) + attempts_text(e.attempts()) + ": " +
         text(e.reason());
}
std::string say(const schema::DomainServing& e) {
  return "Domain " + text(e.domain()) + " serves: audit is told";
}
std::string say(const schema::BackendFailed& e) {
  return "Domain " + text(e.domain()) + " is given up: " + text(e.reason());
}
std::string say(const schema::DomainFailed& e) {
  return "Domain " + text(e.domain()) + " has failed: " + text(e.reason());
}
std::string say(const schema::DomainRetired& e) {
  return "Domain " + text(e.domain()) + " is to leave";
}
std::string say(const schema::BackendDrained& e) {
  return "Domain " + text(e.domain()) + " is out of the load balancer: " + count_text(e.backends(), "backend");
}
std::string say(const schema::BackendGone& e) {
  return "Domain " + text(e.domain()) + " has no traffic any more";
}
std::string say(const schema::DomainHalted& e) {
  return "Domain " + text(e.domain()) + " is stopped" + attempts_text(e.attempts());
}
std::string say(const schema::DomainRemoved& e) {
  return "Domain " + text(e.domain()) + " is gone";
}
std::string say(const schema::DomainStopped& e) {
  return "What domain " + text(e.domain()) + " used is given back";
}
std::string say(const schema::TimerFired& e) {
  return "The timer " + text(e.key()) + " rings";
}
std::string say(const schema::LineAppended& e) {
  return "Ledger line " + std::to_string(e.index()) + " is written";
}
std::string say(const schema::CheckpointSigned& e) {
  return "A checkpoint of " + count_text(static_cast<std::int64_t>(e.size()), "line") + " is signed with " +
         text(e.key());
}
std::string say(const schema::CheckpointPublished& e) {
  return "The signed checkpoint of " + count_text(static_cast<std::int64_t>(e.size()), "line") + " is published";
}

template <class... Bodies>
std::string say_any(const TracedRecord& record) {
  std::string said;
  const auto attempt = [&](const auto* body) {
    if (body != nullptr && said.empty()) said = say(*body);
  };
  (attempt(body_of<Bodies>(record)), ...);
  return said;
}

}  // namespace

std::string seconds_text(std::int64_t us) {
  char text[48];
  const bool is_short = us != 0 && us > -milliseconds_below.us && us < milliseconds_below.us;
  std::snprintf(text, sizeof text, is_short ? "%.3f ms" : "%.3f s", static_cast<double>(us) / (is_short ? 1e3 : 1e6));
  return text;
}

std::string moment_text(Instant at) {
  const auto whole = to_text(at);
  return whole.substr(0, 10) + " " + whole.substr(11, 12);
}

std::string time_text(Instant at) {
  return to_text(at).substr(11, 12);
}

std::string milli_text(std::int64_t milli) {
  return policy::milli_text(milli);
}

std::string count_text(std::int64_t count, std::string_view noun) {
  return policy::count_text(count, noun);
}

std::string phrase_of(const TracedRecord& record) {
  using namespace schema;
  const auto said = say_any<AlertRaised, AlertResolved, AlertCleared, ScaleRequested, ScheduleDue, ScaleWanted,
                            ScaleAdmitted, ScaleDecided, RefusalEnded, MailSent, MailFailed, OwnerNotified,
                            DomainPlaced, DomainSpawned, SpawnFailed, DomainStarted, DomainRunning, DomainNotStarted,
                            LivenessPassed, LivenessFailed, BackendAdded, BackendRefused, DomainServing, BackendFailed,
                            DomainFailed, DomainRetired, BackendDrained, BackendGone, DomainHalted, DomainRemoved,
                            DomainStopped, TimerFired, LineAppended, CheckpointSigned, CheckpointPublished>(record);
  if (!said.empty()) return said;
  return std::string(body_name(record.kept.value)) + ": " + in_words(body_fields(record.kept.value)).substr(0, 200);
}

std::string author_of(const TracedRecord& record) {
  const auto id = id_of(record.event().header()->id());
  return id.stage == Source::edge ? "outside" : std::string(graph::node_of(id.stage).name);
}

std::vector<std::string> cites(const RecordPlace& at) {
  return {place(at.of, at.offset)};
}

std::vector<std::string> cites(const LineAt& line) {
  return {"line " + std::to_string(line.line.index), place(line.place.of, line.place.offset)};
}

}  // namespace virtscale::replay
