#include "stages/audit/state.hpp"

#include <cstring>

namespace virtscale::audit {

std::vector<AnyTable*> State::tables() {
  return {&scales, &standing, &closed, &books, &ledgers};
}

std::string scale_key(std::string_view org, ScaleId scale) {
  std::string key(org);
  key += '/';
  key += to_string(scale);
  return key;
}

std::string closed_key(std::uint64_t number) {
  constexpr char digits[] = "0123456789abcdef";
  std::string key;
  for (int shift = 60; shift >= 0; shift -= 4) key += digits[(number >> shift) & 15];
  return key;
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
