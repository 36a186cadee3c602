// The books: what each org has in use and has been promised, reckoned again from the log by other means than policy's.
//
// The one thing to know: a decision names the record that it was taken at (its id), and an org's decisions come in
// order. So what was known at each decision is known here too, whenever it becomes durable.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "tests/simulation/engine/outside.hpp"

namespace virtscale::simulation {

/// Thousandths of a vCPU, MiB, GiB.
using Triple = std::array<std::int64_t, 3>;

class Books {
 public:
  explicit Books(Story& story) : story_(story) {}

  /// A record of `signals` that was folded: contracts, and what became of domains.
  void note_signal(const Recorded& record);
  /// A record of `outcomes` that was folded. Checks each decision.
  void note_outcome(const Recorded& record);
  /// All decisions are known: takes what came after the last of them.
  void close();

  /// Whether the contract's usage still counts the domain.
  bool holds(const std::string& org, const std::string& domain) const;
  std::size_t held_by(const std::string& org) const;

 private:
  struct Contract {
    std::int64_t version = 0;
    Triple quota{};
    std::int64_t overage = 0;
  };
  struct Held {
    Triple size{};
    bool committed = false;
  };
  /// Of a record of `signals` what matters here.
  struct Note {
    std::uint64_t offset = 0;
    std::optional<Contract> contract;
    std::string domain;
    enum class What : std::uint8_t { contract, runs, gone } what = What::contract;
  };
  struct Org {
    Contract contract;
    std::map<std::string, Held> held;
    std::deque<Note> ahead;  // not yet known to a decision
  };

  void take(const std::string& name, Org& org, const Note& note);
  void take_until(const std::string& name, Org& org, std::uint64_t offset);
  void judge(const std::string& name, Org& org, const Recorded& record, const schema::ScaleDecided& decided);
  void check_sums(const std::string& name, const Org& org, const Recorded& record, const schema::ScaleDecided& decided);
  void check_gate(const std::string& name, const Org& org, const Recorded& record, const schema::ScaleDecided& decided);

  Story& story_;
  std::map<std::string, Org> orgs_;
};

/// The names of the domains that an admission made, as policy gives them.
std::vector<std::string> names_of(const schema::ScaleDecided& decided, ScaleId scale);

/// Where a record stands, for a person.
std::string place_of(const Recorded& record);

}  // namespace virtscale::simulation
