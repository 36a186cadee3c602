#include "compose/site/epochs.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "schemas/codec.hpp"
#include "topology/graph.hpp"
#include "topology/host/admission.hpp"
#include "topology/host/http_answers.hpp"

namespace virtscale {
namespace json = boost::json;
namespace {

struct Wanted {
  std::uint32_t epoch = 0;
  std::string version;
};

std::optional<Wanted> wanted_in(std::string_view body) {
  boost::system::error_code error;
  const auto value = json::parse({body.data(), body.size()}, error);
  const auto* object = error ? nullptr : value.if_object();
  const auto* epoch = object == nullptr ? nullptr : object->if_contains("epoch");
  if (epoch == nullptr || !epoch->is_int64()) return std::nullopt;
  const auto number = epoch->get_int64();
  if (number <= first_epoch || number > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  Wanted wanted{static_cast<std::uint32_t>(number), {}};
  const auto* version = object->if_contains("version");
  if (version == nullptr) return wanted;
  if (!version->is_string() || version->get_string().size() > version_bytes_max) return std::nullopt;
  wanted.version = std::string(version->get_string());
  return wanted;
}

void append_to_all(Log& log, EdgeIds& ids, Source stage, const Wanted& wanted) {
  const auto inbox = graph::node_of(stage).inbox;
  schema::FoldActivatedT activated;
  activated.stage = static_cast<std::uint8_t>(stage);
  activated.epoch = wanted.epoch;
  activated.version = wanted.version;
  std::vector<std::vector<std::byte>> events;
  std::vector<LogAppend> appends;
  for (std::uint32_t p = 0; p < log.layout().partitions[static_cast<std::size_t>(inbox)]; ++p) {
    auto& event = events.emplace_back(encode(activated, ""));
    fill_header(event, {.id = ids.next()});
    appends.push_back({{inbox, p}, "", event});
  }
  log.append(appends);
  log.sync();
}

}  // namespace

std::optional<Source> stage_of_epochs_path(std::string_view path) {
  constexpr std::string_view before = "/v1/stages/";
  constexpr std::string_view behind = "/epochs";
  if (!path.starts_with(before) || !path.ends_with(behind) || path.size() <= before.size() + behind.size())
    return std::nullopt;
  const auto name = path.substr(before.size(), path.size() - before.size() - behind.size());
  const auto node = std::ranges::find(graph::stages, name, &graph::StageNode::name);
  return node == graph::stages.end() ? std::nullopt : std::optional(node->stage);
}

HttpResponse activate_epoch(Log& log, EdgeIds& ids, Source stage, std::string_view body,
                            const std::vector<PartitionStatus>& partitions) {
  const std::string name(graph::node_of(stage).name);
  const auto wanted = wanted_in(body);
  if (!wanted)
    return response_to(
        {400, "malformed",
         R"(write {"epoch": N}, with N of 2 or more, and "version" of at most 64 bytes if it has a name)"});
  std::vector<PartitionStatus> own;
  std::ranges::copy_if(partitions, std::back_inserter(own), [&](const auto& status) { return status.stage == name; });
  if (own.empty()) return try_again("this process has no partition of " + name + " yet");
  if (own.front().epoch_newest < wanted->epoch)
    return response_to({409, "not_installed",
                        "this program has epoch " + std::to_string(own.front().epoch_newest) + " of " + name +
                            ": install the version that has epoch " + std::to_string(wanted->epoch) + " first"});
  append_to_all(log, ids, stage, *wanted);
  return {.body = json::serialize(json::object{{"stage", name}, {"epoch", wanted->epoch}}) + "\n"};
}

}  // namespace virtscale
