// The log as one life of a simulated process has it: the port, and what the simulation does to it.
#pragma once

#include "topology/ports/log.hpp"

namespace virtscale::simulation {

class ProcessLog : public Log {
 public:
  /// It takes nothing more; the process must start again.
  virtual bool failed() const = 0;
  /// True while something that was appended is not known to be durable.
  virtual bool in_flight() const = 0;
  /// The process stands still: what is not under way yet waits.
  virtual void pause() = 0;
  virtual void resume() = 0;
  /// The process is dead: of what is not durable, a beginning may become so, however late. Nobody is called.
  virtual void kill() = 0;
  /// There is no thread to wait with: throws LogError.
  void sync() final { throw LogError("a simulated log cannot be waited for"); }
};

}  // namespace virtscale::simulation
