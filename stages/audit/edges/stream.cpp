#include "stages/audit/edges/stream.hpp"

#include <optional>
#include <vector>

#include "stages/audit/json.hpp"
#include "stages/audit/state.hpp"
#include "stages/audit/step.hpp"

namespace virtscale::audit {
namespace {

constexpr std::size_t reason_bytes_max = 1'024;

/// The beginning of every event's data. Keys are not sorted: this is for reading, not for hashing.
CanonicalJson begin(const schema::Event& event, Instant at, Arena& arena) {
  CanonicalJson json(arena);
  json.open_object().key("at_us").integer(at.us);
  if (event.header()->scale() != 0) json.key("event").string(to_string(ScaleId{event.header()->scale()}));
  json.key("org").string(text(event.org()));
  return json;
}

struct Told {
  std::string_view name;
  std::string data;
};

/// What a record of `outcomes` says to listeners; nothing for what concerns no scale event.
struct Teller {
  CanonicalJson json;

  Told end(std::string_view name) { return {name, std::string(json.close_object().text())}; }

  Told operator()(const schema::ScaleDecided* decided) {
    json.key("code").string(text(decided->code()));
    json.key("decision").string(decided->decision() == schema::Decision::admitted ? "admitted" : "refused");
    json.key("reason").string(text(decided->reason()), reason_bytes_max);
    json.key("replicas").open_object().key("from").integer(decided->from()).key("to").integer(decided->to());
    json.close_object().key("service").string(text(decided->service()));
    return end("decided");
  }
  Told operator()(const schema::DomainPlaced* placed) {
    json.key("domain").string(text(placed->domain())).key("node").string(text(placed->node()));
    json.key("numa").integer(placed->numa()).key("zone").string(text(placed->zone()));
    return end("placed");
  }
  Told operator()(const schema::DomainServing* serving) {
    json.key("address").string(text(serving->address())).key("backends").integer(serving->backends());
    json.key("domain").string(text(serving->domain())).key("port").integer(serving->port());
    return end("serving");
  }
  Told operator()(const schema::DomainFailed* failed) {
    json.key("domain").string(text(failed->domain())).key("reason").string(text(failed->reason()), reason_bytes_max);
    return end("failed");
  }
  Told operator()(const schema::DomainRemoved* removed) {
    json.key("domain").string(text(removed->domain()));
    return end("removed");
  }
  Told operator()(const schema::OwnerNotified* mail) {
    json.key("sent").value(mail->sent() ? "true" : "false").key("to").string(text(mail->to()));
    return end("notified");
  }
  Told operator()(const schema::RefusalEnded* ended) {
    json.key("reason").string(text(ended->reason()), reason_bytes_max);
    return end("ended");
  }
  Told operator()(const schema::ScaleAnswered*) { return {}; }
  Told operator()(const schema::DocumentFolded*) { return {}; }
  Told operator()(const schema::CheckpointSigned*) { return {}; }
};

bool opens(std::string_view name) {
  return name == "decided" || name == "placed" || name == "serving";
}

}  // namespace

bool EventStream::listen(std::shared_ptr<HttpResponder> responder, std::string org) {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (listeners_.size() >= listeners_max) return false;
    number = next_listener_++;
    listeners_.emplace(number, Listener{responder, std::move(org)});
    listening_ = listeners_.size();
  }
  responder->open_stream("text/event-stream", [self = weak_from_this(), number] {
    if (const auto stream = self.lock()) stream->forget(number);
  });
  responder->write(": events from now on\n\n");
  return true;
}

void EventStream::forget(std::uint64_t listener) {
  const std::lock_guard lock(mutex_);
  listeners_.erase(listener);
  listening_ = listeners_.size();
  if (!listeners_.empty()) return;
  open_.clear();
  lines_.clear();
  waiting_ = 0;
}

// Responders are written to without the lock: one that cuts its client off calls `forget`.
void EventStream::send(std::string_view org, std::string_view name, std::string_view data) {
  std::vector<std::shared_ptr<HttpResponder>> responders;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, listener] : listeners_) {
      if (listener.org.empty() || listener.org == org) responders.push_back(listener.responder);
    }
  }
  const auto chunk = "event: " + std::string(name) + "\ndata: " + std::string(data) + "\n\n";
  for (const auto& responder : responders) responder->write(chunk);
}

void EventStream::tell(const LogRecord& record) {
  if (listening_ == 0) return;
  const auto* event = schema::verify_event(record.value);
  if (event == nullptr) return;
  if (event->body_as_LineAppended() != nullptr) return tell_line(*event, record.timestamp);
  if (event->body_as_CheckpointPublished() != nullptr) return tell_checkpoint(*event, record.timestamp);
  if (event->header()->scale() != 0) tell_outcome(*event, record);
}

bool EventStream::is_new(const std::string& key) {
  const std::lock_guard lock(mutex_);
  if (open_.size() >= followed_max) open_.erase(open_.begin());
  return open_.insert(key).second;
}

void EventStream::tell_outcome(const schema::Event& event, const LogRecord& record) {
  const auto at = record.timestamp;
  Inbound inbound{};
  inbound.event = record.value;
  const auto body = decode(inbound);
  if (!body) return;
  Arena arena;
  const auto told = std::visit(Teller{begin(event, at, arena)}, *body);
  if (told.name.empty()) return;
  const auto org = text(event.org());
  if (opens(told.name) && is_new(scale_key(org, ScaleId{event.header()->scale()}).str()))
    send(org, "opened", begin(event, at, arena).close_object().text());
  send(org, told.name, told.data);
}

void EventStream::tell_line(const schema::Event& event, Instant at) {
  const auto index = event.body_as_LineAppended()->index();
  const ScaleId scale{event.header()->scale()};
  const auto org = text(event.org());
  {
    const std::lock_guard lock(mutex_);
    open_.erase(scale_key(org, scale).str());
    auto& lines = lines_[std::string(org)];
    if (waiting_ < followed_max) {
      lines.push_back({index, to_string(scale)});
      ++waiting_;
    }
  }
  Arena arena;
  auto json = begin(event, at, arena);
  send(org, "written", json.key("line").integer(static_cast<std::int64_t>(index)).close_object().text());
}

void EventStream::tell_checkpoint(const schema::Event& event, Instant at) {
  const auto size = event.body_as_CheckpointPublished()->size();
  const auto org = text(event.org());
  std::vector<Line> settled;
  {
    const std::lock_guard lock(mutex_);
    auto& lines = lines_[std::string(org)];
    for (; !lines.empty() && lines.front().index < size; lines.pop_front(), --waiting_)
      settled.push_back(std::move(lines.front()));
  }
  for (const auto& line : settled) {
    Arena arena;
    CanonicalJson json(arena);
    json.open_object().key("at_us").integer(at.us).key("event").string(line.event);
    json.key("line").integer(static_cast<std::int64_t>(line.index)).key("org").string(org);
    send(org, "settled", json.close_object().text());
  }
}

}  // namespace virtscale::audit
