// `virtscale ledger`: lines, checks, exports and proofs. `verify --dir` and `check-proof` need no server.
#pragma once

#include "compose/cli/commands.hpp"

namespace virtscale::cli {

struct LedgerOrder {
  std::string org;
  std::string directory;
  std::string event;
  std::string proof_file;
  std::string line_file;
  std::vector<std::string> key_files;
};

Exit ledger_show(const Context& context, const LedgerOrder& order);
Exit ledger_verify(const Context& context, const LedgerOrder& order);
Exit ledger_export(const Context& context, const LedgerOrder& order);
Exit ledger_prove(const Context& context, const LedgerOrder& order);
Exit ledger_check_proof(const Context& context, const LedgerOrder& order);

}  // namespace virtscale::cli
