// `virtscale epochs`
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <thread>

#include "compose/cli/printing.hpp"

namespace virtscale::cli {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds active_max{30};  // a stage that folds a long history first is told of, not waited for
constexpr std::chrono::milliseconds between_looks{100};

// The stages' partitions in all processes.
json::array partitions_of(const Context& context, std::string_view stage) {
  const auto answer = ask(context.client, "GET", "/v1/stages");
  if (answer.status != 200) throw NoAnswer(fmt::format("the stages do not tell how far they are: {}", answer.body));
  json::array all;
  const auto body = json_of(answer);
  for (const auto& partition : array_of(body, "partitions")) {
    if (stage.empty() || text_of(partition, "stage") == stage) all.push_back(partition);
  }
  return all;
}

// Who could not fold the epoch, as a sentence; empty: nobody.
std::string who_lacks(const json::array& partitions, const EpochOrder& order) {
  for (const auto& partition : partitions) {
    const auto newest = integer_of(partition, "epoch_newest");
    if (newest < order.epoch)
      return fmt::format(
          "partition {} of {} is folded by a program that has epoch {}: install the version that has epoch {} in every "
          "process of the stage first",
          integer_of(partition, "partition"), order.stage, newest, order.epoch);
  }
  return {};
}

bool is_active(const json::array& partitions, std::int64_t epoch) {
  return !partitions.empty() && std::ranges::all_of(partitions, [&](const json::value& partition) {
    return integer_of(partition, "epoch") >= epoch;
  });
}

bool becomes_active(const Context& context, const EpochOrder& order) {
  const auto until = std::chrono::steady_clock::now() + active_max;
  while (!is_active(partitions_of(context, order.stage), order.epoch)) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(between_looks);
  }
  return true;
}

}  // namespace

Exit epochs_list(const Context& context) {
  const auto partitions = partitions_of(context, "");
  if (context.format == Format::json) {
    print_json(json::object{{"partitions", partitions}});
    return Exit::done;
  }
  std::vector<std::vector<std::string>> rows{{"STAGE", "PARTITION", "EPOCH", "PROGRAM HAS"}};
  for (const auto& one : partitions) {
    rows.push_back(
        {text_of(one, "stage"), text_of(one, "partition"), text_of(one, "epoch"), text_of(one, "epoch_newest")});
  }
  print_table(rows);
  return Exit::done;
}

Exit epochs_activate(const Context& context, const EpochOrder& order) {
  if (const auto lack = who_lacks(partitions_of(context, order.stage), order); !lack.empty()) {
    complain(context, lack);
    return Exit::failed;
  }
  json::object body{{"epoch", order.epoch}};
  if (!order.version.empty()) body["version"] = order.version;
  const auto answer =
      ask(context.client, "POST", "/v1/stages/" + escaped(order.stage) + "/epochs", json::serialize(body));
  if (answer.status != 200) return complain_about(context, answer, "epoch of " + order.stage);
  if (!becomes_active(context, order)) {
    complain(context, fmt::format("the log has it, and {} has not come to it in {} s: see `virtscale epochs list`",
                                  order.stage, active_max.count()));
    return Exit::failed;
  }
  if (context.format == Format::json) {
    print_json(json_of(answer));
  } else {
    fmt::print("{} folds by the rules of epoch {} from here on\n", order.stage, order.epoch);
  }
  return Exit::done;
}

}  // namespace virtscale::cli
