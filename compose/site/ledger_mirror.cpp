#include "compose/site/ledger_mirror.hpp"

#include <atomic>
#include <vector>

#include "topology/adapters/sodium/sodium.hpp"

namespace virtscale {
namespace {

// Between two writings under a flood: bounds memory, and spares rewriting the tiles at the tree's edge.
constexpr std::size_t records_in_a_turn_max = 4'096;

}  // namespace

class LedgerMirror::Copying : public std::enable_shared_from_this<Copying> {
 public:
  Copying(Log& log, std::filesystem::path directory, std::filesystem::path keys, Executor& executor,
          std::function<void(const std::string&)> failed)
      : log_(log),
        executor_(executor),
        failed_(std::move(failed)),
        writer_(std::move(directory), [keys = std::move(keys)] { return public_keys(keys); }) {}

  void start() {
    for (std::uint32_t p = 0; p < log_.layout().partitions[static_cast<std::size_t>(Topic::ledger)]; ++p) {
      next_.push_back(writer_.resume_from(p));
      // What another process appended is durable when it is seen first: no ticket of ours tells.
      listening_.push_back(log_.on_append({Topic::ledger, p}, waker()));
    }
    listening_.push_back(log_.on_durable(waker()));
    wake();
  }

 private:
  std::function<void()> waker() {
    return [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->wake();
    };
  }

  void wake() {
    if (woken_.exchange(true)) return;
    executor_.post([self = shared_from_this()] {
      self->woken_ = false;
      try {
        self->copy();
      } catch (const LogError& error) {
        self->tell(error.what());
      }
    });
  }

  void copy() {
    const auto durable = log_.durable();
    bool more = false;
    bool taken = false;
    for (std::uint32_t p = 0; p < next_.size(); ++p) {
      const auto before = next_[p];
      more = copy_partition(p, durable) == records_in_a_turn_max || more;
      taken = taken || next_[p] != before;
    }
    if (taken) tell(writer_.flush());
    if (more) wake();
  }

  std::size_t copy_partition(std::uint32_t partition, Ticket durable) {
    return log_.read({Topic::ledger, partition}, next_[partition], records_in_a_turn_max, [&](const LogRecord& record) {
      if (record.ticket > durable) return false;
      tell(writer_.take(record));
      next_[partition] = record.offset + 1;
      return true;
    });
  }

  void tell(const std::string& fault) {
    if (!fault.empty()) failed_(fault);
  }

  Log& log_;
  Executor& executor_;
  std::function<void(const std::string&)> failed_;
  ledger::LedgerWriter writer_;
  std::vector<std::uint64_t> next_;
  std::vector<Subscription> listening_;
  std::atomic<bool> woken_ = false;
};

LedgerMirror::LedgerMirror(Log& log, Executor& disk, std::filesystem::path directory, std::filesystem::path keys,
                           std::function<void(const std::string&)> failed)
    : copying_(std::make_shared<Copying>(log, std::move(directory), std::move(keys), disk, std::move(failed))) {
  copying_->start();
}

}  // namespace virtscale
