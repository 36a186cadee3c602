// One partition of one stage in a process: the real shell, whatever the stage's types are.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "topology/host/shell.hpp"
#include "topology/host/stage_runner.hpp"

namespace virtscale::simulation {

class Hosted {
 public:
  virtual ~Hosted() = default;
  /// As Shell's.
  virtual void start() = 0;
  virtual void drain(Duration within, std::function<void()> done) = 0;
  virtual bool ready() const = 0;
  virtual std::uint64_t next_offset() const = 0;
  virtual PartitionStatus status(const Log& log) const = 0;
  /// To be read only.
  virtual std::vector<AnyTable*> tables() const = 0;
};

template <Stage S>
class HostedOf final : public Hosted {
 public:
  HostedOf(std::uint32_t partition, ShellPorts ports)
      : shell_(std::make_shared<Shell<S>>(partition, std::move(ports), Pace())) {}

  void start() override { shell_->start(); }
  void drain(Duration within, std::function<void()> done) override { shell_->drain(within, std::move(done)); }
  bool ready() const override { return shell_->ready(); }
  std::uint64_t next_offset() const override { return shell_->partition().next_offset(); }
  PartitionStatus status(const Log& log) const override {
    const auto& partition = shell_->partition();
    PartitionStatus status;
    status.stage = graph::node_of(S::source).name;
    status.partition = partition.number();
    status.next_offset = partition.next_offset();
    status.end_offset = log.end({S::inbox, partition.number()});
    status.requests_pending = partition.books().pending_count();
    status.timers = partition.books().due_timers().size();
    status.ready = shell_->ready();
    status.stopped = shell_->stopped();
    return status;
  }
  std::vector<AnyTable*> tables() const override {
    // A partition lists its tables to whoever loads and writes them; nobody does here.
    return const_cast<Partition<S>&>(shell_->partition()).tables();
  }
  const typename S::State& state() const { return shell_->state(); }

 private:
  std::shared_ptr<Shell<S>> shell_;
};

/// A shell of this stage that has not begun. REQUIRES: `stage` is not `edge`.
std::unique_ptr<Hosted> host(Source stage, std::uint32_t partition, ShellPorts ports);

}  // namespace virtscale::simulation
