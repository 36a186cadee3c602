// `virtscale keys` and `virtscale token`: secrets that are made on this machine.
#pragma once

#include "compose/cli/commands.hpp"

namespace virtscale::cli {

struct KeysOrder {
  std::string name;
  std::string directory = "var/virtscale/keys";
};

Exit keys_generate(const Context& context, const KeysOrder& order);
Exit keys_list(const Context& context, const KeysOrder& order);
/// Prints a token once; only its hash is ever stored.
Exit token_generate(const Context& context);

}  // namespace virtscale::cli
