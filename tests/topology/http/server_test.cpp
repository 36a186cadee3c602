#include "topology/adapters/http/server.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "tests/topology/http/client.hpp"

namespace virtscale {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

void echo(const HttpRequest& request, std::shared_ptr<HttpResponder> responder) {
  responder->respond(
      {.status = 200, .content_type = "text/plain", .body = request.method + request.path + request.body});
}

std::string status_of(const std::string& answer) {
  return answer.substr(0, answer.find("\r\n"));
}

/// Responders that a handler keeps, to be answered by the test.
struct Kept {
  std::mutex mutex;
  std::condition_variable more;
  std::vector<std::shared_ptr<HttpResponder>> responders;

  HttpHandler keep() {
    return [this](const HttpRequest&, std::shared_ptr<HttpResponder> responder) {
      const std::lock_guard lock(mutex);
      responders.push_back(std::move(responder));
      more.notify_all();
    };
  }
  std::shared_ptr<HttpResponder> take() {
    std::unique_lock lock(mutex);
    more.wait_for(lock, std::chrono::seconds(5), [this] { return !responders.empty(); });
    auto taken = std::move(responders.front());
    responders.erase(responders.begin());
    return taken;
  }
};

TEST(HttpServer, HandsOverTheWholeRequest) {
  std::promise<HttpRequest> seen;
  const auto server = listen({}, [&](const HttpRequest& request, std::shared_ptr<HttpResponder> responder) {
    seen.set_value(request);
    responder->respond({.status = 202, .body = "{}", .headers = {{"Retry-After", "5\r\nX-Evil: 1"}}});
  });
  RawClient client(server->port());
  client.send("PUT /v1/a%20b?org=x HTTP/1.1\r\nHost: h\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 5\r\n\r\nhello");
  const auto answer = client.read_to("{}");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 202 Accepted");
  EXPECT_THAT(answer, AllOf(HasSubstr("Content-Length: 2\r\n"), HasSubstr("Content-Type: application/json\r\n"),
                            HasSubstr("\r\nDate: "), Not(HasSubstr("\nX-Evil"))));
  const auto request = seen.get_future().get();
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.path, "/v1/a b");
  EXPECT_EQ(request.query.at("org"), "x");
  EXPECT_EQ(request.headers.at("x-one"), "1, 2");
  EXPECT_EQ(request.body, "hello");
}

TEST(HttpServer, AnswersPipelinedRequestsInOrderWhateverTheHandlerTakes) {
  const auto server = listen({}, [](const HttpRequest& request, std::shared_ptr<HttpResponder> responder) {
    std::thread([path = request.path, responder] {
      if (path == "/1") std::this_thread::sleep_for(std::chrono::milliseconds(30));
      responder->respond({.body = path});
    }).detach();
  });
  RawClient client(server->port());
  std::string all;
  for (int i = 1; i <= 20; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  client.send(all);
  for (int i = 1; i <= 20; ++i) {
    const auto body = "/" + std::to_string(i);
    EXPECT_THAT(client.read_to("\r\n\r\n" + body), AllOf(StartsWith("HTTP/1.1 200"), EndsWith(body)));
  }
}

TEST(HttpServer, AnswersHeadWithoutTheBody) {
  const auto server = listen({}, echo);
  RawClient client(server->port());
  client.send("HEAD /abc HTTP/1.1\r\nHost: h\r\n\r\nGET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const auto answers = client.read_to_end();
  EXPECT_THAT(answers, AllOf(HasSubstr("Content-Length: 7\r\n"), Not(HasSubstr("GET/abc")), EndsWith("GET/x")));
  EXPECT_TRUE(client.ended());
}

TEST(HttpServer, TakesChunkedBodiesAndExpectContinue) {
  const auto server = listen({}, echo);
  RawClient client(server->port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_to("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_THAT(client.read_to("abcde"), EndsWith("POST/abcde"));
}

TEST(HttpServer, RefusesBodiesBeyondTheBoundBeforeTheyAreRead) {
  const auto server = listen({.body_bytes_max = 1'000}, echo);
  RawClient told(server->port());
  told.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n");
  EXPECT_THAT(told.read_to("}\n"), AllOf(StartsWith("HTTP/1.1 413"), HasSubstr("application/problem+json"),
                                         HasSubstr("\"status\":413"), HasSubstr("Connection: close")));
  RawClient chunked(server->port());
  chunked.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1'001, 'x'));
  EXPECT_THAT(chunked.read_to("}\n"), StartsWith("HTTP/1.1 413"));
  RawClient exact(server->port());
  exact.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n" + std::string(1'000, 'x'));
  EXPECT_THAT(exact.read_to("xxx"), StartsWith("HTTP/1.1 200"));
}

TEST(HttpServer, LetsTheClientReadTheRefusalWhileItStillSends) {
  const auto server = listen({.body_bytes_max = 1'000}, echo);
  RawClient client(server->port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000\r\n\r\n");
  EXPECT_TRUE(client.send(std::string(4'000'000, 'x')));
  EXPECT_THAT(client.read_to("}\n"), StartsWith("HTTP/1.1 413"));
}

TEST(HttpServer, RefusesHeadersBeyondTheBound) {
  const auto server = listen({.header_bytes_max = 1'024}, echo);
  RawClient client(server->port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(10'000, 'x'));
  EXPECT_THAT(client.read_to("}\n"), StartsWith("HTTP/1.1 431"));
}

TEST(HttpServer, RefusesWhatIsNotHttp) {
  const auto server = listen({}, echo);
  for (const auto* bad :
       {"hello\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET  / HTTP/1.1\r\nbad header\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    RawClient client(server->port());
    client.send(bad);
    EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 400")) << bad;
    EXPECT_TRUE(client.ended()) << bad;
  }
}

TEST(HttpServer, CutsOffSlowClients) {
  const auto server = listen({.read_timeout = milliseconds(150), .idle_timeout = milliseconds(100)}, echo);
  RawClient silent(server->port());
  RawClient trickling(server->port());
  RawClient idle(server->port());
  idle.send("GET /idle HTTP/1.1\r\nHost: h\r\n\r\n");
  trickling.send("GET / HTTP/1.1\r\nX: ");
  const auto begun = std::chrono::steady_clock::now();
  std::string answer;
  while (answer.empty() && std::chrono::steady_clock::now() - begun < std::chrono::seconds(5)) {
    trickling.send("x");
    answer = trickling.read_to("}\n", 20);
  }
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 408"));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2)) << "a byte now and then buys no time";
  EXPECT_EQ(silent.read_to_end(), "");
  EXPECT_TRUE(silent.ended());
  EXPECT_THAT(idle.read_to_end(), EndsWith("GET/idle"));
  EXPECT_TRUE(idle.ended());
}

TEST(HttpServer, TurnsAwayMoreConnectionsThanItMayHave) {
  const auto server = listen({.connections_max = 2}, echo);
  auto first = std::make_unique<RawClient>(server->port());
  RawClient second(server->port());
  first->send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(first->read_to("GET/1"), StartsWith("HTTP/1.1 200"));
  RawClient third(server->port());
  EXPECT_THAT(third.read_to_end(), StartsWith("HTTP/1.1 503"));
  first.reset();
  for (int tries = 0; tries < 100; ++tries) {
    RawClient next(server->port());
    next.send("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    if (next.read_to("GET/2").starts_with("HTTP/1.1 200")) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  FAIL() << "a place that became free was not given";
}

TEST(HttpServer, AnswersWhatTheHandlerDropsOrThrowsOrForgets) {
  Kept kept;
  const auto server = listen({.answer_timeout = milliseconds(50)},
                             [&](const HttpRequest& request, std::shared_ptr<HttpResponder> responder) {
                               if (request.path == "/throw") throw std::runtime_error("unexpected");
                               if (request.path == "/forget") kept.keep()(request, responder);
                             });
  RawClient client(server->port());
  client.send("GET /drop HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.read_to("}\n"), StartsWith("HTTP/1.1 500"));
  client.send("GET /throw HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.read_to("}\n"), AllOf(StartsWith("HTTP/1.1 500"), Not(HasSubstr("unexpected"))));
  client.send("GET /forget HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.read_to("}\n"), StartsWith("HTTP/1.1 503"));
}

TEST(HttpServer, StreamsUntilTheClientIsGone) {
  Kept kept;
  const auto server = listen({}, kept.keep());
  RawClient client(server->port());
  client.send("GET /v1/events HTTP/1.1\r\nHost: h\r\n\r\n");
  std::promise<void> closed;
  const auto stream = kept.take();
  stream->open_stream("text/event-stream", [&] { closed.set_value(); });
  stream->write("data: 1\n\n");
  EXPECT_THAT(client.read_to("data: 1\n\n\r\n"),
              AllOf(HasSubstr("Content-Type: text/event-stream"), HasSubstr("Transfer-Encoding: chunked")));
  stream->write("data: 2\n\n");
  EXPECT_EQ(client.read_to("data: 2\n\n\r\n"), "9\r\ndata: 2\n\n\r\n");
  client.hang_up();
  EXPECT_EQ(closed.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
  stream->write("data: 3\n\n");
}

TEST(HttpServer, EndsAStreamWhoseHandlerLetsGo) {
  const auto server = listen({}, [](const HttpRequest&, std::shared_ptr<HttpResponder> responder) {
    responder->open_stream("text/plain", nullptr);
    responder->write("all");
  });
  RawClient client(server->port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.read_to_end(), EndsWith("3\r\nall\r\n0\r\n\r\n"));
  RawClient old(server->port());
  old.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(old.read_to_end(), AllOf(EndsWith("\r\n\r\nall"), Not(HasSubstr("chunked"))));
}

TEST(HttpServer, CutsOffAStreamThatFallsBehind) {
  Kept kept;
  const auto server = listen({.stream_buffer_bytes_max = 100'000}, kept.keep());
  RawClient client(server->port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  std::promise<void> closed;
  auto gone = closed.get_future();
  const auto stream = kept.take();
  stream->open_stream("text/event-stream", [&] { closed.set_value(); });
  const std::string chunk(50'000, 'x');
  for (int i = 0; i < 10'000 && gone.wait_for(std::chrono::seconds(0)) != std::future_status::ready; ++i) {
    stream->write(chunk);
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
  EXPECT_EQ(gone.wait_for(std::chrono::seconds(3)), std::future_status::ready);
  EXPECT_THAT(client.read_to_end(), Not(EndsWith("0\r\n\r\n")));
  EXPECT_TRUE(client.ended());
}

TEST(HttpServer, AnswersWhatWaitsWhenItEnds) {
  Kept kept;
  auto server = listen({}, kept.keep());
  const auto port = server->port();
  RawClient waiting(port);
  RawClient streaming(port);
  RawClient idle(port);
  waiting.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto late = kept.take();
  streaming.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  std::promise<void> closed;
  const auto stream = kept.take();
  stream->open_stream("text/event-stream", [&] { closed.set_value(); });
  streaming.read_to("\r\n\r\n");
  const auto begun = std::chrono::steady_clock::now();
  server.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(1));
  EXPECT_THAT(waiting.read_to_end(), StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(streaming.read_to_end(), EndsWith("0\r\n\r\n"));
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_TRUE(idle.ended());
  closed.get_future().get();
  late->respond({});
  stream->write("nobody hears this");
}

TEST(HttpServer, SaysWhatToDoWhenItCannotListen) {
  const auto server = listen({}, echo);
  const auto message_of = [](const HttpServerOptions& options) -> std::string {
    try {
      listen(options, echo);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(message_of({.port = server->port()}),
              AllOf(HasSubstr("127.0.0.1:" + std::to_string(server->port())), HasSubstr("stop what listens there")));
  EXPECT_THAT(message_of({.address = "localhost"}), HasSubstr("give an IP address"));
  EXPECT_THAT(message_of({.certificate_file = "/nowhere.pem"}), HasSubstr("/nowhere.pem"));
}

TEST(HttpServer, ServesManyClientsOnSeveralThreads) {
  const auto server = listen({.threads = 3}, echo);
  std::atomic<int> answered{0};
  std::vector<std::thread> clients;
  for (int c = 0; c < 8; ++c) {
    clients.emplace_back([&] {
      RawClient client(server->port());
      for (int i = 0; i < 200; ++i) {
        const auto body = std::to_string(i) + ";";
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
        if (client.read_to(body).starts_with("HTTP/1.1 200")) ++answered;
      }
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(answered, 1'600);
}

}  // namespace
}  // namespace virtscale
