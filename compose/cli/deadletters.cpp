// `virtscale deadletters`
#include <fmt/format.h>

#include <boost/json.hpp>

#include "compose/cli/printing.hpp"

namespace virtscale::cli {

Exit deadletters_list(const Context& context) {
  const auto answer = ask(context.client, "GET", "/v1/deadletters");
  if (answer.status != 200) return complain_about(context, answer, "dead letters");
  const auto body = json_of(answer);
  if (context.format == Format::json) {
    print_json(body);
    return Exit::done;
  }
  std::vector<std::vector<std::string>> rows{{"POSITION", "AT", "TOPIC", "PARTITION", "OFFSET", "BYTES", "REASON"}};
  for (const auto& letter : array_of(body, "deadletters")) {
    rows.push_back({text_of(letter, "position"), instant(integer_of(letter, "at_us")), text_of(letter, "topic"),
                    text_of(letter, "partition"), text_of(letter, "offset"), text_of(letter, "bytes"),
                    text_of(letter, "reason")});
  }
  print_table(rows);
  return Exit::done;
}

Exit deadletters_show(const Context& context, const std::string& position) {
  const auto answer = ask(context.client, "GET", "/v1/deadletters/" + escaped(position));
  if (answer.status != 200) return complain_about(context, answer, "dead letter " + position);
  print_json(json_of(answer));
  return Exit::done;
}

Exit deadletters_resubmit(const Context& context, const std::string& position) {
  const auto answer = ask(context.client, "POST", "/v1/deadletters/" + escaped(position) + "/resubmit");
  if (answer.status != 202) return complain_about(context, answer, "dead letter " + position + " was not resubmitted");
  if (context.format == Format::json) {
    print_json(json_of(answer));
  } else {
    fmt::print("{} is on {} again\n", position, text_of(json_of(answer), "topic"));
  }
  return Exit::done;
}

}  // namespace virtscale::cli
