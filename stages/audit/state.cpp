#include "stages/audit/state.hpp"

#include <cstring>

namespace virtscale::audit {

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
  std::vector<Digest> peaks(ledger.peaks.size() / sizeof(Digest));
  if (!peaks.empty()) std::memcpy(peaks.data(), ledger.peaks.data(), peaks.size() * sizeof(Digest));
  return {ledger.size, std::move(peaks)};
}

void put_range(const CompactRange& range, schema::OrgLedgerT& ledger) {
  ledger.size = range.size();
  const auto* begin = reinterpret_cast<const std::uint8_t*>(range.peaks().data());
  ledger.peaks.assign(begin, begin + range.peaks().size() * sizeof(Digest));
}

bool is_settled(const schema::OrgLedgerT* ledger, std::int64_t index) {
  return ledger != nullptr && index >= 0 && static_cast<std::uint64_t>(index) < ledger->signed_size;
}

}  // namespace virtscale::audit
