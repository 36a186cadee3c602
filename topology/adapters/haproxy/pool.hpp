// One backend of HAProxy while something is under way in it: one `show stat` serves all of its operations.
//
// The one thing to know: it goes round: look, let each operation send what its plan says is next, and look again once
// all of that is answered. A server has one operation at a time; those that come later wait their turn.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "topology/adapters/haproxy/plan.hpp"
#include "topology/adapters/haproxy/runtime_api.hpp"

namespace virtscale::haproxy {

/// Lives on the thread of its RuntimeApi.
class Pool : public std::enable_shared_from_this<Pool> {
 public:
  Pool(RuntimeApi& api, std::string backend, Duration look_every)
      : api_(api), backend_(std::move(backend)), look_every_(look_every) {}

  /// Begins, or queues, an operation. `allowed` counts from its first look.
  void begin(Plan plan, Duration allowed, LoadBalancer::Changed done);

 private:
  using Time = std::chrono::steady_clock::time_point;
  using Rows = std::vector<StatRow>;
  struct Operation {
    Plan plan;
    Duration allowed;
    LoadBalancer::Changed done;
    Time deadline{};          // none until its first look
    std::string waits_for{};  // what it waited for last
    std::string then{};       // what to send once the command under way was taken
  };

  void look();
  void saw(const std::string& reply, const Failure* failure);
  void step_all(const Rows& rows);
  void step(const std::string& server, const Rows& rows);
  void send(const std::string& server, std::string command);
  void replied(const std::string& server, const std::string& reply, const Failure* failure);
  void rest();

  Operation& under_way(const std::string& server) { return operations_.at(server).front(); }
  std::vector<std::string> servers_under_way() const;
  void finish(const std::string& server, std::uint32_t servers, const Failure* failure);
  void finish_all(const Failure& failure);
  void finish_without_backend();

  RuntimeApi& api_;
  std::string backend_;
  Duration look_every_;
  std::map<std::string, std::deque<Operation>> operations_;  // by server; the first of each is under way
  bool going_round_ = false;
  bool rested_ = false;         // whether the next look needs no pause before it
  std::size_t unanswered_ = 0;  // commands of this round
};

}  // namespace virtscale::haproxy
