// Mails: one for each violation, and none that the log could still lose.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "tests/simulation/engine/outside.hpp"
#include "tests/simulation/world/mailbox.hpp"

namespace virtscale::simulation {

class Mails {
 public:
  Mails(Story& story, const View& view) : story_(story), view_(view) {}

  // Records that were folded.
  void note_signal(const Recorded& record);
  void note_outcome(const Recorded& record);
  /// A mail that is no copy.
  void note_mail(const Received& received);
  void judge();

  std::size_t sent() const { return mailed_.size(); }

 private:
  /// What makes two refusals one violation: org, service, dimension, contract version, what was used.
  using Violation = std::tuple<std::string, std::string, int, std::int64_t, std::int64_t>;

  Story& story_;
  const View& view_;
  struct Refused {
    Violation violation;
    std::int64_t at_us = 0;
  };
  struct Owner {
    std::int64_t version = 0;                 // of the newest contract
    std::map<std::int64_t, bool> is_named{};  // by version
  };
  void judge_copies();
  void judge_silence();

  std::map<std::string, Owner> owners_;        // by org
  std::map<std::string, Refused> refused_;     // by scale event
  std::map<std::string, std::string> mailed_;  // message id by scale event
  std::map<std::string, bool> notified_;       // by scale event: whether it was sent
};

}  // namespace virtscale::simulation
