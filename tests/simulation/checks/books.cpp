#include "tests/simulation/checks/books.hpp"

#include <utility>

namespace virtscale::simulation {
namespace {

Triple triple_of(const schema::Resources& resources) {
  return {resources.vcpu_milli(), resources.ram_mib(), resources.disk_gib()};
}

bool on_offer(std::int64_t overage) {
  return overage == 0 || overage == 5 || overage == 10 || overage == 20;
}

// The gate, as the contract has it.
bool within(std::int64_t used, std::int64_t quota, std::int64_t overage) {
  return used * 100 <= quota * (100 + overage);
}

Triple asked_in(const schema::ScaleDecided& decided) {
  Triple asked{};
  if (decided.projection() == nullptr) return asked;
  for (const auto* row : *decided.projection()) asked[static_cast<std::size_t>(row->dimension())] = row->asked();
  return asked;
}

std::string text_of(const Triple& triple) {
  return std::to_string(triple[0]) + " mvCPU, " + std::to_string(triple[1]) + " MiB, " + std::to_string(triple[2]) +
         " GiB";
}

}  // namespace

std::string place_of(const Recorded& record) {
  return std::string(name_of(record.from.topic)) + "/" + std::to_string(record.from.partition) + "@" +
         std::to_string(record.offset);
}

std::vector<std::string> names_of(const schema::ScaleDecided& decided, ScaleId scale) {
  std::vector<std::string> names;
  for (std::int32_t i = 1; i <= decided.to() - decided.from(); ++i)
    names.push_back(decided.service()->str() + "-" + to_string(scale).substr(4) + "-" + std::to_string(i));
  return names;
}

// --- What happens to an org ----------------------------------------------------------------------------------------

void Books::note_signal(const Recorded& record) {
  const auto* event = record.event;
  auto& ahead = orgs_[event->org()->str()].ahead;
  Note note{.offset = record.offset, .contract = {}, .domain = {}};
  if (const auto* applied = event->body_as_ContractApplied()) {
    note.contract = Contract{applied->version(), triple_of(*applied->quota()), applied->overage_percent()};
  } else if (const auto* running = event->body_as_DomainRunning()) {
    note.what = Note::What::runs;
    note.domain = running->domain()->str();
  } else if (const auto* not_started = event->body_as_DomainNotStarted()) {
    note.what = Note::What::gone;
    note.domain = not_started->domain()->str();
  } else if (const auto* stopped = event->body_as_DomainStopped()) {
    note.what = Note::What::gone;
    // A scale-in that found nobody to take names none.
    note.domain = stopped->domain() == nullptr ? "" : stopped->domain()->str();
  }
  if (note.contract || !note.domain.empty()) ahead.push_back(std::move(note));
}

void Books::take(const std::string& name, Org& org, const Note& note) {
  if (note.contract) {
    if (on_offer(note.contract->overage) && note.contract->version > org.contract.version)
      org.contract = *note.contract;
    return;
  }
  const auto held = org.held.find(note.domain);
  if (held == org.held.end())
    return story_.violated("what is given back was held",
                           name + ": " + note.domain + " at signals offset " + std::to_string(note.offset));
  if (note.what == Note::What::gone) return void(org.held.erase(held));
  held->second.committed = true;
}

void Books::take_until(const std::string& name, Org& org, std::uint64_t offset) {
  for (; !org.ahead.empty() && org.ahead.front().offset < offset; org.ahead.pop_front())
    take(name, org, org.ahead.front());
}

// --- Decisions -----------------------------------------------------------------------------------------------------

void Books::note_outcome(const Recorded& record) {
  const auto* decided = record.event->body_as_ScaleDecided();
  if (decided == nullptr) return;
  const auto name = record.event->org()->str();
  auto& org = orgs_[name];
  take_until(name, org, record.event->header()->id().offset());
  judge(name, org, record, *decided);
}

void Books::judge(const std::string& name, Org& org, const Recorded& record, const schema::ScaleDecided& decided) {
  check_sums(name, org, record, decided);
  check_gate(name, org, record, decided);
  const auto growth = decided.to() - decided.from();
  if (decided.decision() != schema::Decision::admitted || growth <= 0) return;
  auto size = asked_in(decided);
  for (auto& amount : size) amount /= growth;
  for (const auto& domain : names_of(decided, {record.event->header()->scale()})) {
    if (!org.held.emplace(domain, Held{size}).second)
      story_.violated("one domain for each admission", domain + " was admitted twice, at " + place_of(record));
  }
}

void Books::check_sums(const std::string& name, const Org& org, const Recorded& record,
                       const schema::ScaleDecided& decided) {
  Triple committed{};
  Triple reserved{};
  for (const auto& [domain, held] : org.held) {
    auto& sum = held.committed ? committed : reserved;
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += held.size[i];
  }
  if (decided.projection() == nullptr) return;
  for (const auto* row : *decided.projection()) {
    const auto i = static_cast<std::size_t>(row->dimension());
    if (row->committed() == committed[i] && row->reserved() == reserved[i] && row->quota() == org.contract.quota[i])
      continue;
    story_.violated("a decision stands on the books",
                    name + " at " + place_of(record) + ": committed " + text_of(committed) + "; reserved " +
                        text_of(reserved) + "; quota " + text_of(org.contract.quota) +
                        "; the decision has it otherwise in dimension " + std::to_string(i));
    return;
  }
}

void Books::check_gate(const std::string& name, const Org& org, const Recorded& record,
                       const schema::ScaleDecided& decided) {
  auto used = asked_in(decided);
  for (const auto& [domain, held] : org.held) {
    for (std::size_t i = 0; i < used.size(); ++i) used[i] += held.size[i];
  }
  bool fits = org.contract.version > 0;
  for (std::size_t i = 0; i < used.size(); ++i)
    fits = fits && within(used[i], org.contract.quota[i], org.contract.overage);
  const bool admitted = decided.decision() == schema::Decision::admitted;
  if (admitted && decided.to() > decided.from() && !fits)
    story_.violated("no envelope is exceeded", name + " at " + place_of(record) + ": " + text_of(used) + " of " +
                                                   text_of(org.contract.quota) + " and " +
                                                   std::to_string(org.contract.overage) + " %");
  if (!admitted && decided.code()->string_view() == "beyond_envelope" && fits)
    story_.violated("only what is beyond the envelope is refused as such",
                    name + " at " + place_of(record) + ": " + text_of(used) + " of " + text_of(org.contract.quota));
}

// --- In the end ----------------------------------------------------------------------------------------------------

void Books::close() {
  for (auto& [name, org] : orgs_) take_until(name, org, UINT64_MAX);
}

bool Books::holds(const std::string& org, const std::string& domain) const {
  const auto found = orgs_.find(org);
  return found != orgs_.end() && found->second.held.contains(domain);
}

std::size_t Books::held_by(const std::string& org) const {
  const auto found = orgs_.find(org);
  return found == orgs_.end() ? 0 : found->second.held.size();
}

}  // namespace virtscale::simulation
