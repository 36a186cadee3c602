// `virtscale snapshot`
#include <fmt/format.h>

#include <boost/json.hpp>

#include "compose/cli/printing.hpp"

namespace virtscale::cli {

Exit snapshot(const Context& context) {
  const auto answer = ask(context.client, "POST", "/v1/snapshots");
  if (answer.status != 200 && answer.status != 202) return complain_about(context, answer, "snapshot");
  const auto began = json_of(answer);
  if (context.format == Format::json) {
    print_json(began);
  } else {
    for (const auto& member : array_of(began, "began")) {
      fmt::print("{} takes snapshots; its journal tells of each\n", std::string_view(member.get_string()));
    }
  }
  return Exit::done;
}

}  // namespace virtscale::cli
