// One request and its answer, between a connection and a handler that may be on different threads.
//
// The one thing to know: either side may be gone first. The connection ends the exchange before it goes, and from then
// on nothing that the handler says reaches it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "topology/ports/http.hpp"

namespace virtscale {

class Exchange {
 public:
  struct StreamOpening {
    std::string content_type;
  };
  using Answer = std::variant<HttpResponse, StreamOpening>;
  enum class StreamState { open, finished, overflowed };
  struct Chunk {
    std::string bytes;
    StreamState state = StreamState::open;
  };

  /// `wake` is called, on any thread and not after `end`, when there is something to take. It must not call back.
  Exchange(std::size_t buffer_bytes_max, std::function<void()> wake);

  // The connection's side.
  std::optional<Answer> take_answer();
  /// All that was written since the last call, and whether there will be more.
  Chunk take_chunk();
  bool has_overflowed();
  /// The connection takes nothing more. Calls `closed` of a stream. Idempotent.
  void end();

  // The handler's side; the first answer counts.
  void respond(HttpResponse response);
  void open_stream(std::string_view content_type, std::function<void()> closed);
  void write(std::string_view chunk);
  /// The handler says nothing more: a request without an answer is answered 500, a stream ends.
  void release();

 private:
  enum class Phase { asked, answered, streaming, ended };

  void wake();

  const std::size_t buffer_bytes_max_;
  std::mutex mutex_;
  std::function<void()> wake_;
  Phase phase_ = Phase::asked;
  std::optional<Answer> answer_;
  std::string pending_;
  StreamState stream_ = StreamState::open;
  std::function<void()> closed_;
};

/// The handler's end of an exchange; releases it when it goes.
std::shared_ptr<HttpResponder> make_responder(std::shared_ptr<Exchange> exchange);

}  // namespace virtscale
