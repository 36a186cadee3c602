// All five stages joined in memory, without a log: what is appended is folded at once, with all that follows from it.
//
// The one thing to know: nothing remains of a record but what the stages remember of it, so what memory grows by is
// state.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "replay/refold.hpp"
#include "topology/host/edge_id.hpp"
#include "topology/host/temporary_directory.hpp"
#include "topology/ports/signer.hpp"

namespace virtscale::bench {

class Chain {
 public:
  Chain();
  ~Chain();

  /// Folds an event from outside, and everything that comes of it; drivers answer at once, and no timer rings. Throws
  /// std::runtime_error if a stage does not fold a record.
  void append(Topic to, std::string_view key, std::vector<std::byte> event);
  /// Lets the tables forget which rows changed, as they do when the host has written them to the store.
  void settle();
  /// In the order of the pipeline. One that is taken out is no longer appended to.
  std::vector<std::unique_ptr<replay::Refold>>& stages() { return stages_; }

 private:
  struct Record {
    TopicPartition to;
    std::string key;
    std::vector<std::byte> event;
  };

  void fold(const Record& record);
  void answer(TopicPartition inbox, const RequestView& request);
  std::vector<std::byte> answer_to(const RequestView& request) const;

  TemporaryDirectory keys_;
  std::unique_ptr<Signer> signer_;
  std::vector<std::unique_ptr<replay::Refold>> stages_;
  std::deque<Record> waiting_;
  EdgeIds ids_{1};
  std::array<std::uint64_t, topics_count> offsets_{};
  std::int64_t now_us_ = 0;
  Arena arena_;  // of one step
};

}  // namespace virtscale::bench
