#include "topology/adapters/http/exchange.hpp"

#include <utility>

#include "topology/adapters/http/wire.hpp"

namespace virtscale {

Exchange::Exchange(std::size_t buffer_bytes_max, std::function<void()> wake)
    : buffer_bytes_max_(buffer_bytes_max), wake_(std::move(wake)) {}

void Exchange::wake() {
  if (wake_) wake_();
}

std::optional<Exchange::Answer> Exchange::take_answer() {
  const std::lock_guard lock(mutex_);
  return std::exchange(answer_, std::nullopt);
}

Exchange::Chunk Exchange::take_chunk() {
  const std::lock_guard lock(mutex_);
  return {std::exchange(pending_, {}), stream_};
}

bool Exchange::has_overflowed() {
  const std::lock_guard lock(mutex_);
  return stream_ == StreamState::overflowed;
}

void Exchange::end() {
  std::function<void()> closed;
  {
    const std::lock_guard lock(mutex_);
    phase_ = Phase::ended;
    wake_ = nullptr;
    closed = std::exchange(closed_, nullptr);
  }
  // Outside the lock: it may call back.
  if (closed) closed();
}

void Exchange::respond(HttpResponse response) {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::asked) return;
  phase_ = Phase::answered;
  answer_ = std::move(response);
  wake();
}

void Exchange::open_stream(std::string_view content_type, std::function<void()> closed) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::asked) {
      phase_ = Phase::streaming;
      answer_ = StreamOpening{std::string(content_type)};
      closed_ = std::move(closed);
      wake();
      return;
    }
  }
  if (closed) closed();
}

void Exchange::write(std::string_view chunk) {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::streaming || stream_ != StreamState::open) return;
  if (chunk.size() > buffer_bytes_max_ - pending_.size()) {
    stream_ = StreamState::overflowed;
    pending_ = {};
  } else {
    pending_.append(chunk);
  }
  wake();
}

void Exchange::release() {
  respond(problem(500, "Internal Server Error", "the request was dropped without an answer"));
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::streaming || stream_ != StreamState::open) return;
  stream_ = StreamState::finished;
  wake();
}

namespace {

class Responder final : public HttpResponder {
 public:
  explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  ~Responder() override { exchange_->release(); }
  void respond(HttpResponse response) override { exchange_->respond(std::move(response)); }
  void open_stream(std::string_view content_type, std::function<void()> closed) override {
    exchange_->open_stream(content_type, std::move(closed));
  }
  void write(std::string_view chunk) override { exchange_->write(chunk); }

 private:
  std::shared_ptr<Exchange> exchange_;
};

}  // namespace

std::shared_ptr<HttpResponder> make_responder(std::shared_ptr<Exchange> exchange) {
  return std::make_shared<Responder>(std::move(exchange));
}

}  // namespace virtscale
