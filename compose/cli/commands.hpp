// The operator's commands: what `virtscale` does when it is not a server.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compose/cli/client.hpp"

namespace virtscale::cli {

/// Exit statuses of every command. Scripts rely on them.
enum class Exit : int { done = 0, failed = 1, usage = 2, refused = 3, not_found = 4, not_verified = 5 };

/// How a command prints.
enum class Format : std::uint8_t { text, json };

/// What every command is given.
struct Context {
  ClientOptions client;
  Format format = Format::text;
};

/// `apply -f FILE...`: all documents of one file or none; stops at the first file that is refused.
Exit apply(const Context& context, const std::vector<std::string>& files);

/// `scale ORG/SERVICE CHANGE`; `change` is `+N`, `-N` or `=N`. With `wait`, until the scale event is settled.
struct ScaleOrder {
  std::string service;
  std::string change;
  std::string idempotency_key;
  enum class Until : std::uint8_t { decided, settled } until = Until::decided;
};
Exit scale(const Context& context, const ScaleOrder& order);

/// `status [ORG[/SERVICE]]`.
Exit status(const Context& context, const std::string& of);

/// `snapshot`: every stage process takes one of each partition that it owns.
Exit snapshot(const Context& context);

/// `explain EVT`.
Exit explain(const Context& context, const std::string& event);

/// `events`: those that are known, then, if followed, those to come.
struct EventsOrder {
  std::string org;
  enum class Until : std::uint8_t { now, interrupted } until = Until::now;
};
Exit events(const Context& context, const EventsOrder& order);

/// `deadletters list`, `show POSITION`, `resubmit POSITION`; a position is PARTITION-OFFSET.
Exit deadletters_list(const Context& context);
Exit deadletters_show(const Context& context, const std::string& position);
Exit deadletters_resubmit(const Context& context, const std::string& position);

/// `epochs list`: by whose rules each partition is folded, and the newest that the program that folds it has.
Exit epochs_list(const Context& context);
/// `epochs activate --stage STAGE --epoch N`: from here on the stage folds by the rules of this epoch, for ever. Asks
/// first whether every process of the stage has them.
struct EpochOrder {
  std::string stage;
  std::int64_t epoch = 0;
  std::string version;  ///< what people call the version that brings it; may be empty
};
Exit epochs_activate(const Context& context, const EpochOrder& order);

/// Prints `{"error": …}` or a line to stderr, in the format asked for.
void complain(const Context& context, const std::string& what);

}  // namespace virtscale::cli
