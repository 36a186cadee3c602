// The stream of scale events: what becomes of each, as Server-Sent Events, to everyone who listens.
//
// The one thing to know: a stream begins when it is opened; what was before is asked for at /v1/scales. Without
// listeners nothing is remembered.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "schemas/codec.hpp"
#include "topology/ports/http.hpp"
#include "topology/ports/log.hpp"

namespace virtscale::audit {

/// Listeners at once; each holds a connection.
inline constexpr std::size_t listeners_max = 256;
/// Scale events that are open, and lines that wait for their checkpoint, while somebody listens; beyond, the oldest are
/// forgotten, and their `opened` comes twice or their `settled` not at all.
inline constexpr std::size_t followed_max = 100'000;

/// Thread-safe.
class EventStream : public std::enable_shared_from_this<EventStream> {
 public:
  /// Sends events of `org`, or of all if that is empty, from now on; false if there are `listeners_max`.
  bool listen(std::shared_ptr<HttpResponder> responder, std::string org);
  /// Tells the listeners of a record of `outcomes` or `ledger`: `opened`, `decided`, `placed`, `serving`, `failed`,
  /// `removed`, `notified`, `ended`, `written` and `settled`.
  void tell(const LogRecord& record);

 private:
  struct Listener {
    std::shared_ptr<HttpResponder> responder;
    std::string org;
  };
  struct Line {
    std::uint64_t index;
    std::string event;
  };

  void forget(std::uint64_t listener);
  void send(std::string_view org, std::string_view name, std::string_view data);
  void tell_outcome(const schema::Event& event, const LogRecord& record);
  void tell_line(const schema::Event& event, Instant at);
  void tell_checkpoint(const schema::Event& event, Instant at);
  bool is_new(const std::string& key);

  std::mutex mutex_;
  std::atomic<std::size_t> listening_ = 0;
  std::uint64_t next_listener_ = 0;
  std::map<std::uint64_t, Listener> listeners_;
  std::set<std::string> open_;                     // org/evt-…
  std::map<std::string, std::deque<Line>> lines_;  // by org: written and not yet settled
  std::size_t waiting_ = 0;                        // lines in `lines_`
};

}  // namespace virtscale::audit
