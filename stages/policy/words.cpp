#include "stages/policy/words.hpp"

#include <algorithm>

namespace virtscale::policy {
namespace {

// A unit in which an amount is printed: so many of the dimension's own units.
struct Unit {
  std::int64_t size;
  std::string_view name;
};

bool divides(std::int64_t divisor, std::int64_t a, std::int64_t b) {
  return a % divisor == 0 && b % divisor == 0;
}

// The largest unit in which both amounts are whole; vCPUs are printed with their decimals.
Unit unit_of(schema::Dimension dimension, std::int64_t a, std::int64_t b) {
  switch (dimension) {
    case schema::Dimension::ram:
      return divides(1'024, a, b) ? Unit{1'024, "GiB RAM"} : Unit{1, "MiB RAM"};
    case schema::Dimension::disk:
      return divides(1'024, a, b) ? Unit{1'024, "TiB disk"} : Unit{1, "GiB disk"};
    default:
      return {1'000, "vCPU"};
  }
}

// Thousandths as a decimal number without trailing zeros. REQUIRES: not the smallest integer.
std::string milli_text(std::int64_t milli) {
  const auto size = milli < 0 ? -milli : milli;
  auto digits = std::to_string(size % 1'000 + 1'000).substr(1);
  digits.erase(digits.find_last_not_of('0') + 1);
  return (milli < 0 ? "-" : "") + std::to_string(size / 1'000) + (digits.empty() ? "" : "." + digits);
}

std::string number_text(std::int64_t amount, const Unit& unit) {
  return unit.size == 1'000 ? milli_text(amount) : std::to_string(amount / unit.size);
}

std::string_view separator(std::size_t index, std::size_t count) {
  if (index == 0) return "";
  return index + 1 == count ? " and " : ", ";
}

std::string quota_text(const Amounts& quota) {
  const auto raised = std::count_if(quota.begin(), quota.end(), [](std::int64_t amount) { return amount > 0; });
  std::string text;
  std::size_t index = 0;
  for (std::size_t i = 0; i < dimensions_count; ++i) {
    if (quota[i] == 0) continue;
    text.append(separator(index++, static_cast<std::size_t>(raised))).append(amount_text(dimension_at(i), quota[i]));
  }
  return text;
}

// Number `width` of decimal digits, with zeros in front.
std::string padded(std::int64_t number, std::size_t width) {
  const auto digits = std::to_string(number);
  return digits.size() >= width ? digits : std::string(width - digits.size(), '0') + digits;
}

// The date of a day counted from 1970-01-01, in the proleptic Gregorian calendar. Years begin on 1 March here, so that
// the leap day is the last of its year (Howard Hinnant, chrono-Compatible Low-Level Date Algorithms).
std::string date_text(std::int64_t days_since_1970) {
  constexpr std::int64_t days_of_cycle = 146'097;
  constexpr std::int64_t days_from_march_of_year_0 = 719'468;
  const auto days = days_since_1970 + days_from_march_of_year_0;
  const auto cycle = days / days_of_cycle;
  const auto day_of_cycle = days % days_of_cycle;
  const auto year_of_cycle =
      (day_of_cycle - day_of_cycle / 1'460 + day_of_cycle / 36'524 - day_of_cycle / 146'096) / 365;
  const auto day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
  const auto month_from_march = (5 * day_of_year + 2) / 153;
  const auto day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const auto month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  const auto year = cycle * 400 + year_of_cycle + (month <= 2 ? 1 : 0);
  return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2);
}

std::string signal_text(const Ask& ask, const schema::ScaleDecidedT& decided) {
  if (ask.kind == schema::SignalKind::request)
    return "a request" + (decided.requester.empty() ? std::string() : " by " + decided.requester);
  if (ask.kind == schema::SignalKind::schedule) return "the schedule " + decided.name;
  auto text = "the alert " + decided.name + " (value " + milli_text(decided.value_milli);
  if (decided.queue_depth >= 0) text += ", queue depth " + std::to_string(decided.queue_depth);
  return text + ")";
}

std::string projection_line(const schema::Projection& row, schema::Dimension binding) {
  const auto dimension = row.dimension();
  const auto after = row.committed() + row.reserved() + row.asked();
  auto line = "  " + std::string(name_of(dimension)) + ": " + amount_text(dimension, row.committed()) + " in use + " +
              amount_text(dimension, row.reserved()) + " reserved + " + amount_text(dimension, row.asked()) +
              " asked = " + share_text(dimension, after, row.envelope()) + ", " + percent_text(after, row.envelope());
  if (dimension == binding) line += "  <- binds";
  return line + "\n";
}

}  // namespace

std::string_view name_of(schema::Dimension dimension) {
  return schema::EnumNameDimension(dimension);
}

std::string amount_text(schema::Dimension dimension, std::int64_t amount) {
  const auto unit = unit_of(dimension, amount, amount);
  return number_text(amount, unit).append(" ").append(unit.name);
}

std::string share_text(schema::Dimension dimension, std::int64_t used, std::int64_t of) {
  const auto unit = unit_of(dimension, used, of);
  return number_text(used, unit).append(" of ").append(number_text(of, unit)).append(" ").append(unit.name);
}

std::string projection_text(const Amounts& after, const Amounts& envelope) {
  std::string text;
  for (std::size_t i = 0; i < dimensions_count; ++i) {
    text.append(separator(i, dimensions_count)).append(share_text(dimension_at(i), after[i], envelope[i]));
    text.append(" (").append(percent_text(after[i], envelope[i])).append(")");
  }
  return text;
}

std::string remedy_text(const Remedy& remedy, const Terms& terms) {
  auto text = remedy.overage_percent > 0
                  ? "Raise the overage of the contract from " + std::to_string(terms.overage_percent) + " % to " +
                        std::to_string(remedy.overage_percent) + " %"
                  : "Raise the quota of the contract to " + quota_text(remedy.quota);
  return text + "; " + count_text(remedy.domains_that_fit, "domain") + " would fit now.";
}

std::string count_text(std::int64_t count, std::string_view noun) {
  return std::to_string(count).append(" ").append(noun).append(count == 1 ? "" : "s");
}

std::string instant_text(Instant at) {
  constexpr std::int64_t us_of_day = 86'400'000'000;
  const auto us = std::max<std::int64_t>(at.us, 0);
  const auto ms = us % us_of_day / 1'000;
  return date_text(us / us_of_day) + "T" + padded(ms / 3'600'000, 2) + ":" + padded(ms / 60'000 % 60, 2) + ":" +
         padded(ms / 1'000 % 60, 2) + "." + padded(ms % 1'000, 3) + "Z";
}

schema::SendMailT refusal_mail(std::string_view org, std::string_view to, const Ask& ask,
                               const schema::ScaleDecidedT& decided) {
  const auto name = std::string(org) + "/" + decided.service;
  const auto event = to_string(ask.scale);
  std::string text =
      "Virtscale did not scale " + name + " from " + std::to_string(decided.from) + " to " +
      count_text(decided.to, "replica") +
      ", since that would be beyond the contract.\nNothing was started, and everything that runs goes on.\n\n";
  text += "Event:     " + event + "\n";
  text += "Decided:   " + instant_text({decided.decided_at_us}) + "\n";
  text += "Asked by:  " + signal_text(ask, decided) + "\n";
  text += "Asked for: " + count_text(std::int64_t{decided.to} - decided.from, "more domain") + "\n";
  text += "Contract:  version " + std::to_string(decided.contract_version) + ", overage " +
          std::to_string(decided.overage_percent) + " %\n\n";
  text += "What is used, and what would be, of the envelope (quota and overage):\n\n";
  for (const auto& row : decided.projection) text += projection_line(row, decided.binding);
  text += "\nWhat would admit it: " + decided.remedy + "\n\n";
  text += "To look further:\n\n  virtscale explain " + event + "\n  virtscale status " + name + "\n\n";
  text += "The same refusal is mailed once; it is in the ledger of " + std::string(org) + " in any case.\n";
  schema::SendMailT mail;
  mail.to = to;
  mail.subject =
      "Not scaled: " + name + " would be beyond its contract (" + std::string(name_of(decided.binding)) + ")";
  mail.text = std::move(text);
  mail.service = decided.service;
  return mail;
}

}  // namespace virtscale::policy
