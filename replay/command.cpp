#include "replay/command.hpp"

#include <CLI/CLI.hpp>

namespace virtscale::replay {

CLI::App* add_command(CLI::App& app, const char* name, const char* help, Chosen& chosen,
                      std::function<Exit(const Context&)> run) {
  auto* sub = app.add_subcommand(name, help);
  sub->callback([&chosen, run = std::move(run)] { chosen.run = run; });
  return sub;
}

}  // namespace virtscale::replay
