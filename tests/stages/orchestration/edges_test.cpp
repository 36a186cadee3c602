// The sweep of orphans, the status and the effects, with real processes as domains.
#include "stages/orchestration/edges.hpp"

#include <gmock/gmock.h>

#include <deque>
#include <filesystem>
#include <future>
#include <thread>

#include "stages/orchestration/effects.hpp"
#include "tests/stages/orchestration/world.hpp"
#include "topology/adapters/process/process_domains.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale::orchestration {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Runs what is posted when the test says so, and what is for later when the test says that it is later.
class ManualExecutor final : public Executor {
 public:
  void post(std::function<void()> run) override {
    const std::lock_guard lock(mutex_);
    ready_.push_back(std::move(run));
  }
  void after(Duration, std::function<void()> run) override {
    const std::lock_guard lock(mutex_);
    later_.push_back(std::move(run));
  }
  // Runs all that is ready, and what it posts; then what was for later is ready.
  void turn() {
    for (auto now = take(ready_); !now.empty(); now = take(ready_)) {
      for (auto& run : now) run();
    }
    auto later = take(later_);
    const std::lock_guard lock(mutex_);
    std::move(later.begin(), later.end(), std::back_inserter(ready_));
  }
  template <class Until>
  bool turn_until(Until is_so) {
    for (int i = 0; i < 1'000; ++i) {
      if (is_so()) return true;
      turn();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }

 private:
  using Queue = std::deque<std::function<void()>>;
  Queue take(Queue& from) {
    const std::lock_guard lock(mutex_);
    return std::exchange(from, {});
  }

  std::mutex mutex_;
  Queue ready_, later_;
};

using Orphans = std::pair<std::string, std::vector<std::string>>;  // the record's key, and the names

class RecordingLog final : public EdgeLog {
 public:
  std::vector<Orphans> orphans;

  EventId next_id() override { return {1, 0, ++count_, Source::edge}; }
  void append(EventId, Topic to, std::string_view key, std::vector<std::byte> event, Appended done) override {
    EXPECT_EQ(to, Topic::decisions);
    ASSERT_NE(schema::verify_event(event), nullptr);
    std::vector<std::string> names;
    for (const auto* name : *schema::GetEvent(event.data())->body_as_OrphansFound()->names())
      names.push_back(name->str());
    orphans.emplace_back(key, names);
    done(nullptr);
  }
  void watch(Topic, std::function<void(const LogRecord&)>) override {}

 private:
  std::uint32_t count_ = 0;
};

class WithProcesses : public testing::Test {
 protected:
  void SetUp() override {
    domains = make_process_domains({.directory = directory.path()});
    world.apply_cell("prod-eu-a", {node("nd-1", "zone-a")});
  }
  void TearDown() override {
    for (const auto& name : may_run) {
      std::promise<void> ended;
      domains->stop(name, [&](const Failure*) { ended.set_value(); });
      ended.get_future().get();
    }
    domains.reset();
  }
  void run(const std::string& name, const std::string& cell = "prod-eu-a") {
    may_run.push_back(name);
    DomainOrder order;
    order.name = name;
    order.cell = cell;
    order.command = {"sleep", "1000"};
    std::promise<void> ended;
    domains->start(order, [&](const DomainAddress* address, const Failure*) {
      EXPECT_NE(address, nullptr);
      ended.set_value();
    });
    ended.get_future().get();
  }

  const TemporaryDirectory directory;
  std::unique_ptr<Domains> domains;
  std::vector<std::string> may_run{"web-1"};
  ManualExecutor executor;
  World world;
};

// Two partitions of this process: cells prod-eu-a and, in `other`, prod-eu-b.
class OrphanSweep : public WithProcesses {
 protected:
  void SetUp() override {
    WithProcesses::SetUp();
    other.apply_cell("prod-eu-b", {node("nd-9", "zone-z")});
  }
  std::shared_ptr<void> start() {
    return start_orphan_sweep(
        {*domains, log, executor,
         [this](const std::function<void(const State&)>& look) {
           if (owns_first) look(world.state);
           if (owns_other) look(other.state);
           if (after_looks) after_looks();
         },
         [this](const std::function<void(std::vector<PartitionStatus>)>& tell) {
           std::vector<PartitionStatus> all;
           if (owns_first) all.push_back({.stage = "orchestration", .ready = ready});
           if (owns_other) all.push_back({.stage = "orchestration", .partition = 1, .ready = true, .stopped = stopped});
           tell(std::move(all));
         }},
        {});
  }
  World other;
  RecordingLog log;
  bool owns_first = true, owns_other = true;
  bool ready = true, stopped = false;
  std::function<void()> after_looks;
};

TEST_F(OrphanSweep, ReportsWhatWasNobodysTwiceInARow) {
  const auto owned = world.out("web", 1, {7});
  run(owned[0]);
  run("stray-1");
  const auto sweep = start();
  executor.turn();
  EXPECT_THAT(log.orphans, IsEmpty()) << "a start may be in flight";
  run("stray-2");
  executor.turn();
  EXPECT_THAT(log.orphans, ElementsAre(Orphans("prod-eu-a", {"stray-1"})));
  executor.turn();
  EXPECT_EQ(log.orphans.back(), Orphans("prod-eu-a", {"stray-1", "stray-2"}));
}

TEST_F(OrphanSweep, TellsEachCellOfItsOwnOrphans) {
  run("stray-a");
  run("stray-b", "prod-eu-b");
  const auto sweep = start();
  for (int i = 0; i < 2; ++i) executor.turn();
  EXPECT_THAT(log.orphans, ElementsAre(Orphans("prod-eu-a", {"stray-a"}), Orphans("prod-eu-b", {"stray-b"})));
}

TEST_F(OrphanSweep, LeavesTheCellsOfOtherProcessesAlone) {
  owns_other = false;
  run("owned-elsewhere", "prod-eu-b");
  run("of-no-known-cell", "prod-us-a");
  const auto sweep = start();
  for (int i = 0; i < 3; ++i) executor.turn();
  EXPECT_THAT(log.orphans, IsEmpty());
}

TEST_F(OrphanSweep, SuspectsAnewWhenAPartitionComesBack) {
  run("stray-b", "prod-eu-b");
  const auto sweep = start();
  executor.turn();
  owns_other = false;
  executor.turn();
  owns_other = true;
  executor.turn();
  EXPECT_THAT(log.orphans, IsEmpty()) << "the next owner may have started it meanwhile";
  executor.turn();
  EXPECT_THAT(log.orphans, ElementsAre(Orphans("prod-eu-b", {"stray-b"})));
}

// Of the looks, the first would then be taken for the partition that is gone.
TEST_F(OrphanSweep, ComparesNothingWhileAPartitionGoes) {
  run("stray-a");
  ready = false;
  bool goes = true;
  after_looks = [&] { owns_first = !(goes && owns_first); };
  const auto sweep = start();
  for (int i = 0; i < 4; ++i) executor.turn();
  EXPECT_THAT(log.orphans, IsEmpty());
  goes = false;
  owns_first = ready = true;
  for (int i = 0; i < 2; ++i) executor.turn();
  EXPECT_THAT(log.orphans, ElementsAre(Orphans("prod-eu-a", {"stray-a"})));
}

TEST_F(OrphanSweep, ForgetsASuspectThatTurnsOutToBeOwned) {
  run("web-000000000007-1");
  const auto sweep = start();
  executor.turn();
  world.out("web", 1, {7});
  for (int i = 0; i < 3; ++i) executor.turn();
  EXPECT_THAT(log.orphans, IsEmpty());
}

TEST_F(OrphanSweep, LeavesOutAPartitionThatStillFoldsItsHistoryOrHasStopped) {
  run("stray-a");
  run("stray-b", "prod-eu-b");
  ready = false;
  const auto sweep = start();
  for (int i = 0; i < 2; ++i) executor.turn();
  EXPECT_THAT(log.orphans, ElementsAre(Orphans("prod-eu-b", {"stray-b"})));
  log.orphans.clear();
  ready = true;
  stopped = true;
  for (int i = 0; i < 2; ++i) executor.turn();
  EXPECT_THAT(log.orphans, ElementsAre(Orphans("prod-eu-a", {"stray-a"})));
}

TEST_F(OrphanSweep, EndsWhenItIsDropped) {
  run("stray-1");
  auto sweep = start();
  executor.turn();
  sweep.reset();
  for (int i = 0; i < 3; ++i) executor.turn();
  EXPECT_THAT(log.orphans, IsEmpty());
}

class OrchestrationEffects : public WithProcesses {
 protected:
  std::vector<std::byte> perform(std::vector<std::byte> event) {
    const auto effects = make_effects(*domains, executor);
    const auto answer = std::make_shared<std::vector<std::byte>>();
    effects->perform(std::make_shared<const EffectRequest>(EffectRequest{{}, {7}, "acme", std::move(event)}),
                     [answer](std::vector<std::byte> bytes) { *answer = std::move(bytes); });
    EXPECT_TRUE(executor.turn_until([&] { return !answer->empty(); }));
    EXPECT_NE(schema::verify_event(*answer), nullptr);
    return *answer;
  }
  std::vector<std::byte> start_order(std::vector<std::string> command) {
    schema::StartDomainT start;
    start.domain = "web-1";
    start.service = "web";
    start.cell = "prod-eu-a";
    start.command = std::move(command);
    return schema::encode(start, "acme");
  }
};

TEST_F(OrchestrationEffects, StartsAndStopsADomain) {
  const auto started = perform(start_order({"sleep", "1000"}));
  const auto* spawned = schema::GetEvent(started.data())->body_as_DomainSpawned();
  ASSERT_NE(spawned, nullptr);
  EXPECT_EQ(spawned->domain()->str(), "web-1");
  EXPECT_EQ(spawned->address()->str(), "127.0.0.1");
  EXPECT_NE(spawned->port(), 0);
  EXPECT_EQ(spawned->attempts(), 1U);
  EXPECT_EQ(schema::GetEvent(started.data())->org()->str(), "acme");
  EXPECT_THAT(domains->running("prod-eu-a"), ElementsAre("web-1"));

  schema::StopDomainT stop;
  stop.domain = "web-1";
  const auto stopped = perform(schema::encode(stop, "acme"));
  EXPECT_NE(schema::GetEvent(stopped.data())->body_as_DomainHalted(), nullptr);
  EXPECT_THAT(domains->running("prod-eu-a"), IsEmpty());
}

TEST_F(OrchestrationEffects, ReportsAStartThatCannotSucceedAfterOneAttempt) {
  const auto answer = perform(start_order({"no-such-program"}));
  const auto* failed = schema::GetEvent(answer.data())->body_as_SpawnFailed();
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->attempts(), 1U);
  EXPECT_THAT(failed->reason()->str(), HasSubstr("no-such-program"));
}

TEST_F(OrchestrationEffects, TriesAStartThatMaySucceedAgainButNotForLong) {
  std::filesystem::remove_all(directory.path() / "logs");
  const auto answer = perform(start_order({"sleep", "1000"}));
  const auto* failed = schema::GetEvent(answer.data())->body_as_SpawnFailed();
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->attempts(), start_budget.attempts_max);
}

class OneResponse final : public HttpResponder {
 public:
  HttpResponse response;
  int count = 0;
  void respond(HttpResponse it) override {
    response = std::move(it);
    ++count;
  }
  void open_stream(std::string_view, std::function<void()>) override {}
  void write(std::string_view) override {}
};

class OneOperator final : public Authorizer {
 public:
  Access check(std::string_view token, std::string_view org) const override {
    if (token == "operators") return Access::operator_;
    return token == "acmes" && org.empty() ? Access::none : Access::unknown;
  }
};

class DomainsStatus : public testing::Test {
 protected:
  HttpResponse get(std::map<std::string, std::string> query = {}, std::string authorization = "Bearer operators",
                   std::string method = "GET") {
    const auto handler = make_domains_handler(
        [this](const std::function<void(const State&)>& look) {
          look(world.state);
          look(other.state);
        },
        authorizer);
    const auto responder = std::make_shared<OneResponse>();
    HttpRequest request{std::move(method), "/v1/domains", std::move(query), {}, {}};
    if (!authorization.empty()) request.headers["authorization"] = std::move(authorization);
    handler(request, responder);
    EXPECT_EQ(responder->count, 1);
    return responder->response;
  }

  OneOperator authorizer;
  World world, other;
};

TEST_F(DomainsStatus, ShowsCellsNodesAndDomainsOfEveryPartition) {
  world.apply_cell("prod-eu-a", {node("nd-1", "zone-a", 1)});
  other.apply_cell("prod-eu-b", {node("nd-9", "zone-z", 1)}, schema::PlacementOrder::bin_pack);
  world.out("web", 1, {0x7f3a91c04be2});
  world.succeed_all();
  const auto all = get();
  EXPECT_EQ(all.status, 200U);
  EXPECT_EQ(all.body,
            "{\"cells\":[{\"name\":\"prod-eu-a\",\"nodes\":1,\"numa_nodes\":1,\"applied_at_us\":1776772800000000,"
            "\"placement\":\"least-loaded\"},"
            "{\"name\":\"prod-eu-b\",\"nodes\":1,\"numa_nodes\":1,\"applied_at_us\":1776772800000000,"
            "\"placement\":\"bin-pack\"}],"
            "\"nodes\":[{\"cell\":\"prod-eu-a\",\"name\":\"nd-1\",\"zone\":\"zone-a\",\"listed\":true,\"numa\":["
            "{\"vcpu_milli\":32000,\"ram_mib\":131072,\"used_vcpu_milli\":10000,\"used_ram_mib\":49152}]},"
            "{\"cell\":\"prod-eu-b\",\"name\":\"nd-9\",\"zone\":\"zone-z\",\"listed\":true,\"numa\":["
            "{\"vcpu_milli\":32000,\"ram_mib\":131072,\"used_vcpu_milli\":0,\"used_ram_mib\":0}]}],"
            "\"domains\":[{\"name\":\"web-7f3a91c04be2-1\",\"org\":\"acme\",\"service\":\"web\",\"cell\":\"prod-eu-a\","
            "\"state\":\"running\",\"scale\":\"evt-7f3a91c04be2\",\"zone\":\"zone-a\",\"node\":\"nd-1\",\"numa\":0,"
            "\"address\":\"127.0.0.1\",\"port\":8080}],\"truncated\":false}\n");
  const auto one = get({{"cell", "prod-eu-b"}}).body;
  EXPECT_THAT(one, HasSubstr("nd-9"));
  EXPECT_THAT(one, Not(HasSubstr("prod-eu-a")));
}

TEST_F(DomainsStatus, CutsOffWhatIsTooMuchAndSaysSo) {
  world.out("web", static_cast<int>(status_rows_max) + 1, {7});
  EXPECT_THAT(get().body, HasSubstr("\"truncated\":true"));
}

TEST_F(DomainsStatus, IsForOperatorsOnly) {
  EXPECT_EQ(get({}, "").status, 401U);
  EXPECT_EQ(get({}, "Bearer nobodys").status, 401U);
  EXPECT_EQ(get({}, "Basic operators").status, 401U);
  EXPECT_EQ(get({}, "Bearer acmes").status, 403U);
  EXPECT_EQ(get({}, "bEARER operators").status, 200U);
  EXPECT_EQ(get({}, "Bearer operators", "POST").status, 405U);
}

}  // namespace
}  // namespace virtscale::orchestration
