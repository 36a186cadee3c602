#include "compose/cli/keys.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "compose/cli/printing.hpp"
#include "compose/settings/tokens.hpp"
#include "topology/adapters/sodium/sodium.hpp"

namespace virtscale::cli {
namespace json = boost::json;

Exit keys_generate(const Context& context, const KeysOrder& order) {
  const auto vkey = to_vkey(generate_key(order.directory, order.name));
  if (context.format == Format::json) {
    print_json(json::object{{"name", order.name}, {"vkey", vkey}, {"directory", order.directory}});
  } else {
    fmt::print("{}\n", vkey);
    fmt::print(stderr, "the secret is in {}/{}.secret; `ledger: {{key: {}}}` in the settings signs with it\n",
               order.directory, order.name, order.name);
  }
  return Exit::done;
}

Exit keys_list(const Context& context, const KeysOrder& order) {
  json::array all;
  for (const auto& key : public_keys(order.directory)) {
    if (context.format == Format::json) {
      all.push_back(json::object{{"name", key.name}, {"vkey", to_vkey(key)}});
    } else {
      fmt::print("{}\n", to_vkey(key));
    }
  }
  if (context.format == Format::json) print_json(json::object{{"keys", std::move(all)}});
  return Exit::done;
}

Exit token_generate(const Context& context) {
  const auto token = generate_token();
  if (context.format == Format::json) {
    print_json(json::object{{"token", token}, {"sha256", hash_of_token(token)}});
  } else {
    fmt::print("token   {}\nsha256  {}\n", token, hash_of_token(token));
    fmt::print(stderr,
               "keep the token; put the sha256 into `tokens:` of the settings, with `org: NAME` or `operator: true`\n");
  }
  return Exit::done;
}

}  // namespace virtscale::cli
