// The edges' world on one thread: a log in memory behind the real edge log, an executor and a clock that a test moves,
// and a stand-in for the stages that answer.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stages/signal/edges.hpp"
#include "topology/adapters/memory/manual_clock.hpp"
#include "topology/adapters/memory/memory_log.hpp"
#include "topology/host/admission.hpp"
#include "topology/host/log_edge.hpp"

namespace virtscale::signal {

/// Runs what is due when the test says so.
class SteppedExecutor final : public Executor {
 public:
  explicit SteppedExecutor(ManualClock& clock) : clock_(clock) {}
  void post(std::function<void()> run) override { posted_.push_back(std::move(run)); }
  void after(Duration delay, std::function<void()> run) override { timers_.emplace(elapsed_ + delay, std::move(run)); }

  void run() {
    while (!posted_.empty()) {
      const auto next = std::move(posted_.front());
      posted_.pop_front();
      next();
    }
  }
  /// Moves the clock along; a test may set it elsewhere meanwhile, timers do not care.
  void pass(Duration time) {
    const auto end = elapsed_ + time;
    run();
    while (!timers_.empty() && timers_.begin()->first <= end) {
      const auto timer = timers_.extract(timers_.begin());
      move_to(timer.key());
      timer.mapped()();
      run();
    }
    move_to(end);
  }

 private:
  void move_to(Duration elapsed) {
    clock_.advance({elapsed.us - elapsed_.us});
    elapsed_ = elapsed;
  }
  ManualClock& clock_;
  Duration elapsed_;
  std::deque<std::function<void()>> posted_;
  std::multimap<Duration, std::function<void()>> timers_;
};

/// What a caller gets; more than one response fails the test.
class Caller final : public HttpResponder {
 public:
  void respond(HttpResponse response) override {
    EXPECT_FALSE(response_) << "answered twice";
    response_ = std::move(response);
  }
  void open_stream(std::string_view, std::function<void()>) override { ADD_FAILURE() << "no stream was asked for"; }
  void write(std::string_view) override {}

  bool answered() const { return response_.has_value(); }
  unsigned status() const { return response_ ? response_->status : 0; }
  std::string body() const { return response_ ? response_->body : std::string(); }
  std::string content_type() const { return response_ ? response_->content_type : std::string(); }
  std::string header(std::string_view name) const {
    for (const auto& [key, value] : response_->headers) {
      if (key == name) return value;
    }
    return {};
  }

 private:
  std::optional<HttpResponse> response_;
};

/// `acme-token` is of acme, `shop-token` of shop, `operator-token` of an operator.
class Tokens final : public Authorizer {
 public:
  Access check(std::string_view token, std::string_view org) const override {
    if (token == "operator-token") return Access::operator_;
    if (token != "acme-token" && token != "shop-token") return Access::unknown;
    return token == std::string(org) + "-token" ? Access::org : Access::none;
  }
};

struct World {
  ManualClock clock{Instant{1'800'000'000'000'000}};
  MemoryLog log{LogLayout{}, clock};
  SteppedExecutor executor{clock};
  EdgeIds ids{4242};
  LogEdge edge{log, executor, ids};
  Tokens tokens;
  ReadDocuments read_documents = [](std::string_view, std::string_view) { return ParsedDocuments{}; };
  QueueDepth queue_depth{};
  HttpHandler handler{};

  void open(std::map<std::string, std::int64_t> versions = {}) {
    handler = make_edges({edge, executor, tokens, read_documents, queue_depth, std::move(versions)});
    executor.run();
  }

  std::shared_ptr<Caller> send(std::string method, std::string path, std::string body,
                               std::map<std::string, std::string> headers = {{"authorization", "Bearer acme-token"}}) {
    auto caller = std::make_shared<Caller>();
    handler({std::move(method), std::move(path), {}, std::move(headers), std::move(body)}, caller);
    executor.run();
    return caller;
  }

  struct Stored {
    std::string key;
    std::vector<std::byte> value;
    const schema::Event& event() const { return *schema::verify_event(value); }
  };
  std::vector<Stored> records(Topic topic) {
    std::vector<Stored> all;
    log.read({topic, 0}, 0, 1'000'000, [&](const LogRecord& record) {
      all.push_back({std::string(record.key), {record.value.begin(), record.value.end()}});
      return true;
    });
    return all;
  }

  /// Stands in for the stage that answers `request` on `outcomes`.
  template <class Body>
  void answer(const World::Stored& request, std::string_view org, const Body& body, ScaleId scale = {}) {
    auto event = schema::encode(body, org);
    const auto id = id_of(request.event().header()->id());
    fill_header(event, {.id = {9, 0, 0, Source::policy}, .answers = id, .scale = scale});
    const LogAppend append{{Topic::outcomes, 0}, org, event};
    log.append({&append, 1});
    executor.run();
  }
};

}  // namespace virtscale::signal
