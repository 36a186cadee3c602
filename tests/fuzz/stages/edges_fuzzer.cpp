// Signal's edges over HTTP, behind the server: paths, headers, scale requests, documents, alerts.
// Properties: each request is answered once, at once or when its time is up; an answer is of a known status, and is
// JSON; a token reaches neither answers nor the log; what is appended is admitted where it stands.
#include <boost/json.hpp>

#include "compose/settings/documents.hpp"
#include "stages/signal/edges.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/topology/host/stepped_executor.hpp"
#include "topology/adapters/memory/memory_log.hpp"
#include "topology/host/admission.hpp"
#include "topology/host/log_edge.hpp"

namespace virtscale::fuzz {
namespace {

constexpr std::string_view token = "vs_a-token-that-nobody-may-see";

class Caller final : public HttpResponder {
 public:
  void respond(HttpResponse response) override {
    check(answers_++ == 0, "a request is answered once", response.body);
    check(response.status >= 200 && response.status < 600, "an answer has a status");
    boost::system::error_code error;
    boost::json::parse(response.body, error);
    check(!error, "an answer is JSON", response.body);
    check(response.body.find(token) == std::string::npos, "a token reaches no answer", response.body);
  }
  void open_stream(std::string_view, std::function<void()>) override { check(false, "no route of signal streams"); }
  void write(std::string_view) override {}
  int answers() const { return answers_; }

 private:
  int answers_ = 0;
};

class OneToken final : public Authorizer {
 public:
  Access check(std::string_view given, std::string_view org) const override {
    if (given == token) return Access::operator_;
    return given == "acme" && org == "acme" ? Access::org : Access::unknown;
  }
};

class World {
 public:
  void run(Input input) {
    executor_.run();
    for (int n = 0; n < 8 && !input.empty(); ++n) ask(input);
    // Nobody decides anything here: of a file's four kinds of documents each may wait for its 10 s.
    for (int half_seconds = 0; half_seconds < 100; ++half_seconds) executor_.pass(milliseconds(500));
    for (const auto& caller : callers_) check(caller->answers() == 1, "a request is answered");
    for (const auto topic : {Topic::alerts, Topic::signals, Topic::decisions}) check_records(topic);
  }

 private:
  void ask(Input& input) {
    static constexpr std::string_view methods[] = {"POST", "PUT", "GET", ""};
    const auto choice = input.integer<std::uint8_t>();
    HttpRequest request;
    request.method = methods[choice & 3U];
    request.path = path_of(choice >> 2U & 3U, input.text());
    request.headers["authorization"] = (choice & 16U) != 0 ? std::string(input.text()) : "Bearer " + std::string(token);
    if ((choice & 32U) != 0) request.headers["idempotency-key"] = input.text();
    if ((choice & 64U) != 0) request.query["file"] = input.text();
    request.body = input.text();
    callers_.push_back(std::make_shared<Caller>());
    handler_(request, callers_.back());
    executor_.run();
  }

  static std::string path_of(unsigned form, std::string_view text) {
    if (form == 0) return "/v1/orgs/acme/alerts";
    if (form == 1) return "/v1/orgs/acme/services/web/scale";
    return form == 2 ? "/v1/documents" : std::string(text);
  }

  void check_records(Topic topic) {
    const AllowedEvents allowed(topic);
    log_.read({topic, 0}, 0, 100'000, [&](const LogRecord& record) {
      std::string reason;
      check(admit(record, allowed, 1, reason) != nullptr, "what an edge appends is admitted", reason);
      check(text_of(record.value).find(token) == std::string_view::npos, "a token reaches no event");
      return true;
    });
  }

  ManualClock clock_{Instant{1'776'000'000'000'000}};
  MemoryLog log_{LogLayout{}, clock_};
  test::SteppedExecutor executor_{clock_};
  EdgeIds ids_{4242};
  LogEdge edge_{log_, executor_, ids_};
  OneToken tokens_;
  std::vector<std::shared_ptr<Caller>> callers_;
  HttpHandler handler_ = signal::make_edges({edge_, executor_, tokens_, parse_documents});
};

}  // namespace
}  // namespace virtscale::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Who writes the token into a body may read it in the answer: these are the caller's own words.
  const std::string_view given(reinterpret_cast<const char*>(data), size);
  if (given.find(virtscale::fuzz::token) != given.npos) return 0;
  virtscale::fuzz::World().run(virtscale::fuzz::Input(data, size));
  return 0;
}
