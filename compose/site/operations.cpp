#include "compose/site/operations.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "compose/site/epochs.hpp"
#include "schemas/codec.hpp"
#include "topology/host/http_answers.hpp"

namespace virtscale {
namespace json = boost::json;
namespace {

using Responder = std::shared_ptr<HttpResponder>;

constexpr std::string_view deadletters_path = "/v1/deadletters";

void answer(const Responder& to, unsigned status, const json::value& body) {
  to->respond({.status = status, .body = json::serialize(body) + "\n"});
}

bool may_operate(const Authorizer& authorizer, const HttpRequest& request, const Responder& to) {
  auto objection = objection_to(request, authorizer, {"", "this path is for operators; the token is an org's"});
  if (objection) to->respond(std::move(*objection));
  return !objection;
}

json::object json_of(const PartitionStatus& status) {
  return {{"stage", status.stage},
          {"partition", status.partition},
          {"next_offset", status.next_offset},
          {"end_offset", status.end_offset},
          {"lag", status.end_offset - std::min(status.end_offset, status.next_offset)},
          {"requests_pending", status.requests_pending},
          {"timers", status.timers},
          {"epoch", status.epoch},
          {"epoch_newest", status.epoch_newest},
          {"ready", status.ready},
          {"stopped", status.stopped}};
}

json::object stages_json(const std::vector<PartitionStatus>& partitions) {
  json::array all;
  for (const auto& status : partitions) all.push_back(json_of(status));
  return {{"partitions", std::move(all)}};
}

// A position is PARTITION-OFFSET on the topic `deadletters`.
struct Position {
  std::uint32_t partition = 0;
  std::uint64_t offset = 0;
};

bool parse(std::string_view text, Position& position) {
  const auto dash = text.find('-');
  if (dash == text.npos) return false;
  const auto* end = text.data() + text.size();
  const auto a = std::from_chars(text.data(), text.data() + dash, position.partition);
  const auto b = std::from_chars(text.data() + dash + 1, end, position.offset);
  return a.ec == std::errc() && a.ptr == text.data() + dash && b.ec == std::errc() && b.ptr == end;
}

class DeadLetters {
 public:
  explicit DeadLetters(Log& log) : log_(log) {}

  json::object list() const {
    json::array letters;
    for (std::uint32_t p = 0; p < partitions(); ++p) {
      const TopicPartition from{Topic::deadletters, p};
      const auto end = log_.end(from);
      log_.read(from, end - std::min<std::uint64_t>(end, deadletters_listed_max), deadletters_listed_max,
                [&](const LogRecord& record) {
                  if (const auto* rejected = rejected_in(record)) letters.push_back(summary(record, *rejected));
                  return true;
                });
    }
    return {{"deadletters", std::move(letters)}};
  }

  // Calls `visit` with the letter; false if there is none at the position.
  bool visit(Position position,
             const std::function<void(const LogRecord&, const schema::RecordRejected&)>& visit) const {
    bool found = false;
    if (position.partition >= partitions()) return false;
    log_.read({Topic::deadletters, position.partition}, position.offset, 1, [&](const LogRecord& record) {
      const auto* rejected = record.offset == position.offset ? rejected_in(record) : nullptr;
      if (rejected == nullptr) return false;
      found = true;
      visit(record, *rejected);
      return false;
    });
    return found;
  }

  static json::object summary(const LogRecord& record, const schema::RecordRejected& rejected) {
    const auto topic = std::min<std::size_t>(rejected.topic(), topics_count - 1);
    return {{"position", std::to_string(record.from.partition) + "-" + std::to_string(record.offset)},
            {"at_us", rejected.timestamp_us()},
            {"topic", topic_names[topic]},
            {"partition", rejected.partition()},
            {"offset", rejected.offset()},
            {"bytes", rejected.value() == nullptr ? 0U : rejected.value()->size()},
            {"reason", rejected.reason()->str()}};
  }

 private:
  std::uint32_t partitions() const { return log_.layout().partitions[static_cast<std::size_t>(Topic::deadletters)]; }

  static const schema::RecordRejected* rejected_in(const LogRecord& record) {
    const auto* event = schema::verify_event(record.value);
    return event == nullptr ? nullptr : event->body_as_RecordRejected();
  }

  Log& log_;
};

std::string hexadecimal(const flatbuffers::Vector<std::uint8_t>* bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  if (bytes == nullptr) return text;
  text.reserve(bytes->size() * 2);
  for (const auto byte : *bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

json::object shown(const LogRecord& record, const schema::RecordRejected& rejected) {
  auto letter = DeadLetters::summary(record, rejected);
  letter["key"] = rejected.key() == nullptr ? "" : rejected.key()->str();
  letter["value_hex"] = hexadecimal(rejected.value());
  return letter;
}

class Operations {
 public:
  explicit Operations(OperationsPorts ports) : ports_(std::move(ports)), letters_(ports_.log) {}

  // False if the path is not an operation's.
  bool handle(const HttpRequest& request, const Responder& to) {
    if (request.path == "/healthz") return answer(to, 200, json::object{{"status", "up"}}), true;
    if (request.path == "/metrics") {
      to->respond({.content_type = "text/plain; version=0.0.4", .body = ports_.metrics.render()});
      return true;
    }
    if (request.path == "/readyz") return readiness(to), true;
    if (request.path == "/v1/stages") {
      if (may_operate(ports_.authorizer, request, to)) {
        ports_.read_status([to](const auto& partitions) { answer(to, 200, stages_json(partitions)); });
      }
      return true;
    }
    if (const auto stage = stage_of_epochs_path(request.path)) return activate(*stage, request, to), true;
    if (!request.path.starts_with(deadletters_path)) return false;
    if (may_operate(ports_.authorizer, request, to)) deadletters(request, to);
    return true;
  }

 private:
  void readiness(const Responder& to) {
    const auto waiting_for = ports_.waiting_for ? ports_.waiting_for() : std::string();
    if (!waiting_for.empty()) return answer(to, 503, json::object{{"waiting_for", waiting_for}});
    ports_.read_status([to](const std::vector<PartitionStatus>& partitions) {
      const bool ready = std::all_of(partitions.begin(), partitions.end(),
                                     [](const auto& status) { return status.ready && !status.stopped; });
      answer(to, ready ? 200 : 503, stages_json(partitions));
    });
  }

  void activate(Source stage, const HttpRequest& request, const Responder& to) {
    if (!may_operate(ports_.authorizer, request, to)) return;
    if (request.method != "POST") return to->respond(wrong_method("POST"));
    ports_.read_status([this, stage, body = request.body, to](const std::vector<PartitionStatus>& partitions) {
      try {
        to->respond(activate_epoch(ports_.log, ports_.ids, stage, body, partitions));
      } catch (const LogError& error) {
        to->respond(try_again(error.what()));
      }
    });
  }

  void deadletters(const HttpRequest& request, const Responder& to) {
    auto rest = std::string_view(request.path).substr(deadletters_path.size());
    if (rest.empty()) return answer(to, 200, letters_.list());
    rest.remove_prefix(1);
    constexpr std::string_view resubmit = "/resubmit";
    const bool again = rest.ends_with(resubmit);
    if (again) rest.remove_suffix(resubmit.size());
    Position position;
    if (!parse(rest, position))
      return to->respond(response_to({400, "malformed", "a position is PARTITION-OFFSET, such as 0-17"}));
    if ((request.method == "POST") != again) return to->respond(wrong_method(again ? "POST" : "GET"));
    json::object letter;
    const bool found = letters_.visit(position, [&](const LogRecord& record, const schema::RecordRejected& rejected) {
      letter = shown(record, rejected);
      if (again) append_again(rejected);
    });
    if (!found) return to->respond(response_to({404, "not_found", "there is no dead letter at " + std::string(rest)}));
    answer(to, again ? 202 : 200, letter);
  }

  // To the partition that it came from: an event of a lane is then taken as the copy or the successor that it is.
  void append_again(const schema::RecordRejected& rejected) {
    const std::string key = rejected.key() == nullptr ? "" : rejected.key()->str();
    const auto* value = rejected.value();
    const LogAppend append{{static_cast<Topic>(rejected.topic()), rejected.partition()},
                           key,
                           value == nullptr ? Bytes() : std::as_bytes(std::span(value->data(), value->size()))};
    ports_.log.append({&append, 1});
    ports_.log.sync();
  }

  OperationsPorts ports_;
  DeadLetters letters_;
};

}  // namespace

HttpHandler make_operations_handler(OperationsPorts ports, HttpHandler next) {
  const auto operations = std::make_shared<Operations>(std::move(ports));
  return [operations, next = std::move(next)](const HttpRequest& request, std::shared_ptr<HttpResponder> to) {
    try {
      if (!operations->handle(request, to)) next(request, std::move(to));
    } catch (const LogError& error) {
      to->respond(try_again(error.what()));
    }
  };
}

}  // namespace virtscale
