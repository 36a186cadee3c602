#include "compose/process/relay.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "compose/cli/client.hpp"
#include "compose/site/crew.hpp"
#include "compose/site/epochs.hpp"
#include "topology/graph.hpp"
#include "topology/host/http_answers.hpp"

namespace virtscale {
namespace json = boost::json;
namespace {

// A relayed request is served where it arrives, so that two processes never send one back and forth.
constexpr std::string_view relayed_header = "virtscale-relayed";
constexpr std::chrono::seconds owners_known_for{1};
constexpr std::string_view stages_path = "/v1/stages";

// What is asked of every process there is.
bool is_for_all(std::string_view path) {
  return path == stages_path || path == snapshots_path;
}

std::string parameter(const HttpRequest& request, const std::string& name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string() : found->second;
}

// The key whose owner has the answer; empty: all of them.
std::string key_of(const HttpRequest& request, Source stage) {
  return parameter(request, stage == Source::orchestration ? "cell" : "org");
}

// Files of ledgers and the stream are the same in every audit process; so is what signal takes in. One of a stage's
// processes begins an epoch for all of them.
bool is_the_same_everywhere(const HttpRequest& request, Source stage) {
  return stage_of_epochs_path(request.path) || stage == Source::signal ||
         (stage == Source::audit && !request.path.starts_with("/v1/scales"));
}

std::string target_of(const HttpRequest& request) {
  std::string target;
  std::string_view path = request.path;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto segment = path.substr(0, path.find('/'));
    target.append("/").append(cli::escaped(segment));
    path.remove_prefix(segment.size());
  }
  char joint = '?';
  for (const auto& [name, value] : request.query) {
    target.append(1, std::exchange(joint, '&')).append(cli::escaped(name)).append("=").append(cli::escaped(value));
  }
  return target;
}

cli::HttpAnswer ask_at(const std::string& url, const HttpRequest& request) {
  const std::string token(bearer_token(request));
  return cli::ask({.server = url, .token = token}, request.method, target_of(request), request.body,
                  {std::string(relayed_header) + ": 1"});
}

HttpResponse response_of(cli::HttpAnswer answer) {
  return {.status = static_cast<unsigned>(answer.status),
          .content_type = answer.content_type,
          .body = std::move(answer.body)};
}

std::vector<std::string> urls_of(const std::vector<Owner>& owners, Topic inbox) {
  std::set<std::string> urls;
  for (const auto& owner : owners) {
    if (owner.inbox.topic == inbox && !owner.url.empty()) urls.insert(owner.url);
  }
  return {urls.begin(), urls.end()};
}

// Lists are joined; of what is true of each alone, `complete` must be of all, and `truncated` may be of one.
void merge(json::object& whole, const json::object& part) {
  for (const auto& [name, value] : part) {
    auto* there = whole.if_contains(name);
    if (there == nullptr) {
      whole[name] = value;
    } else if (there->is_array() && value.is_array()) {
      for (const auto& item : value.get_array()) there->get_array().push_back(item);
    } else if (there->is_bool() && value.is_bool()) {
      *there = name == "complete" ? there->get_bool() && value.get_bool() : there->get_bool() || value.get_bool();
    }
  }
}

json::array json_of(const std::vector<Owner>& owners) {
  json::array all;
  for (const auto& owner : owners) {
    const auto stage = std::ranges::find(graph::stages, owner.inbox.topic, &graph::StageNode::inbox);
    all.push_back(json::object{{"stage", stage->name},
                               {"partition", owner.inbox.partition},
                               {"owner", owner.member},
                               {"url", owner.url},
                               {"committed_offset", owner.committed_offset},
                               {"end_offset", owner.end_offset}});
  }
  return all;
}

}  // namespace

HttpHandler Relay::handler() {
  return
      [self = shared_from_this()](const HttpRequest& request, Responder to) { self->handle(request, std::move(to)); };
}

void Relay::handle(const HttpRequest& request, Responder to) {
  const bool of_all_stages = is_for_all(request.path);
  const bool of_this_process = request.path == "/healthz" || request.path == "/readyz" || request.path == "/metrics" ||
                               request.path.starts_with("/v1/deadletters");
  const auto stage = stage_of_epochs_path(request.path).value_or(stage_serving(request.path));
  const bool served_here = stage == ports_.own && is_the_same_everywhere(request, stage);
  if (request.headers.contains(std::string(relayed_header)) || of_this_process || (served_here && !of_all_stages)) {
    return ports_.serve(request, std::move(to));
  }
  ports_.blocking.post([self = shared_from_this(), request, stage, to = std::move(to)] {
    try {
      self->forward(request, stage, to);
    } catch (const std::exception& error) {
      to->respond(try_again(error.what()));
    }
  });
}

void Relay::forward(const HttpRequest& request, Source stage, const Responder& to) {
  const auto all = owners();
  if (is_for_all(request.path)) return ask_all(request, all, to);
  const auto inbox = graph::node_of(stage).inbox;
  const auto key = key_of(request, stage);
  if (!is_the_same_everywhere(request, stage) && !key.empty()) {
    return ask_owner(request, all, partition_of(key, ports_.layout.partitions[static_cast<std::size_t>(inbox)]), to);
  }
  const auto urls = urls_of(all, inbox);
  if (urls.empty()) {
    const auto name = std::string(graph::node_of(stage).name);
    return to->respond(try_again("no process of stage " + name + " runs at this moment: start virtscale-" + name));
  }
  if (request.path == "/v1/events") {
    return to->respond({.status = 307, .body = "", .headers = {{"Location", urls.front() + target_of(request)}}});
  }
  if (is_the_same_everywhere(request, stage)) return to->respond(response_of(ask_at(urls.front(), request)));
  Owners of_stage;
  std::ranges::copy_if(all, std::back_inserter(of_stage), [&](const Owner& o) { return o.inbox.topic == inbox; });
  ask_all(request, of_stage, to);
}

void Relay::ask_owner(const HttpRequest& request, const Owners& owners, std::uint32_t partition, const Responder& to) {
  const auto inbox = graph::node_of(stage_serving(request.path)).inbox;
  const auto owner = std::ranges::find(owners, TopicPartition{inbox, partition}, &Owner::inbox);
  if (owner == owners.end() || owner->url.empty()) {
    return to->respond(try_again("nobody owns partition " + std::to_string(partition) + " of " +
                                 std::string(name_of(inbox)) + " at this moment"));
  }
  to->respond(response_of(ask_at(owner->url, request)));
}

// One scale event is at one of them; lists are joined.
void Relay::ask_all(const HttpRequest& request, const Owners& owners, const Responder& to) {
  const bool of_one = request.path.starts_with("/v1/scales/");
  json::object whole;
  json::array unreachable;
  std::set<std::string> asked;
  for (const auto& owner : owners) {
    if (owner.url.empty() || !asked.insert(owner.url).second) continue;
    cli::HttpAnswer answer;
    try {
      answer = ask_at(owner.url, request);
    } catch (const cli::NoAnswer&) {
      unreachable.push_back(json::value(owner.url));
      continue;
    }
    if (of_one && answer.status == 404) continue;
    if (of_one || answer.status >= 400) return to->respond(response_of(std::move(answer)));
    merge(whole, json::parse(answer.body).as_object());
  }
  if (of_one) return to->respond(response_to({404, "not_found", "no scale event has this id"}));
  if (!unreachable.empty()) whole["unreachable"] = std::move(unreachable);
  if (request.path == stages_path) whole["owners"] = json_of(owners);
  to->respond({.body = json::serialize(whole) + "\n"});
}

Relay::Owners Relay::owners() {
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (now < known_until_) return known_;
  known_ = ports_.membership.owners();
  known_until_ = now + owners_known_for;
  return known_;
}

}  // namespace virtscale
