#include "stages/policy/invariants.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "stages/policy/gate.hpp"
#include "stages/policy/step.hpp"

namespace virtscale::policy {
namespace {

struct Counts {
  std::int32_t committed = 0;
  std::int32_t reserved = 0;
};

// The books as the rows of `domains` have them.
struct Sums {
  std::map<std::string, Usage, std::less<>> usage;      // by org
  std::map<std::string, Counts, std::less<>> services;  // by org/service
};

Sums sums_of(const State& state) {
  Sums sums;
  state.domains.each("", [&](std::string_view key, const schema::DomainBookT& domain) {
    const bool committed = domain.holding == schema::Holding::committed;
    auto& usage = sums.usage[std::string(key.substr(0, key.find('/')))];
    auto& amounts = committed ? usage.committed : usage.reserved;
    amounts = plus(amounts, amounts_of(domain.resources));
    auto& counts = sums.services[std::string(key.substr(0, key.rfind('/')))];
    ++(committed ? counts.committed : counts.reserved);
    return true;
  });
  return sums;
}

template <class Value>
Value found_or_none(const std::map<std::string, Value, std::less<>>& sums, std::string_view key) {
  const auto row = sums.find(key);
  return row == sums.end() ? Value{} : row->second;
}

std::string wrong_usage(const State& state, const Sums& sums) {
  std::string wrong;
  state.usage.each("", [&](std::string_view org, const schema::OrgUsageT& row) {
    const auto kept = usage_of(&row);
    const auto sum = found_or_none(sums.usage, org);
    if (kept.committed != sum.committed || kept.reserved != sum.reserved)
      wrong = "usage of " + std::string(org) + " is not the sum of its domains";
    return wrong.empty();
  });
  for (const auto& [org, sum] : sums.usage) {
    if (state.usage.find(org) == nullptr) return "domains of " + org + " are in no usage row";
  }
  return wrong;
}

std::string wrong_counts(const State& state, const Sums& sums) {
  std::string wrong;
  state.services.each("", [&](std::string_view key, const ServiceBook& book) {
    const auto sum = found_or_none(sums.services, key);
    if (book.committed != sum.committed || book.reserved != sum.reserved)
      wrong = "counts of service " + std::string(key) + " are not those of its domains";
    else if (book.leaving < 0)
      wrong = "service " + std::string(key) + " has fewer than no domains leaving";
    else if (!book.spec)
      wrong = "service " + std::string(key) + " has no spec";
    return wrong.empty();
  });
  for (const auto& [key, sum] : sums.services) {
    if (state.services.find(key) == nullptr) return "domains belong to service " + key + ", which is unknown";
  }
  return wrong;
}

std::string wrong_envelope(const State& state) {
  std::string wrong;
  state.usage.each("", [&](std::string_view org, const schema::OrgUsageT& row) {
    const auto* contract = state.contracts.find(org);
    if (contract == nullptr)
      wrong = "org " + std::string(org) + " uses something without a contract";
    else if (project(terms_of(*contract->terms), usage_of(&row), {}).admitted == row.over_by_shrink)
      wrong = row.over_by_shrink ? "org " + std::string(org) + " is within its envelope, but noted as beyond it"
                                 : "org " + std::string(org) + " is beyond its envelope, though no contract shrank";
    return wrong.empty();
  });
  return wrong;
}

std::string wrong_calendar(const State& state) {
  std::string wrong;
  state.calendars.each("", [&](std::string_view org, const schema::OrgCalendarT& calendar) {
    if (calendar.version < 1 || !is_zone(calendar.zone))
      wrong = "the calendar of " + std::string(org) + " has no version or no zone";
    else if (calendar.holidays.size() > holidays_max ||
             !std::is_sorted(calendar.holidays.begin(), calendar.holidays.end(), std::less_equal<>()))
      wrong = "holidays of " + std::string(org) + " are too many, or not each once in their order";
    return wrong.empty();
  });
  return wrong;
}

std::string wrong_postmortem(const State& state) {
  std::string wrong;
  std::map<std::string, std::size_t, std::less<>> count;  // by org
  state.postmortems.each("", [&](std::string_view key, const schema::PostmortemBookT& book) {
    const bool is_closed = !book.closed_sha256.empty();
    if (++count[std::string(key.substr(0, key.find('/')))] > postmortems_max)
      wrong = "more postmortems are remembered than may be, up to " + std::string(key);
    else if (book.sha256.empty() || book.due.empty() || is_closed != (book.closed_at_us != 0))
      wrong = "postmortem " + std::string(key) + " has no content, no day when it is due, or is half closed";
    return wrong.empty();
  });
  return wrong;
}

}  // namespace

std::string violated_invariant(const State& state) {
  const auto sums = sums_of(state);
  if (auto wrong = wrong_usage(state, sums); !wrong.empty()) return wrong;
  if (auto wrong = wrong_counts(state, sums); !wrong.empty()) return wrong;
  if (auto wrong = wrong_envelope(state); !wrong.empty()) return wrong;
  if (auto wrong = wrong_calendar(state); !wrong.empty()) return wrong;
  return wrong_postmortem(state);
}

}  // namespace virtscale::policy
