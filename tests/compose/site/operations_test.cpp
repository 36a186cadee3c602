// What operators ask a running Virtscale: readiness, metrics, stages, and the dead letters.
#include "compose/site/operations.hpp"

#include <gmock/gmock.h>

#include "topology/adapters/memory/manual_clock.hpp"
#include "topology/adapters/memory/memory_log.hpp"
#include "topology/adapters/metrics/metrics.hpp"
#include "topology/host/admission.hpp"

namespace virtscale {
namespace {

using testing::HasSubstr;

class OneResponse final : public HttpResponder {
 public:
  HttpResponse response;
  void respond(HttpResponse it) override { response = std::move(it); }
  void open_stream(std::string_view, std::function<void()>) override {}
  void write(std::string_view) override {}
};

class OneOperator final : public Authorizer {
 public:
  Access check(std::string_view token, std::string_view) const override {
    return token == "operators" ? Access::operator_ : token == "orgs" ? Access::none : Access::unknown;
  }
};

PartitionStatus ready(const std::string& stage) {
  PartitionStatus status;
  status.stage = stage;
  status.next_offset = 7;
  status.end_offset = 9;
  status.ready = true;
  status.epoch = 1;
  status.epoch_newest = 2;
  return status;
}

class OperationsTest : public testing::Test {
 protected:
  HttpResponse ask(const std::string& method, const std::string& path, const std::string& token = "operators",
                   const std::string& body = {}) {
    HttpRequest request{.method = method, .path = path, .query = {}, .headers = {}, .body = body};
    if (!token.empty()) request.headers["authorization"] = "Bearer " + token;
    const auto responder = std::make_shared<OneResponse>();
    handler(request, responder);
    return responder->response;
  }

  // As a host would put it there: `text` came on `alerts` at offset 5 and could not be read.
  void reject(const std::string& text) {
    schema::RecordRejectedT rejected;
    rejected.topic = static_cast<std::uint8_t>(Topic::alerts);
    rejected.offset = 5;
    rejected.reason = "the record is not an Event";
    rejected.key = "acme/web";
    rejected.value.assign(text.begin(), text.end());
    auto event = encode(rejected, "");
    fill_header(event, {.id = {5, 0, 0, Source::signal}, .lane = 1});
    const LogAppend append{{Topic::deadletters, 0}, "acme/web", event};
    log.append({&append, 1});
  }

  ManualClock clock{{1'000'000}};
  MemoryLog log{LogLayout{}, clock};
  OneOperator authorizer;
  std::unique_ptr<Metrics> metrics = make_metrics();
  EdgeIds ids{1};
  std::vector<PartitionStatus> partitions{ready("policy")};
  HttpHandler handler = make_operations_handler(
      {.log = log,
       .metrics = *metrics,
       .authorizer = authorizer,
       .ids = ids,
       .read_status = [this](auto tell) { tell(partitions); }},
      [](const HttpRequest&, std::shared_ptr<HttpResponder> to) { to->respond({.status = 299, .body = "next"}); });
};

TEST_F(OperationsTest, ListsShowsAndResubmitsADeadLetterWhole) {
  reject("garbage");
  EXPECT_THAT(ask("GET", "/v1/deadletters").body, HasSubstr("\"position\":\"0-0\""));
  const auto shown = ask("GET", "/v1/deadletters/0-0").body;
  EXPECT_THAT(shown, HasSubstr("\"reason\":\"the record is not an Event\""));
  EXPECT_THAT(shown, HasSubstr("\"value_hex\":\"67617262616765\""));
  EXPECT_EQ(ask("POST", "/v1/deadletters/0-0/resubmit").status, 202U);
  std::string value;
  log.read({Topic::alerts, 0}, 0, 10, [&](const LogRecord& record) {
    EXPECT_EQ(record.key, "acme/web");
    value.assign(reinterpret_cast<const char*>(record.value.data()), record.value.size());
    return true;
  });
  EXPECT_EQ(value, "garbage");
}

TEST_F(OperationsTest, NamesADeadLetterThatIsNotThere) {
  EXPECT_EQ(ask("GET", "/v1/deadletters/0-3").status, 404U);
  EXPECT_EQ(ask("GET", "/v1/deadletters/9-0").status, 404U);
  EXPECT_EQ(ask("POST", "/v1/deadletters/0-3/resubmit").status, 404U);
  for (const auto* bad : {"x", "0", "0-", "-1", "0-0x", "0-99999999999999999999"}) {
    EXPECT_EQ(ask("GET", std::string("/v1/deadletters/") + bad).status, 400U) << bad;
  }
}

TEST_F(OperationsTest, ShowsDeadLettersToOperatorsOnly) {
  EXPECT_EQ(ask("GET", "/v1/deadletters", "").status, 401U);
  EXPECT_EQ(ask("GET", "/v1/deadletters", "orgs").status, 403U);
  EXPECT_EQ(ask("GET", "/v1/stages", "orgs").status, 403U);
}

TEST_F(OperationsTest, IsReadyWhenEveryPartitionIs) {
  EXPECT_EQ(ask("GET", "/readyz", "").status, 200U);
  EXPECT_THAT(ask("GET", "/v1/stages").body, HasSubstr("\"lag\":2"));
  partitions.push_back(ready("audit"));
  partitions.back().ready = false;
  EXPECT_EQ(ask("GET", "/readyz", "").status, 503U);
  partitions.back() = ready("audit");
  partitions.back().stopped = true;
  EXPECT_EQ(ask("GET", "/readyz", "").status, 503U);
}

TEST_F(OperationsTest, HealthAndMetricsNeedNoTokenAndAllElseGoesOn) {
  EXPECT_EQ(ask("GET", "/healthz", "").status, 200U);
  metrics->stage("policy", 0).batch_folded(3, microseconds(6));
  EXPECT_THAT(ask("GET", "/metrics", "").body, HasSubstr("virtscale_records_folded_total"));
  EXPECT_EQ(ask("GET", "/v1/status", "").status, 299U);
}

TEST_F(OperationsTest, BeginsAnEpochInEveryPartitionOfTheStagesInbox) {
  const auto done = ask("POST", "/v1/stages/policy/epochs", "operators", R"({"epoch": 2, "version": "1.4.0"})");
  EXPECT_EQ(done.status, 200U) << done.body;
  std::size_t found = 0;
  log.read({Topic::signals, 0}, 0, 10, [&](const LogRecord& record) {
    const auto* activated = schema::verify_event(record.value)->body_as_FoldActivated();
    EXPECT_EQ(activated->epoch(), 2U);
    EXPECT_EQ(activated->stage(), static_cast<std::uint8_t>(Source::policy));
    EXPECT_EQ(activated->version()->str(), "1.4.0");
    ++found;
    return true;
  });
  EXPECT_EQ(found, 1U);
}

TEST_F(OperationsTest, BeginsNoEpochThatThisProgramCannotFold) {
  const auto tried = [&](const std::string& stage, const std::string& body) {
    return ask("POST", "/v1/stages/" + stage + "/epochs", "operators", body);
  };
  EXPECT_EQ(tried("policy", R"({"epoch": 3})").status, 409U);
  EXPECT_THAT(tried("policy", R"({"epoch": 3})").body, HasSubstr("install the version that has epoch 3 first"));
  EXPECT_EQ(tried("audit", R"({"epoch": 2})").status, 503U) << "no partition of it is here";
  for (const auto* body : {"", "{}", "[]", R"({"epoch": 1})", R"({"epoch": "2"})", R"({"epoch": 2, "version": 4})"})
    EXPECT_EQ(tried("policy", body).status, 400U) << body;
  EXPECT_EQ(tried("elsewhere", R"({"epoch": 2})").status, 299U);
  EXPECT_EQ(ask("GET", "/v1/stages/policy/epochs").status, 405U);
  EXPECT_EQ(ask("POST", "/v1/stages/policy/epochs", "orgs", R"({"epoch": 2})").status, 403U);
  EXPECT_EQ(log.end({Topic::signals, 0}), 0U);
}

}  // namespace
}  // namespace virtscale
