// What the policy stage remembers: contracts, services, the books of what is used under which contract, and which
// postmortems are due by which calendar.
//
// The one thing to know: `usage` and the counts in `services` are sums over `domains`, kept as running totals so that a
// decision costs the same however many services there are (invariants.hpp checks them).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/codec.hpp"
#include "schemas/packed_service.hpp"
#include "schemas/state/policy_generated.h"
#include "topology/contract/key_text.hpp"
#include "topology/contract/table.hpp"
#include "topology/contract/units.hpp"

namespace virtscale::policy {

/// Names of services; the record's key holds org/service in 1,024 bytes.
inline constexpr std::size_t name_bytes_max = 255;

/// An Idempotency-Key; clients send UUIDs or a few words.
inline constexpr std::size_t idempotency_key_bytes_max = 255;

/// Answers under an Idempotency-Key are kept this long: a client that retries has long given up.
inline constexpr Duration request_remembered = hours(24);

/// The same violation is mailed again after this long at the earliest, and at most this many are told apart.
inline constexpr Duration violation_remembered = hours(24);
inline constexpr std::size_t violations_mailed_max = 32;

/// Earlier versions of a contract that are kept for people; the log has them all.
inline constexpr std::size_t contract_versions_max = 64;

/// Holidays of one calendar: fifty years of two dozen.
inline constexpr std::size_t holidays_max = 1'200;

/// Names of time zones in the IANA database have at most 32 bytes today.
inline constexpr std::size_t zone_bytes_max = 64;

/// Postmortems of one org that are remembered, those that are open and the newest that are closed; the log has them
/// all.
inline constexpr std::size_t postmortems_max = 1'000;

/// What most services never have.
struct Remarks {
  std::string held_code;  ///< why the last alert or schedule changed nothing; empty: none was held yet
  std::int64_t held_at_us = 0;
  std::vector<schema::MailedViolationT> mailed;  ///< oldest first, at most violations_mailed_max
};

/// A row of `services`: what a schema::ServiceBook says, as it lies in memory. There may be a million, most of them at
/// rest, so it is 48 bytes, the packed document, and remarks where there are any.
struct ServiceBook {
  schema::PackedSpec spec;
  std::unique_ptr<Remarks> remarks;  ///< null: none yet
  std::int64_t last_out_us = 0;      ///< 0: never
  std::int64_t last_in_us = 0;
  std::int32_t committed = 0;
  std::int32_t reserved = 0;
  std::int32_t leaving = 0;
};

/// The service's remarks, for change; made if there are none.
Remarks& remarks_of(ServiceBook& book);

/// Rows of `services` as bytes and back, for Table: those of a schema::ServiceBook.
std::span<std::byte> encode_row(const ServiceBook& book, Arena& arena);
bool decode_row(Bytes bytes, ServiceBook& book);
inline const flatbuffers::TypeTable* row_type(const ServiceBook*) {
  return schema::row_type(static_cast<const schema::ServiceBookT*>(nullptr));
}

struct State {
  // Out of line, so that what its tables need is compiled once.
  State();
  ~State();

  Table<schema::OrgContractT> contracts{"contracts"};         ///< by org
  Table<schema::OrgUsageT> usage{"usage"};                    ///< by org
  Table<ServiceBook> services{"services"};                    ///< by org/service
  Table<schema::DomainBookT> domains{"domains"};              ///< by org/service/domain
  Table<schema::StandingRefusalT> refusals{"refusals"};       ///< by org/service/fingerprint
  Table<schema::AnsweredRequestT> requests{"requests"};       ///< by org/Idempotency-Key
  Table<schema::OrgCalendarT> calendars{"calendars"};         ///< by org
  Table<schema::PostmortemBookT> postmortems{"postmortems"};  ///< by org/name

  std::vector<AnyTable*> tables();
};

/// Domains that serve the service or will, without those that are on their way out. Never negative.
std::int32_t replicas_now(const ServiceBook& book);

}  // namespace virtscale::policy
