// Outcomes: each request has exactly one answer, each decision one admission and one line, and each end of a refusal
// one line more.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "replay/verify/ledgers.hpp"
#include "tests/simulation/engine/outside.hpp"

namespace virtscale::simulation {

class Outcomes {
 public:
  Outcomes(Story& story, std::vector<VerifierKey> keys) : story_(story), ledgers_(std::move(keys)) {}

  void note_alert(const Recorded& record);
  void note_decision(const Recorded& record);
  void note_outcome(const Recorded& record);
  /// A record of `ledger` that is no copy.
  void note_line(const Recorded& record);
  /// Everything has come to its end. `acknowledged`: ids of which a caller was told that they are durable.
  void judge(const std::set<EventId>& acknowledged);

  std::size_t requests() const { return requests_.size(); }
  std::size_t decisions() const { return scales_.size(); }
  std::size_t refusals() const { return refusals_; }
  std::size_t lines() const { return ledgers_.lines(); }

 private:
  struct Scale {
    bool admitted = false;
    std::int32_t domains = 0;
    std::int32_t growth = 0;
    std::uint32_t decisions = 0;
    std::uint32_t admissions = 0;
    std::uint32_t lines = 0;
    std::uint32_t ends = 0;       // of a refusal
    std::uint32_t end_lines = 0;  // of which the ledger speaks
  };
  struct Request {
    std::uint32_t answers = 0;
    std::string key;  // org/Idempotency-Key; empty: none
  };
  struct Ledger {
    std::uint64_t lines = 0;
    std::uint64_t covered = 0;
  };

  void once(std::uint32_t count, const std::string& what, const Recorded& record);
  void note_decided(const Recorded& record, const schema::ScaleDecided& decided);
  void note_answer(const Recorded& record);
  void check_key(const Request& request, const Recorded& record, const schema::ScaleDecided& decided);
  void judge_scale(ScaleId id, const Scale& scale);
  void take_line(const Recorded& record, const schema::LineAppended& line);

  Story& story_;
  replay::LedgerCheck ledgers_;
  std::set<EventId> landed_;                          // ids that edges gave
  std::map<EventId, Request> requests_;               // of each request
  std::map<std::string, std::int64_t> decided_keys_;  // when
  std::map<ScaleId, Scale> scales_;
  std::map<std::string, Ledger> by_org_;
  std::size_t refusals_ = 0;
};

/// The id of an event.
EventId id_in(const schema::EventId& id);

}  // namespace virtscale::simulation
