// PUT /v1/documents: all of a file or nothing, as far as can be seen before; the folds have the last word.
//
// Cells come first, then contracts, services and calendars, and each kind is awaited before the next: a service that
// names a cell or needs a contract of the same file finds it.
#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <set>
#include <utility>

#include "stages/signal/calendar/cron.hpp"
#include "stages/signal/edges/json_body.hpp"
#include "stages/signal/edges/routes.hpp"
#include "stages/signal/edges/text.hpp"
#include "stages/signal/events.hpp"
#include "topology/host/http_answers.hpp"

namespace virtscale::signal {
namespace {

namespace json = boost::json;

constexpr std::size_t file_name_bytes_max = 255;
constexpr std::array kinds = {DocumentKind::cell, DocumentKind::contract, DocumentKind::service,
                              DocumentKind::calendar};

// What became of one document.
struct Outcome {
  enum class End : std::uint8_t { not_applied, accepted, refused, late, not_durable } end = End::not_applied;
  std::string code = "not_applied";
  std::string detail;
  std::int64_t version = 0;
};

// One file on its way. Each callback writes the outcome of its own document; the last of a kind goes on.
struct Applying {
  std::shared_ptr<Edges> edges;
  Responder to;
  std::vector<Document> documents;
  std::vector<Outcome> outcomes;
  std::size_t next_kind = 0;
  std::atomic<std::size_t> missing = 0;
};

// --- Before anything is appended ------------------------------------------------------------------------------------

constexpr std::string_view no_such_zone = "zone: there is no such time zone; write an IANA name, such as Europe/Berlin";

void check_schedule(const schema::ScaleRule& rule, DocumentPlace at, std::vector<DocumentFault>& faults) {
  std::string fault;
  if (!parse_cron(text(rule.cron()), fault)) faults.push_back({at.line, at.column, "at: " + fault});
  if (!load_zone(text(rule.zone()))) {
    faults.push_back({at.line, at.column, std::string(no_such_zone)});
  }
}

// Readers know nothing of cron and zones: that is signal's part.
void check_schedules(const Document& document, std::vector<DocumentFault>& faults) {
  const auto* event = schema::verify_event(document.event);
  const auto* applied = event == nullptr ? nullptr : event->body_as_ServiceApplied();
  if (applied == nullptr || applied->spec()->rules() == nullptr) return;
  const auto& rules = *applied->spec()->rules();
  for (flatbuffers::uoffset_t i = 0; i < rules.size(); ++i) {
    if (text(rules[i]->cron()).empty()) continue;
    check_schedule(*rules[i], i < document.rules.size() ? document.rules[i] : document.at, faults);
  }
}

void check_zone(const Document& document, std::vector<DocumentFault>& faults) {
  const auto* event = schema::verify_event(document.event);
  const auto* applied = event == nullptr ? nullptr : event->body_as_CalendarApplied();
  if (applied != nullptr && !load_zone(text(applied->zone())))
    faults.push_back({document.at.line, document.at.column, std::string(no_such_zone)});
}

void check_names(const Document& document, std::vector<DocumentFault>& faults) {
  const bool has_org = document.kind != DocumentKind::cell;
  if (is_name(document.name) && (!has_org || is_name(document.org))) return;
  faults.push_back(
      {document.at.line, document.at.column,
       "names of orgs, services, cells and calendars have 1 to 63 of a-z, 0-9, '.', '_' and '-', and begin and end "
       "with a letter or digit"});
}

std::vector<DocumentFault> faults_of(ParsedDocuments& parsed) {
  auto faults = std::move(parsed.faults);
  for (const auto& document : parsed.documents) {
    check_names(document, faults);
    check_schedules(document, faults);
    check_zone(document, faults);
  }
  if (faults.empty() && parsed.documents.empty()) faults.push_back({1, 1, "the file has no document"});
  std::stable_sort(faults.begin(), faults.end(), [](const DocumentFault& a, const DocumentFault& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  return faults;
}

// Marks contracts that are older than what this edge has seen, or than another of the same file before them.
std::size_t mark_stale(Applying& applying) {
  std::size_t stale = 0;
  std::map<std::string, std::int64_t> in_file;
  for (std::size_t i = 0; i < applying.documents.size(); ++i) {
    const auto& document = applying.documents[i];
    if (document.kind != DocumentKind::contract) continue;
    auto& latest =
        in_file.try_emplace(document.org, applying.edges->contract_versions.latest(document.org)).first->second;
    if (document.version < latest) {
      ++stale;
      applying.outcomes[i] = {Outcome::End::refused, "stale_version",
                              "version " + std::to_string(document.version) + " of the contract of " + document.org +
                                  " is older than " + std::to_string(latest) + ": raise `version`",
                              latest};
    }
    latest = std::max(latest, document.version);
  }
  return stale;
}

// --- Responses ------------------------------------------------------------------------------------------------------

HttpResponse faulty(const std::vector<DocumentFault>& faults, const std::string& file) {
  json::array places;
  for (const auto& fault : faults) {
    places.push_back({{"file", file}, {"line", fault.line}, {"column", fault.column}, {"message", fault.message}});
  }
  const auto& first = faults.front();
  auto detail = file + ":" + std::to_string(first.line) + ":" + std::to_string(first.column) + ": " + first.message;
  if (faults.size() > 1) detail += " (and " + std::to_string(faults.size() - 1) + " more)";
  return response_to({400, "malformed_documents", detail + "; nothing was applied"},
                     members_of({{"faults", std::move(places)}}));
}

json::array shown(const Applying& applying) {
  json::array all;
  for (std::size_t i = 0; i < applying.documents.size(); ++i) {
    const auto& document = applying.documents[i];
    const auto& outcome = applying.outcomes[i];
    json::object row = {{"kind", name_of(document.kind)}, {"name", document.name}, {"code", outcome.code}};
    if (!document.org.empty()) row["org"] = document.org;
    if (document.version != 0) row["version"] = document.version;
    if (!outcome.detail.empty()) row["detail"] = outcome.detail;
    all.push_back(std::move(row));
  }
  return all;
}

// The outcome that explains the whole: a refusal before trouble with the log before a decision that is late.
const Outcome* gravest(const Applying& applying) {
  for (const auto end : {Outcome::End::refused, Outcome::End::not_durable, Outcome::End::late}) {
    for (const auto& outcome : applying.outcomes) {
      if (outcome.end == end) return &outcome;
    }
  }
  return nullptr;
}

HttpResponse response_of(const Applying& applying) {
  const json::object documents = {{"documents", shown(applying)}};
  const auto* trouble = gravest(applying);
  if (trouble == nullptr) return {200, "application/json", json::serialize(documents)};
  if (trouble->end == Outcome::End::refused)
    return response_to({409, trouble->code, trouble->detail}, members_of(documents));
  if (trouble->end == Outcome::End::late)
    return response_to({504, "no_decision_yet", trouble->detail}, members_of(documents));
  auto response = response_to({503, "not_durable", trouble->detail}, members_of(documents));
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

// --- One kind after the other ---------------------------------------------------------------------------------------

void apply_next_kind(const std::shared_ptr<Applying>& applying);

Outcome outcome_of(const schema::Event* answer) {
  if (answer == nullptr) {
    return {Outcome::End::late, "no_decision_yet",
            "no answer came within 10 s; the document is in the log and will be folded: apply the file again to see",
            0};
  }
  const auto* folded = answer->body_as_DocumentFolded();
  if (folded == nullptr) return {Outcome::End::refused, "internal", "the document was answered by another event", 0};
  return {folded->accepted() ? Outcome::End::accepted : Outcome::End::refused, std::string(text(folded->code())),
          std::string(text(folded->detail())), folded->version()};
}

void ended(const std::shared_ptr<Applying>& applying, std::size_t document, Outcome outcome) {
  applying->outcomes[document] = std::move(outcome);
  if (--applying->missing > 0) return;
  if (gravest(*applying) != nullptr) return applying->to->respond(response_of(*applying));
  apply_next_kind(applying);
}

void append(const std::shared_ptr<Applying>& applying, std::size_t i) {
  const auto& edges = applying->edges;
  const auto& document = applying->documents[i];
  const auto id = edges->parts.log.next_id();
  const bool waits = edges->answers->expect(
      id, [applying, i](const schema::Event* answer) { ended(applying, i, outcome_of(answer)); });
  if (!waits) {
    return ended(applying, i, {Outcome::End::not_durable, "not_durable", "too many callers wait for a decision", 0});
  }
  edges->parts.log.append(id, document.to, document.key, document.event, [applying, i, id](const std::string* error) {
    if (error == nullptr || !applying->edges->answers->withdraw(id)) return;
    ended(applying, i, {Outcome::End::not_durable, "not_durable", *error, 0});
  });
}

void apply_next_kind(const std::shared_ptr<Applying>& applying) {
  std::vector<std::size_t> chosen;
  while (chosen.empty() && applying->next_kind < kinds.size()) {
    const auto kind = kinds[applying->next_kind++];
    for (std::size_t i = 0; i < applying->documents.size(); ++i) {
      if (applying->documents[i].kind == kind) chosen.push_back(i);
    }
  }
  if (chosen.empty()) return applying->to->respond(response_of(*applying));
  applying->missing = chosen.size();
  for (const auto i : chosen) append(applying, i);
}

// A name for messages only: whatever came in, it must be short and printable.
std::string file_name_of(const HttpRequest& request) {
  const auto given = request.query.find("file");
  if (given == request.query.end() || given->second.empty() || given->second.size() > file_name_bytes_max)
    return "body";
  const bool printable =
      std::all_of(given->second.begin(), given->second.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  return printable ? given->second : "body";
}

}  // namespace

void put_documents(const std::shared_ptr<Edges>& edges, const Admission&, const HttpRequest& request, Responder to) {
  const auto file = file_name_of(request);
  auto parsed = edges->parts.read_documents(request.body, file);
  const auto faults = faults_of(parsed);
  if (!faults.empty()) return to->respond(faulty(faults, file));
  const auto applying = std::make_shared<Applying>();
  applying->edges = edges;
  applying->to = std::move(to);
  applying->documents = std::move(parsed.documents);
  applying->outcomes.resize(applying->documents.size());
  if (mark_stale(*applying) > 0) return applying->to->respond(response_of(*applying));
  apply_next_kind(applying);
}

}  // namespace virtscale::signal
