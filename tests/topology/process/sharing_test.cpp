// Several Virtscale processes on one directory: real processes, some of them stopped or killed in the middle.
#include <signal.h>
#include <sys/wait.h>

#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "tests/topology/process/process_driver.hpp"
#include "topology/adapters/process/name_lock.hpp"

namespace virtscale::process::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Runs something in a process of its own, which ends with it. REQUIRES: made while this process has one thread.
class OtherProcess {
 public:
  explicit OtherProcess(const std::function<std::string()>& run) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ends[0]);
      const auto said = run();
      [[maybe_unused]] const auto written = ::write(ends[1], said.data(), said.size());
      ::_exit(0);
    }
    ::close(ends[1]);
    said_ = ends[0];
  }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;
  ~OtherProcess() { kill(); }

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ::close(said_);
    pid_ = 0;
  }
  void wait_until_stopped() const {
    int status = 0;
    ASSERT_EQ(::waitpid(pid_, &status, WUNTRACED), pid_);
    ASSERT_TRUE(WIFSTOPPED(status));
  }
  // What it said, once it has ended.
  std::string end() {
    std::string all;
    char part[4'096];
    for (ssize_t got = 0; (got = ::read(said_, part, sizeof part)) > 0;)
      all.append(part, static_cast<std::size_t>(got));
    kill();
    return all;
  }

 private:
  pid_t pid_ = 0;
  int said_ = -1;
};

std::string name_of(int number) {
  return "web-" + std::to_string(number);
}

using Ports = std::map<std::string, std::uint16_t>;

Ports ports_in(const std::string& said) {
  Ports ports;
  std::istringstream words(said);
  std::string name;
  for (std::uint16_t port = 0; words >> name >> port;) ports[name] = port;
  return ports;
}

class SharedDirectory : public ProcessDriver {
 protected:
  void SetUp() override {
    ProcessDriver::SetUp();
    domains.reset();
  }

  // Starts these domains all at once; says their ports.
  std::string start_all(const std::vector<int>& numbers, const std::vector<std::string>& command) const {
    const auto driver = make();
    std::map<std::string, std::future<Outcome>> starts;
    for (const int number : numbers)
      starts.emplace(name_of(number), begin_start(*driver, order(name_of(number), command)));
    std::string said;
    for (auto& [name, outcome] : starts) said += name + " " + std::to_string(outcome.get().address.port) + "\n";
    return said;
  }
  // One process and its file, or neither.
  void expect_consistent(const std::string& name) const {
    const auto pids = processes(name);
    const auto file = DomainFiles(directory).read(name);
    EXPECT_LE(pids.size(), 1U) << name;
    EXPECT_EQ(file ? std::vector{file->pid} : std::vector<pid_t>{}, pids) << name;
  }
};

std::vector<int> numbers(int first, int count) {
  std::vector<int> all;
  for (int i = 0; i < count; ++i) all.push_back(first + i);
  return all;
}

TEST_F(SharedDirectory, OfTwoThatStartOneDomainOneStartsItAndTheOtherFindsIt) {
  for (int turn = 0; turn < 3; ++turn) {
    const auto names = numbers(turn * 20, 20);
    OtherProcess one([&] { return start_all(names, {"sleep", "1000"}); });
    OtherProcess other([&] { return start_all(names, {"sleep", "1000"}); });
    const auto ports = ports_in(one.end());
    EXPECT_EQ(ports_in(other.end()), ports);
    ASSERT_THAT(ports, SizeIs(20));
    for (const auto& [name, port] : ports) {
      EXPECT_NE(port, 0);
      expect_consistent(name);
      EXPECT_THAT(processes(name), SizeIs(1));
    }
  }
}

// 400 ports of 12,768: drawn without a look at the other's, three would be given twice.
TEST_F(SharedDirectory, NoPortIsGivenTwice) {
  OtherProcess one([&] { return start_all(numbers(0, 200), {"true"}); });
  OtherProcess other([&] { return start_all(numbers(200, 200), {"true"}); });
  std::set<std::uint16_t> ports;
  for (auto* process : {&one, &other}) {
    for (const auto& [name, port] : ports_in(process->end())) ports.insert(port);
  }
  EXPECT_THAT(ports, SizeIs(400));
}

TEST_F(SharedDirectory, AStartAndAStopAtOnceEndInADomainOrInNone) {
  const auto names = numbers(0, 8);
  const auto stop_all = [&] {
    const auto driver = make();
    std::vector<std::future<std::optional<Failure>>> stops;
    for (const int number : names) stops.push_back(begin_stop(*driver, name_of(number)));
    for (auto& one : stops) EXPECT_FALSE(one.get());
  };
  const auto thrice = [](const auto& act) {
    return [&act] {
      for (int i = 0; i < 3; ++i) act();
      return std::string();
    };
  };
  const auto start_all_of_them = [&] { start_all(names, {"sleep", "1000"}); };
  for (int turn = 0; turn < 8; ++turn) {
    {
      OtherProcess starter(thrice(start_all_of_them)), stopper(thrice(stop_all));
      starter.end();
      stopper.end();
    }
    for (const int number : names) expect_consistent(name_of(number));
  }
}

TEST_F(SharedDirectory, AStopEndsWhatAnotherHasStartedMeanwhile) {
  domains = make();
  start(*domains, order("web-1", {"sleep", "1000"}));
  start(*domains, order("web-2", {"sleep", "1000"}));
  DomainFiles files(directory);
  auto lock = NameLock::try_take(files.locks(), "web-1");
  ASSERT_TRUE(lock);
  auto stopped = begin_stop(*domains, "web-1");
  ASSERT_TRUE(eventually([&] { return processes("web-1").empty(); }));
  EXPECT_EQ(stopped.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout) << "it may be started anew";
  files.write("web-1", *files.read("web-2"), WriteCare::hasty);
  lock.reset();
  EXPECT_FALSE(stopped.get());
  EXPECT_FALSE(files.contains("web-1"));
  EXPECT_THAT(processes(), IsEmpty()) << "the process that was called web-1 runs on";
}

TEST_F(SharedDirectory, ADomainWhoseStarterIsStoppedIsStoppedByAnother) {
  OtherProcess starter([&] {
    const auto driver = make();
    start(*driver, order("web-1", {"sleep", "1000"}));
    ::kill(::getpid(), SIGSTOP);
    return std::string();
  });
  starter.wait_until_stopped();
  domains = make();
  const auto pid = processes("web-1").at(0);
  EXPECT_FALSE(stop(*domains, "web-1")) << "its parent does not wait for it, so it stays as a zombie";
  EXPECT_TRUE(stat_of(pid)->is_dead());
  EXPECT_THAT(domains->running("eu"), IsEmpty());
  EXPECT_FALSE(start(*domains, order("web-1", {"sleep", "1000"})).failure);
  expect_consistent("web-1");
}

TEST_F(SharedDirectory, AProcessThatIsStoppedInTheMiddleOfAStartHoldsUpThatDomainOnly) {
  OtherProcess holder([&] {
    const auto lock = NameLock::try_take(DomainFiles(directory).locks(), "web-1");
    ::kill(::getpid(), SIGSTOP);
    return std::string();
  });
  holder.wait_until_stopped();
  domains = make();
  auto held = begin_start(*domains, order("web-1", {"sleep", "1000"}));
  EXPECT_FALSE(start(*domains, order("web-2", {"sleep", "1000"})).failure);
  EXPECT_FALSE(stop(*domains, "web-2"));
  const auto failure = held.get().failure;
  ASSERT_TRUE(failure);
  EXPECT_TRUE(failure->temporary);
  EXPECT_THAT(failure->reason, HasSubstr("state T in ps"));
  held = begin_start(*domains, order("web-1", {"sleep", "1000"}));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  holder.kill();
  EXPECT_FALSE(held.get().failure);
  expect_consistent("web-1");
}

TEST_F(SharedDirectory, AStartThatIsKilledInTheMiddleIsTakenUpByAnother) {
  std::mt19937 random(7);
  for (int i = 0; i < 15; ++i) {
    OtherProcess killed([&] { return start_all({i}, {"sleep", "1000"}); });
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 6'000));
    killed.kill();
    OtherProcess next([&] { return start_all({i}, {"sleep", "1000"}); });
    EXPECT_NE(ports_in(next.end()).at(name_of(i)), 0);
    expect_consistent(name_of(i));
    EXPECT_THAT(processes(name_of(i)), SizeIs(1));
  }
}

TEST_F(SharedDirectory, SeveralPruneTheOutputAtOnce) {
  constexpr std::size_t extra = 500;
  for (std::size_t i = 0; i < logs_kept_max + extra; ++i)
    std::ofstream(directory / "logs" / ("old-" + std::to_string(i) + ".log")) << "x";
  const auto prune = [&] {
    make();
    return std::string("done");
  };
  OtherProcess one(prune), two(prune), three(prune);
  for (auto* process : {&one, &two, &three}) EXPECT_EQ(process->end(), "done");
  const std::filesystem::directory_iterator logs(directory / "logs");
  EXPECT_EQ(std::distance(begin(logs), end(logs)), static_cast<std::ptrdiff_t>(logs_kept_max));
}

}  // namespace
}  // namespace virtscale::process::test
