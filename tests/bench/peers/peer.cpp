#include "tests/bench/peers/peer.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <array>
#include <boost/json.hpp>
#include <cstdio>

namespace virtscale::bench {
namespace json = boost::json;
namespace {

constexpr int tools_missing = 77;
constexpr std::size_t output_max = 1U << 20U;

struct Finished {
  int status = 0;
  std::string output;
};

std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char letter : word) text += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return text + "'";
}

Finished finish(const std::string& command) {
  Finished finished;
  auto* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {-1, {}};
  std::array<char, 4'096> part;
  while (const auto bytes = std::fread(part.data(), 1, part.size(), pipe)) {
    if (finished.output.size() < output_max) finished.output.append(part.data(), bytes);
  }
  const auto status = pclose(pipe);
  finished.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return finished;
}

std::string last_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

std::optional<PeerFigures> figures_in(const std::string& line) {
  boost::system::error_code error;
  const auto value = json::parse(line, error);
  if (error || !value.is_object()) return {};
  PeerFigures figures;
  for (const auto& [name, figure] : value.get_object()) {
    if (figure.is_number()) figures.emplace(name, figure.to_number<double>());
  }
  return figures;
}

}  // namespace

std::optional<PeerFigures> run_program(const std::string& path, const std::vector<std::string>& arguments) {
  auto command = path;
  for (const auto& argument : arguments) command += " " + quoted(argument);
  const auto finished = finish(command);
  auto figures = finished.status == 0 ? figures_in(last_line(finished.output)) : std::nullopt;
  if (!figures) {
    fmt::print(stderr, "{}: left out: {}\n", path,
               finished.status == tools_missing ? "what it is built with is not installed"
                                                : fmt::format("it ended with status {}", finished.status));
  }
  return figures;
}

std::optional<PeerFigures> run_peer(const std::string& name, const std::vector<std::string>& arguments) {
  return run_program("tests/bench/peers/" + name + "/run", arguments);
}

}  // namespace virtscale::bench
