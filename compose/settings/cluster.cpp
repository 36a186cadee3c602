#include "compose/settings/cluster.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace virtscale {

Settings read_cluster_settings(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read the settings " + file + ": check the name and its permissions");
  std::stringstream text;
  text << in.rdbuf();
  auto parsed = parse_settings(text.str());
  if (!parsed.faults.empty()) {
    const auto& fault = parsed.faults.front();
    throw std::runtime_error(file + ":" + std::to_string(fault.line) + ":" + std::to_string(fault.column) + ": " +
                             fault.message);
  }
  if (parsed.settings.kafka.bootstrap.empty())
    throw std::runtime_error(file + " names no cluster: write `kafka: {bootstrap: HOST:PORT}`");
  return std::move(parsed.settings);
}

}  // namespace virtscale
