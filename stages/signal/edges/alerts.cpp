// POST /v1/orgs/{org}/alerts.
#include <atomic>
#include <boost/json.hpp>
#include <set>
#include <utility>

#include "stages/signal/edges/routes.hpp"
#include "stages/signal/edges/webhook.hpp"
#include "stages/signal/state.hpp"
#include "topology/host/http_answers.hpp"

namespace virtscale::signal {
namespace {

/// So many services of one body get their queue depth; one body is one group of alerts, mostly of one service.
constexpr std::size_t queue_depths_max = 100;

// One webhook on its way into the log: first the queue depths come in, then the log's answers.
struct Posting {
  std::shared_ptr<Edges> edges;
  std::string org;
  Responder to;
  std::vector<AlertEvent> events;
  std::map<std::string, std::int64_t> depths;  // by service; the keys stand before the first answer comes
  std::atomic<std::size_t> missing = 0;
  std::mutex mutex;
  std::string error;  // the first of the log's
};

HttpResponse accepted(const Posting& posting) {
  std::int64_t unroutable = 0;
  for (const auto& event : posting.events)
    unroutable += std::holds_alternative<schema::AlertUnroutableT>(event) ? 1 : 0;
  boost::json::object body;
  body["alerts"] = posting.events.size();
  body["unroutable"] = unroutable;
  return {202, "application/json", boost::json::serialize(body)};
}

void appended(const std::shared_ptr<Posting>& posting, const std::string* error) {
  if (error != nullptr) {
    const std::lock_guard lock(posting->mutex);
    if (posting->error.empty()) posting->error = *error;
  }
  if (--posting->missing > 0) return;
  // Alertmanager sends all of it again; what is in the log by then changes nothing.
  posting->to->respond(posting->error.empty() ? accepted(*posting) : try_again(posting->error));
}

std::string key_of(const Posting& posting, const AlertEvent& event) {
  if (const auto* raised = std::get_if<schema::AlertRaisedT>(&event)) return join(posting.org, raised->service);
  if (const auto* resolved = std::get_if<schema::AlertResolvedT>(&event)) return join(posting.org, resolved->service);
  return join(posting.org, "");
}

void append_all(const std::shared_ptr<Posting>& posting) {
  posting->missing = posting->events.size();
  auto& log = posting->edges->parts.log;
  for (auto& event : posting->events) {
    if (auto* raised = std::get_if<schema::AlertRaisedT>(&event)) {
      const auto depth = posting->depths.find(raised->service);
      raised->queue_depth = depth == posting->depths.end() ? -1 : depth->second;
    }
    auto bytes = std::visit([&](const auto& body) { return schema::encode(body, posting->org); }, event);
    log.append(log.next_id(), Topic::alerts, key_of(*posting, event), std::move(bytes),
               [posting](const std::string* error) { appended(posting, error); });
  }
}

void ask_depths(const std::shared_ptr<Posting>& posting) {
  // Each answer writes a row of its own, so that no lock is needed; the last one goes on.
  posting->missing = posting->depths.size();
  for (auto& row : posting->depths) {
    posting->edges->parts.queue_depth(posting->org, row.first, [posting, &depth = row.second](std::int64_t requests) {
      depth = requests < 0 ? -1 : requests;
      if (--posting->missing == 0) append_all(posting);
    });
  }
}

}  // namespace

void post_alerts(const std::shared_ptr<Edges>& edges, const Admission& who, const HttpRequest& request, Responder to) {
  auto webhook = read_webhook(request.body);
  if (!webhook.fault.empty()) return to->respond(response_to({400, "malformed", std::move(webhook.fault)}));
  const auto posting = std::make_shared<Posting>();
  posting->edges = edges;
  posting->org = who.org;
  posting->to = std::move(to);
  posting->events = std::move(webhook.events);
  if (posting->events.empty()) return posting->to->respond(accepted(*posting));
  for (const auto& event : posting->events) {
    const auto* raised = std::get_if<schema::AlertRaisedT>(&event);
    if (raised != nullptr && posting->depths.size() < queue_depths_max)
      posting->depths.try_emplace(raised->service, -1);
  }
  if (posting->depths.empty() || !edges->parts.queue_depth) return append_all(posting);
  ask_depths(posting);
}

}  // namespace virtscale::signal
