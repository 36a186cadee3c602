// The workload: orgs, services and cells, and what happens to them in a run.
//
// The one thing to know: each action draws from a stream of its own, so that a run cut after its first few actions
// repeats these to the byte.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/simulation/workload/callers.hpp"
#include "tests/simulation/workload/documents.hpp"

namespace virtscale::simulation {

class Workload {
 public:
  explicit Workload(const Stageplay& play);

  void begin();
  /// Nothing new comes, and what still fires is resolved.
  void end();

  std::uint32_t actions() const { return done_; }
  const Callers& callers() const { return callers_; }

 private:
  struct Service {
    std::string org;
    std::string name;
    std::string cell;
    std::string key() const { return org + "/" + name; }
  };
  struct Alert {
    std::size_t service = 0;
    std::string name;
    std::string fingerprint;
    Instant starts_at;
    bool resolved = false;
  };
  /// What was asked under an Idempotency-Key.
  struct Question {
    std::size_t service = 0;
    schema::ScaleRequestedT asked;
  };

  void found_town();
  void act(std::uint32_t number);

  void raise(Dice& dice);
  void post_raised(Dice dice, std::size_t number);
  void resolve(std::size_t number);
  void request(Dice& dice);
  void change_contract(Dice& dice);
  void change_service(Dice& dice);
  void change_cell(Dice& dice);
  void bring_odd(Dice& dice);
  void ring_schedule(Dice& dice);

  void bring_contract(const std::string& org, const schema::ContractAppliedT& contract);
  void bring_service(const Service& service, std::unique_ptr<schema::ServiceSpecT> spec);
  void bring_cell(const schema::CellAppliedT& cell);
  template <class Body>
  void bring_alert(const Service& service, const Body& body);

  const Stageplay& play_;
  Callers callers_;
  std::vector<std::string> orgs_;
  std::vector<Service> services_;
  std::vector<Alert> alerts_;
  std::vector<Question> questions_;
  std::map<std::string, schema::ContractAppliedT> contracts_;  // by org: the newest that was brought
  std::map<std::string, schema::CellAppliedT> cells_;
  std::uint32_t done_ = 0;
  bool over_ = false;
};

}  // namespace virtscale::simulation
