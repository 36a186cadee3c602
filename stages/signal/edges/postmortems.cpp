// POST /v1/orgs/{org}/postmortems and /postmortems/closed: a draft is made known, and a postmortem is closed. The
// documents stay with their writers; what the log keeps is their hashes.
#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "stages/signal/edges/json_body.hpp"
#include "stages/signal/edges/routes.hpp"
#include "stages/signal/events.hpp"
#include "topology/host/http_answers.hpp"

namespace virtscale::signal {
namespace {

namespace json = boost::json;

// The name of a file with its ending fits into what file systems take, 255 bytes.
constexpr std::size_t postmortem_name_bytes_max = 200;

struct Member {
  std::string_view name;
  std::string& value;
  enum class Presence : std::uint8_t { needed, optional } presence = Presence::needed;
};

// What is wrong with the body, or nothing: it is an object of these members, all of them texts.
std::string read_members(const std::string& body, const std::vector<Member>& members) {
  const auto read = read_json(body);
  if (!read.value) return read.fault;
  const auto* object = read.value->if_object();
  if (object == nullptr) return "the body must be an object";
  for (const auto& [key, value] : *object) {
    const std::string_view name = key;
    const auto member = std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.name == name; });
    if (member == members.end()) return std::string(name) + ": is not known here";
    if (!value.is_string()) return std::string(name) + ": must be a text";
    member->value = value.get_string();
  }
  for (const auto& member : members) {
    if (member.presence == Member::Presence::needed && member.value.empty())
      return std::string(member.name) + ": is missing";
  }
  return {};
}

std::string fault_in_name(std::string_view name) {
  const bool is_plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-").find(c) != std::string_view::npos;
  });
  if (is_plain && name.front() != '.' && name.size() <= postmortem_name_bytes_max) return {};
  return "name: use letters, digits, '.', '_' and '-', at most 200, not beginning with '.'";
}

unsigned status_of(std::string_view code) {
  if (code == "invalid") return 400;
  return code == "unknown_postmortem" ? 404 : 409;
}

// `answer` is null if none came in time.
HttpResponse response_of(const schema::Event* answer) {
  if (answer == nullptr)
    return response_to({504, "no_decision_yet",
                        "no answer came within 10 s; the postmortem is in the log and will be folded: send it again to "
                        "see"});
  const auto* folded = answer->body_as_DocumentFolded();
  if (folded == nullptr) return response_to({500, "internal", "the postmortem was answered by another event"});
  const auto code = text(folded->code());
  if (!folded->accepted()) return response_to({status_of(code), code, std::string(text(folded->detail()))});
  const json::object body = {{"org", text(answer->org())}, {"name", text(folded->name())}, {"code", code}};
  return {200, "application/json", json::serialize(body)};
}

void append(const std::shared_ptr<Edges>& edges, const std::string& org, std::vector<std::byte> event, Responder to) {
  auto& log = edges->parts.log;
  const auto id = log.next_id();
  const bool waits =
      edges->answers->expect(id, [to](const schema::Event* answer) { to->respond(response_of(answer)); });
  if (!waits) return to->respond(try_again("too many callers wait for a decision"));
  log.append(id, Topic::signals, org, std::move(event), [edges, id, to](const std::string* error) {
    if (error != nullptr && edges->answers->withdraw(id)) to->respond(try_again(*error));
  });
}

}  // namespace

void post_postmortem(const std::shared_ptr<Edges>& edges, const Admission& who, const HttpRequest& request,
                     Responder to) {
  schema::PostmortemDraftedT drafted;
  std::string event_name;
  const auto optional = Member::Presence::optional;
  auto fault = read_members(request.body, {{"name", drafted.name},
                                           {"sha256", drafted.sha256},
                                           {"due", drafted.due},
                                           {"calendar", drafted.calendar, optional},
                                           {"event", event_name, optional}});
  if (fault.empty()) fault = fault_in_name(drafted.name);
  const auto scale = parse_scale(event_name);
  if (fault.empty() && !event_name.empty() && !scale) fault = "event: write a scale event as evt-7f3a91c04be2";
  if (!fault.empty()) return to->respond(response_to({400, "malformed", std::move(fault)}));
  auto event = schema::encode(drafted, who.org);
  schema::mutable_header(event).mutate_scale(scale.value);
  append(edges, who.org, std::move(event), std::move(to));
}

void post_closed_postmortem(const std::shared_ptr<Edges>& edges, const Admission& who, const HttpRequest& request,
                            Responder to) {
  schema::PostmortemClosedT closed;
  auto fault = read_members(request.body, {{"name", closed.name}, {"sha256", closed.sha256}});
  if (fault.empty()) fault = fault_in_name(closed.name);
  if (!fault.empty()) return to->respond(response_to({400, "malformed", std::move(fault)}));
  append(edges, who.org, schema::encode(closed, who.org), std::move(to));
}

}  // namespace virtscale::signal
