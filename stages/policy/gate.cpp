#include "stages/policy/gate.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace virtscale::policy {
namespace {

// Holds the product of two amounts within the bounds.
__extension__ typedef __int128 Wide;

template <class Combine>
Amounts each_of(const Amounts& a, const Amounts& b, Combine combine) {
  return {combine(a[0], b[0]), combine(a[1], b[1]), combine(a[2], b[2])};
}

std::int64_t rounded_up(std::int64_t dividend, std::int64_t divisor) {
  return (dividend + divisor - 1) / divisor;
}

bool within(const Amounts& after, const Amounts& envelope) {
  return after[0] <= envelope[0] && after[1] <= envelope[1] && after[2] <= envelope[2];
}

// after[a] / quota[a] > after[b] / quota[b], where a quota of nothing is exceeded by anything.
bool binds_more(const Terms& terms, const Amounts& after, std::size_t a, std::size_t b) {
  return Wide{after[a]} * terms.quota[b] > Wide{after[b]} * terms.quota[a];
}

// Only an exceeded dimension can bind, and comparing those alone keeps a quota of nothing, unused, out of it.
schema::Dimension binding_of(const Terms& terms, const Verdict& verdict) {
  std::optional<std::size_t> most;
  for (std::size_t i = 0; i < dimensions_count; ++i) {
    if (verdict.after[i] <= verdict.envelope[i]) continue;
    if (!most || binds_more(terms, verdict.after, i, *most)) most = i;
  }
  return dimension_at(most.value_or(0));
}

// --- In words -------------------------------------------------------------------------------------------------------

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

Words& add_milli(Words& words, std::int64_t milli) {
  const auto size = milli < 0 ? -milli : milli;
  if (milli < 0) words.add("-");
  words.add(size / 1'000);
  auto rest = size % 1'000;
  if (rest != 0) words.add(".");
  for (; rest != 0; rest = rest * 10 % 1'000) words.add(rest / 100);
  return words;
}

Words& add_amount(Words& words, std::int64_t amount, const Unit& unit) {
  return unit.size == 1'000 ? add_milli(words, amount) : words.add(amount / unit.size);
}

Words& add_share(Words& words, schema::Dimension dimension, std::int64_t used, std::int64_t of) {
  const auto unit = unit_of(dimension, used, of);
  add_amount(words, used, unit).add(" of ");
  return add_amount(words, of, unit).add(" ").add(unit.name);
}

Words& add_percent(Words& words, std::int64_t used, std::int64_t of) {
  const auto tenths = percent_tenths(used, of);
  return words.add(tenths / 10).add(".").add(tenths % 10).add(" %");
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

}  // namespace

Amounts amounts_of(const schema::Resources& resources) {
  return {resources.vcpu_milli(), resources.ram_mib(), resources.disk_gib()};
}

schema::Resources resources_of(const Amounts& amounts) {
  return {amounts[0], amounts[1], amounts[2]};
}

Amounts times(const Amounts& amounts, std::int64_t count) {
  return {amounts[0] * count, amounts[1] * count, amounts[2] * count};
}

Amounts plus(const Amounts& a, const Amounts& b) {
  return each_of(a, b, [](std::int64_t x, std::int64_t y) { return x + y; });
}

Amounts minus(const Amounts& a, const Amounts& b) {
  return each_of(a, b, [](std::int64_t x, std::int64_t y) { return x - y; });
}

Amounts envelope_of(const Terms& terms) {
  const auto limit = [&](std::int64_t quota) { return quota * (100 + terms.overage_percent) / 100; };
  return {limit(terms.quota[0]), limit(terms.quota[1]), limit(terms.quota[2])};
}

Verdict project(const Terms& terms, const Usage& usage, const Amounts& asked) {
  Verdict verdict;
  verdict.after = plus(plus(usage.committed, usage.reserved), asked);
  verdict.envelope = envelope_of(terms);
  verdict.admitted = within(verdict.after, verdict.envelope);
  if (!verdict.admitted) verdict.binding = binding_of(terms, verdict);
  return verdict;
}

std::int64_t domains_that_fit(const Amounts& envelope, const Usage& usage, const Amounts& domain) {
  std::int64_t fit = replicas_bound_max;
  for (std::size_t i = 0; i < dimensions_count; ++i) {
    const auto room = envelope[i] - usage.committed[i] - usage.reserved[i];
    if (room < 0) return 0;
    if (domain[i] > 0) fit = std::min(fit, room / domain[i]);
  }
  return fit;
}

Remedy remedy_for(const Terms& terms, const Usage& usage, const Amounts& domain, const Verdict& verdict) {
  Remedy remedy;
  remedy.domains_that_fit = domains_that_fit(verdict.envelope, usage, domain);
  for (const auto overage : overages_on_offer) {
    if (!within(verdict.after, envelope_of({terms.quota, overage}))) continue;
    remedy.overage_percent = overage;
    return remedy;
  }
  for (std::size_t i = 0; i < dimensions_count; ++i) {
    if (verdict.after[i] > verdict.envelope[i])
      remedy.quota[i] = rounded_up(verdict.after[i] * 100, 100 + terms.overage_percent);
  }
  return remedy;
}

std::int64_t percent_tenths(std::int64_t used, std::int64_t of) {
  if (of == 0) return used == 0 ? 0 : percent_tenths_max;
  const auto tenths = (Wide{used} * 2'000 + of) / (Wide{of} * 2);
  return static_cast<std::int64_t>(std::min(tenths, Wide{percent_tenths_max}));
}

std::string percent_text(std::int64_t used, std::int64_t of) {
  Words words;
  return add_percent(words, used, of).str();
}

std::string_view name_of(schema::Dimension dimension) {
  return schema::EnumNameDimension(dimension);
}

std::string milli_text(std::int64_t milli) {
  Words words;
  return add_milli(words, milli).str();
}

std::string amount_text(schema::Dimension dimension, std::int64_t amount) {
  const auto unit = unit_of(dimension, amount, amount);
  Words words;
  return add_amount(words, amount, unit).add(" ").add(unit.name).str();
}

std::string share_text(schema::Dimension dimension, std::int64_t used, std::int64_t of) {
  Words words;
  return add_share(words, dimension, used, of).str();
}

Words projection_words(const Amounts& after, const Amounts& envelope) {
  Words words;
  for (std::size_t i = 0; i < dimensions_count; ++i) {
    add_share(words.add(separator(i, dimensions_count)), dimension_at(i), after[i], envelope[i]);
    add_percent(words.add(" ("), after[i], envelope[i]).add(")");
  }
  return words;
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

}  // namespace virtscale::policy
