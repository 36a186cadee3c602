#include "tests/simulation/checks/outcomes.hpp"

#include "stages/policy/state.hpp"
#include "tests/simulation/checks/books.hpp"

namespace virtscale::simulation {
namespace {

std::string text_of(const EventId& id) {
  return std::to_string(id.offset) + "." + std::to_string(id.partition) + "." + std::to_string(id.index);
}

}  // namespace

EventId id_in(const schema::EventId& id) {
  return {id.offset(), id.partition(), id.index(), static_cast<Source>(id.stage())};
}

void Outcomes::once(std::uint32_t count, const std::string& what, const Recorded& record) {
  if (count > 1) story_.violated("what happens once happens once", what + " again at " + place_of(record));
}

void Outcomes::note_alert(const Recorded& record) {
  const auto id = id_in(record.event->header()->id());
  if (id.stage != Source::edge) return;
  landed_.insert(id);
  const auto* requested = record.event->body_as_ScaleRequested();
  if (requested == nullptr) return;
  const auto* key = requested->idempotency_key();
  const bool keyed = key != nullptr && key->size() > 0;
  requests_.try_emplace(id, Request{0, keyed ? record.event->org()->str() + "/" + key->str() : ""});
}

void Outcomes::note_decision(const Recorded& record) {
  const auto* admission = record.event->body_as_ScaleAdmitted();
  if (admission == nullptr) return;
  const ScaleId id{record.event->header()->scale()};
  once(++scales_[id].admissions, to_string(id) + " is admitted", record);
}

void Outcomes::note_outcome(const Recorded& record) {
  const auto* event = record.event;
  const ScaleId id{event->header()->scale()};
  if (event->body_as_RefusalEnded() != nullptr)
    once(++scales_[id].ends, "the refusal " + to_string(id) + " ends", record);
  const auto* decided = event->body_as_ScaleDecided();
  if (decided != nullptr) note_decided(record, *decided);
  if (decided != nullptr || event->body_as_ScaleAnswered() != nullptr) note_answer(record);
}

void Outcomes::note_decided(const Recorded& record, const schema::ScaleDecided& decided) {
  const ScaleId id{record.event->header()->scale()};
  auto& scale = scales_[id];
  once(++scale.decisions, to_string(id) + " is decided", record);
  scale.admitted = decided.decision() == schema::Decision::admitted;
  scale.domains = decided.domains();
  scale.growth = decided.to() - decided.from();
  refusals_ += scale.admitted ? 0 : 1;
}

void Outcomes::note_answer(const Recorded& record) {
  const auto answers = id_in(record.event->header()->answers());
  if (!answers) return;
  const auto request = requests_.find(answers);
  if (request == requests_.end())
    return story_.violated("only what was asked is answered", text_of(answers) + " at " + place_of(record));
  once(++request->second.answers, "the request " + text_of(answers) + " is answered", record);
  const auto* decided = record.event->body_as_ScaleDecided();
  if (decided != nullptr && !request->second.key.empty()) check_key(request->second, record, *decided);
}

void Outcomes::check_key(const Request& request, const Recorded& record, const schema::ScaleDecided& decided) {
  const auto [known, is_new] = decided_keys_.emplace(request.key, decided.decided_at_us());
  if (!is_new && decided.decided_at_us() - known->second < policy::request_remembered.us)
    story_.violated("an Idempotency-Key is decided once", request.key + " again at " + place_of(record));
  known->second = decided.decided_at_us();
}

void Outcomes::note_line(const Recorded& record) {
  if (const auto wrong = ledgers_.take(record.as_read(), *record.event))
    story_.violated("every ledger verifies and only grows", wrong->what + ", at " + place_of(record));
  auto& ledger = by_org_[record.event->org()->str()];
  if (const auto* published = record.event->body_as_CheckpointPublished()) ledger.covered = published->size();
  if (const auto* line = record.event->body_as_LineAppended()) {
    ++ledger.lines;
    take_line(record, *line);
  }
}

void Outcomes::take_line(const Recorded& record, const schema::LineAppended& line) {
  const ScaleId id{record.event->header()->scale()};
  auto& scale = scales_[id];
  const auto text = line.line()->string_view();
  const bool ends = text.find("\"ends\":true") != text.npos;
  once(ends ? ++scale.end_lines : ++scale.lines, "the line of " + to_string(id) + " is written", record);
}

void Outcomes::judge_scale(ScaleId id, const Scale& scale) {
  const auto wrong = [&](const std::string& what) {
    story_.violated("each scale event has one decision, one admission and one line", to_string(id) + " " + what);
  };
  if (scale.decisions != 1) wrong("has no decision");
  if (scale.lines != 1) wrong("has no line");
  const bool moves = scale.admitted && scale.growth != 0;
  if (scale.admissions != (moves ? 1U : 0U)) wrong(moves ? "was decided and never admitted" : "was admitted undecided");
  if (scale.end_lines != scale.ends) wrong("has a refusal whose end and whose second line do not match");
}

void Outcomes::judge(const std::set<EventId>& acknowledged) {
  for (const auto& [id, request] : requests_) {
    if (request.answers == 0)
      story_.violated("each request has one outcome", "the request " + text_of(id) + " has none");
  }
  for (const auto& id : acknowledged) {
    if (!landed_.contains(id))
      story_.violated("what was acknowledged is in the log", "the record " + text_of(id) + " is not");
  }
  for (const auto& [id, scale] : scales_) judge_scale(id, scale);
  for (const auto& [org, ledger] : by_org_) {
    if (ledger.covered != ledger.lines)
      story_.violated("every line is signed", org + " has " + std::to_string(ledger.lines) + " lines, and " +
                                                  std::to_string(ledger.covered) + " are covered");
  }
}

}  // namespace virtscale::simulation
