// A command of virtscale-replay: what each one is given, how it ends, and how main.cpp comes to know it.
//
// The one thing to know: each command's folder adds its own subcommand to the command line, and sets `Chosen::run` when
// that subcommand was given; main.cpp runs it, and turns what it throws into one line on stderr.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

#include "replay/log_source.hpp"

namespace CLI {
class App;
}

namespace virtscale::replay {

/// Exit statuses, the same as those of `virtscale`. Scripts rely on them.
enum class Exit : int { done = 0, failed = 1, usage = 2, refused = 3, not_found = 4, not_verified = 5 };

/// How a command prints.
enum class Format : std::uint8_t { text, json };

/// What every command is given, by options that stand before or behind its name.
struct Context {
  std::string log = "var/virtscale";  ///< for open_log_source, with the properties
  KafkaProperties kafka_properties;
  Format format = Format::text;
};

/// The options cannot be used as they are: exit status 2. The message says what to write instead.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
/// What was asked for is not in the log: exit status 4.
class NotFound : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The command that was given on the command line.
struct Chosen {
  std::function<Exit(const Context&)> run;
};

/// A subcommand `name`, with one line of help, that makes `run` the chosen one. What `run` refers to must live on:
/// options are kept in a shared_ptr that `run` holds.
CLI::App* add_command(CLI::App& app, const char* name, const char* help, Chosen& chosen,
                      std::function<Exit(const Context&)> run);

}  // namespace virtscale::replay
