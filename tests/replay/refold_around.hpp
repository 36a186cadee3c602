// A refold around a real one, for tests that look at a fold or change what it does: `fold` is theirs, all else the real
// one's.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "replay/refold.hpp"

namespace virtscale::test {

class RefoldAround : public replay::Refold {
 public:
  explicit RefoldAround(std::unique_ptr<replay::Refold> real) : real_(std::move(real)) {}
  Source stage() const override { return real_->stage(); }
  TopicPartition inbox() const override { return real_->inbox(); }
  std::vector<AnyTable*> tables() override { return real_->tables(); }
  void rebuild() override { real_->rebuild(); }
  const Books& books() const override { return real_->books(); }
  std::uint64_t next_offset() const override { return real_->next_offset(); }
  Instant stream_time() const override { return real_->stream_time(); }
  std::string violated_invariant() const override { return real_->violated_invariant(); }

 protected:
  replay::Refold& real() { return *real_; }

 private:
  std::unique_ptr<replay::Refold> real_;
};

}  // namespace virtscale::test
