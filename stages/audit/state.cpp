#include "stages/audit/state.hpp"

namespace virtscale::audit {

State::State() = default;
State::~State() = default;

std::vector<AnyTable*> State::tables() {
  return {&scales, &standing, &closed, &books, &ledgers};
}

JoinedKey scale_key(std::string_view org, ScaleId scale) {
  return JoinedKey(org, text_of(scale));
}

FixedText<16> closed_key(std::uint64_t number) {
  return hex_digits<16>(number);
}

CompactRange range_of(const schema::OrgLedgerT& ledger) {
  return {ledger.size, {reinterpret_cast<const Digest*>(ledger.peaks.data()), ledger.peaks.size() / sizeof(Digest)}};
}

void put_range(const CompactRange& range, schema::OrgLedgerT& ledger) {
  ledger.size = range.size();
  const auto peaks = std::as_bytes(range.peaks());
  const auto* begin = reinterpret_cast<const std::uint8_t*>(peaks.data());
  ledger.peaks.assign(begin, begin + peaks.size());
}

bool is_settled(const schema::OrgLedgerT* ledger, std::int64_t index) {
  return ledger != nullptr && index >= 0 && static_cast<std::uint64_t>(index) < ledger->signed_size;
}

}  // namespace virtscale::audit
