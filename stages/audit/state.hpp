// What audit remembers: the scale events that are open, the newest that are closed, and the tree of each org's ledger.
#pragma once

#include <string>
#include <vector>

#include "schemas/codec.hpp"
#include "schemas/state/audit_generated.h"
#include "topology/contract/key_text.hpp"
#include "topology/contract/merkle.hpp"
#include "topology/contract/stage.hpp"

namespace virtscale::audit {

/// Closed scale events that a partition keeps for `explain` and `status`; about 1 KiB each, and as much for each of its
/// domains. Older ones are in the ledger and in the log.
inline constexpr std::uint64_t closed_max = 10'000;

/// See schemas/state/audit.fbs for the keys.
struct State {
  // Out of line, so that what its tables need is compiled once.
  State();
  ~State();

  Table<schema::AuditScaleT> scales{"scales"};
  Table<schema::AuditRefusalT> standing{"standing"};
  Table<schema::ClosedScaleT> closed{"closed"};
  Table<schema::AuditBooksT> books{"books"};
  Table<schema::OrgLedgerT> ledgers{"ledgers"};

  std::vector<AnyTable*> tables();
};

/// `org/evt-…`, the key of a scale event.
JoinedKey scale_key(std::string_view org, ScaleId scale);
/// The key of the `number`-th closed scale event; ascends with the number.
FixedText<16> closed_key(std::uint64_t number);

/// The compact range of an org's tree. REQUIRES: `ledger.peaks` holds a digest for each one bit of `ledger.size`.
CompactRange range_of(const schema::OrgLedgerT& ledger);
/// Puts it back.
void put_range(const CompactRange& range, schema::OrgLedgerT& ledger);

/// Whether a signed checkpoint covers line `index` of the ledger; `ledger` may be null.
bool is_settled(const schema::OrgLedgerT* ledger, std::int64_t index);

}  // namespace virtscale::audit
