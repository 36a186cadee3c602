// `virtscale apply`
#include <fmt/format.h>

#include <boost/json.hpp>
#include <fstream>
#include <iostream>
#include <iterator>

#include "compose/cli/printing.hpp"

namespace virtscale::cli {
namespace {

bool read_file(const std::string& name, std::string& text) {
  if (name == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
    return true;
  }
  std::ifstream file(name, std::ios::binary);
  if (!file) return false;
  text.assign(std::istreambuf_iterator<char>(file), {});
  return true;
}

// Every fault with its place, one a line, as compilers do.
void print_faults(const boost::json::value& problem, const std::string& file) {
  for (const auto& fault : array_of(problem, "faults")) {
    fmt::print(stderr, "{}:{}:{}: {}\n", file, integer_of(fault, "line"), integer_of(fault, "column"),
               text_of(fault, "message"));
  }
}

Exit apply_file(const Context& context, const std::string& file) {
  std::string text;
  if (!read_file(file, text)) {
    complain(context, "cannot read " + file + ": check the name and its permissions");
    return Exit::failed;
  }
  const auto answer =
      ask(context.client, "PUT", "/v1/documents?file=" + escaped(file), text, {"Content-Type: application/yaml"});
  const auto body = json_of(answer);
  if (answer.status != 200) {
    if (context.format == Format::text) print_faults(body, file);
    return complain_about(context, answer, "nothing of " + file + " was applied");
  }
  if (context.format == Format::json) {
    print_json(body);
  } else {
    for (const auto& change : array_of(body, "documents")) {
      fmt::print("{} {} {}\n", text_of(change, "kind"), text_of(change, "name"), text_of(change, "code"));
    }
  }
  return Exit::done;
}

}  // namespace

Exit apply(const Context& context, const std::vector<std::string>& files) {
  for (const auto& file : files) {
    if (const auto exit = apply_file(context, file); exit != Exit::done) return exit;
  }
  return Exit::done;
}

}  // namespace virtscale::cli
