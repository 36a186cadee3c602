// Virtscale whole, on a durable log in a folder of its own, with drivers that answer at once: what remains is the
// software's own share.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>

#include "tests/bench/world/logs.hpp"
#include "tests/bench/world/stages.hpp"
#include "topology/host/log_edge.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale::bench {

/// Starts with `orgs` contracts and `services` services in each, all in one cell with room for everything.
/// The folder is removed at the end.
class InstantWorld {
 public:
  /// On the embedded log, or, with a `bootstrap`, on a Kafka cluster.
  InstantWorld(std::uint32_t orgs, std::uint32_t services, const std::string& bootstrap = {});
  ~InstantWorld();

  /// Appends `count` scale requests of `amount`, over all services in turn, as one unit.
  void request(std::size_t count, std::int32_t amount = 1);
  /// Requests `events` in hundreds, of the amount that `amount_of` says for those after so many, while no more than
  /// `outstanding_max` wait; returns when all of them are settled. Throws std::runtime_error after a minute.
  void request_and_settle(std::uint64_t events, std::uint64_t outstanding_max,
                          const std::function<std::int32_t(std::uint64_t sent)>& amount_of);
  /// Waits until signed, durable checkpoints cover `lines` lines more than at the last call that returned; false if it
  /// takes longer than a minute.
  bool wait_for_settled(std::uint64_t lines);
  /// Throws away what the stages have stored, and starts them again on the log. Seconds until they have folded all of
  /// it again; then they act.
  double rebuild();
  /// Records in the inboxes of all stages.
  std::uint64_t records();
  /// The data directory: `log/` and `keys/`.
  const std::filesystem::path& folder() const { return folder_.path(); }
  /// Bytes of the embedded log so far.
  std::uint64_t log_bytes() const;

 private:
  /// Lines that signed checkpoints cover so far.
  std::uint64_t settled();
  class Instant;
  std::unique_ptr<AllStages> make_stages();
  std::vector<PartitionStatus> status();
  void wait_until_folded();
  void apply_documents();
  void watch_ledger();

  TemporaryDirectory folder_;
  std::uint32_t orgs_;
  std::uint32_t services_;
  std::unique_ptr<Clock> clock_;
  std::unique_ptr<Logs> logs_;
  std::unique_ptr<Metrics> metrics_;
  EdgeIds ids_{1};
  std::unique_ptr<Instant> world_;
  std::unique_ptr<Signer> signer_;
  std::unique_ptr<AllStages> stages_;
  std::unique_ptr<ExecutorThread> edge_thread_;
  std::unique_ptr<LogEdge> edge_;
  std::uint64_t requested_ = 0;

  std::mutex mutex_;
  std::condition_variable settled_grew_;
  std::map<std::string, std::uint64_t, std::less<>> settled_by_org_;
  std::uint64_t settled_ = 0;
  std::uint64_t waited_for_ = 0;
};

}  // namespace virtscale::bench
