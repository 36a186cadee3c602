// The driver with real processes: python3's web server, sh and sleep.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "tests/topology/process/process_driver.hpp"

namespace virtscale::process::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

bool answers(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected = ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  ::close(fd);
  return connected;
}

TEST_F(ProcessDriver, StartsAServerOnItsOwnPort) {
  const auto web = order("web-1", {"/usr/bin/python3", "-m", "http.server", "{port}", "--bind", "127.0.0.1"});
  const auto outcome = start(*domains, web);
  ASSERT_FALSE(outcome.failure) << outcome.failure->reason;
  EXPECT_EQ(outcome.address.address, "127.0.0.1");
  EXPECT_TRUE(eventually([&] { return answers(outcome.address.port); }));
  EXPECT_THAT(domains->running("eu"), ElementsAre("web-1"));
  EXPECT_FALSE(stop(*domains, "web-1"));
  EXPECT_FALSE(answers(outcome.address.port));
  EXPECT_THAT(domains->running("eu"), IsEmpty());
}

TEST_F(ProcessDriver, ReplacesPortAndNameInEveryWordAndKeepsTheOutput) {
  const auto outcome =
      start(*domains, order("web-1", {"sh", "-c", "echo {name} {port} $0-$VIRTSCALE_PORT", "{name}:{port}"}));
  const auto port = std::to_string(outcome.address.port);
  std::string line;
  EXPECT_TRUE(eventually([&] { return !!std::getline(std::ifstream(directory / "logs" / "web-1.log"), line); }));
  EXPECT_EQ(line, "web-1 " + port + " web-1:" + port + "-" + port);
}

TEST_F(ProcessDriver, ListsTheDomainsOfOneCell) {
  auto elsewhere = order("db-1", {"sleep", "1000"});
  elsewhere.cell = "us";
  start(*domains, order("web-1", {"sleep", "1000"}));
  start(*domains, elsewhere);
  EXPECT_THAT(domains->running("eu"), ElementsAre("web-1"));
  EXPECT_THAT(domains->running("us"), ElementsAre("db-1"));
  EXPECT_THAT(domains->running(""), IsEmpty());
  for (const std::string name : {"web-1", "db-1"}) DomainFiles(directory).remove(name);
  EXPECT_THAT(domains->running("us"), ElementsAre("db-1")) << "by its environment";
  EXPECT_FALSE(stop(*domains, "db-1"));
}

TEST_F(ProcessDriver, RefusesCellsThatAreNoWordOfAFile) {
  for (const std::string cell : {"", "a b", "eu\npid 1", "a/b"}) {
    auto web = order("web-1", {"sleep", "1000"});
    web.cell = cell;
    const auto outcome = start(*domains, web);
    ASSERT_TRUE(outcome.failure) << cell;
    EXPECT_FALSE(outcome.failure->temporary);
  }
}

TEST_F(ProcessDriver, StartsADomainOnlyOnce) {
  const auto once = start(*domains, order("web-1", {"sleep", "1000"}));
  const auto twice = start(*domains, order("web-1", {"sleep", "1000"}));
  EXPECT_EQ(once.address.port, twice.address.port);
  EXPECT_EQ(processes().size(), 1U);
}

TEST_F(ProcessDriver, StopsWhatIsNotThere) {
  EXPECT_FALSE(stop(*domains, "web-1"));
  EXPECT_FALSE(stop(*domains, "../../etc/passwd"));
  start(*domains, order("web-1", {"sleep", "1000"}));
  EXPECT_FALSE(stop(*domains, "web-1"));
  EXPECT_FALSE(stop(*domains, "web-1"));
}

TEST_F(ProcessDriver, StopsTheWholeGroupGrandchildrenIncluded) {
  start(*domains, order("web-1", {"sh", "-c", "(sleep 1000 & sleep 1000) & sleep 1000"}));
  ASSERT_TRUE(eventually([&] { return processes().size() >= 4; }));
  EXPECT_FALSE(stop(*domains, "web-1"));
  EXPECT_THAT(processes(), IsEmpty());
}

TEST_F(ProcessDriver, StopsWhatHasLeftTheGroup) {
  start(*domains, order("web-1", {"sh", "-c", "setsid sleep 1000 & sleep 1000"}));
  ASSERT_TRUE(eventually([&] { return processes().size() == 3; }));
  EXPECT_FALSE(stop(*domains, "web-1"));
  EXPECT_THAT(processes(), IsEmpty());
}

TEST_F(ProcessDriver, StopsTheRestOfADomainWhoseLeaderIsDead) {
  start(*domains, order("web-1", {"sh", "-c", "sleep 1000 & exit 0"}));
  ASSERT_TRUE(eventually([&] { return processes().size() == 1; }));
  EXPECT_THAT(domains->running("eu"), ElementsAre("web-1"));
  EXPECT_FALSE(stop(*domains, "web-1"));
  EXPECT_THAT(processes(), IsEmpty());
}

TEST_F(ProcessDriver, KillsWhatDoesNotHeedSigterm) {
  start(*domains, order("web-1", {"sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.02; done"}));
  ASSERT_TRUE(eventually([&] { return fs::file_size(directory / "logs" / "web-1.log") > 0; }));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(stop(*domains, "web-1"));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(250));
  EXPECT_THAT(processes(), IsEmpty());
}

TEST_F(ProcessDriver, StopsManyAtATime) {
  for (int i = 0; i < 16; ++i)
    start(*domains, order("web-" + std::to_string(i), {"sh", "-c", "trap '' TERM; while :; do sleep 0.02; done"}));
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::future<std::optional<Failure>>> stops;
  for (int i = 0; i < 16; ++i)
    stops.push_back(std::async(std::launch::async, [&, i] { return stop(*domains, "web-" + std::to_string(i)); }));
  for (auto& one : stops) EXPECT_FALSE(one.get());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4)) << "sixteen times 0.3 s";
}

TEST_F(ProcessDriver, FindsItsDomainsAgainAfterARestart) {
  const auto before = start(*domains, order("web-1", {"sleep", "1000"}));
  const auto pids = processes();
  domains.reset();
  EXPECT_EQ(processes(), pids) << "domains outlive Virtscale";
  domains = make();
  EXPECT_THAT(domains->running("eu"), ElementsAre("web-1"));
  EXPECT_EQ(start(*domains, order("web-1", {"sleep", "1000"})).address.port, before.address.port);
  EXPECT_EQ(processes(), pids);
}

TEST_F(ProcessDriver, LeavesDomainsRunningWhenVirtscaleIsKilled) {
  domains.reset();
  const pid_t virtscale = ::fork();
  if (virtscale == 0) {
    const auto mine = make();
    start(*mine, order("web-1", {"sh", "-c", "sleep 1000 & sleep 1000"}));
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(virtscale, &status, 0), virtscale);
  ASSERT_TRUE(WIFSIGNALED(status));
  domains = make();
  EXPECT_THAT(domains->running("eu"), ElementsAre("web-1"));
  EXPECT_TRUE(eventually([&] { return processes().size() == 3; }));
  EXPECT_FALSE(stop(*domains, "web-1"));
  EXPECT_THAT(processes(), IsEmpty());
}

// What a crash leaves between the start of a process and the file that names it.
TEST_F(ProcessDriver, AdoptsADomainWhoseFileWasNotWrittenInTime) {
  const auto before = start(*domains, order("web-1", {"sleep", "1000"}));
  const auto pids = processes();
  DomainFiles(directory).write("web-1", {0, 0, 0, "", "eu"}, WriteCare::hasty);
  domains = make();
  EXPECT_THAT(domains->running("eu"), ElementsAre("web-1"));
  EXPECT_EQ(start(*domains, order("web-1", {"sleep", "1000"})).address.port, before.address.port);
  EXPECT_EQ(processes(), pids);
  EXPECT_EQ(DomainFiles(directory).read("web-1")->pid, pids.at(0));
}

TEST_F(ProcessDriver, StopsADomainThatHasLostItsFile) {
  start(*domains, order("web-1", {"sleep", "1000"}));
  DomainFiles(directory).remove("web-1");
  domains = make();
  EXPECT_THAT(domains->running("eu"), ElementsAre("web-1"));
  EXPECT_FALSE(stop(*domains, "web-1"));
  EXPECT_THAT(processes(), IsEmpty());
}

TEST_F(ProcessDriver, DoesNotTakeAnotherProcessForADomainThatHadItsPid) {
  const pid_t stranger = ::fork();
  if (stranger == 0) {
    ::setsid();
    ::execlp("sleep", "sleep", "1000", nullptr);
    ::_exit(1);
  }
  const auto stat = stat_of(stranger);
  ASSERT_TRUE(stat);
  const auto boot = boot_id();
  const DomainFile others[] = {{stranger, stat->start_ticks + 1, 4'711, boot, "eu"},
                               {stranger, stat->start_ticks, 4'711, "another-boot", "eu"}};
  for (const auto& file : others) {
    DomainFiles(directory).write("web-1", file, WriteCare::durable);
    domains = make();
    EXPECT_THAT(domains->running("eu"), IsEmpty());
    EXPECT_FALSE(stop(*domains, "web-1"));
    EXPECT_FALSE(stat_of(stranger)->is_dead()) << "a stranger was killed";
  }
  DomainFiles(directory).write("web-1", others[0], WriteCare::durable);
  const auto outcome = start(*domains, order("web-1", {"sleep", "1000"}));
  EXPECT_FALSE(outcome.failure);
  EXPECT_EQ(processes().size(), 1U);
  ::kill(stranger, SIGKILL);
  ::waitpid(stranger, nullptr, 0);
}

TEST_F(ProcessDriver, IgnoresAFileThatIsNoneOfItsOwn) {
  std::ofstream(directory / "domains" / "web-1") << "nonsense";
  domains = make();
  EXPECT_THAT(domains->running("eu"), IsEmpty());
  EXPECT_FALSE(start(*domains, order("web-1", {"sleep", "1000"})).failure);
  EXPECT_THAT(domains->running("eu"), ElementsAre("web-1"));
}

TEST_F(ProcessDriver, SaysWhatIsWrongWithACommand) {
  const auto missing = start(*domains, order("web-1", {"no-such-program", "{port}"}));
  ASSERT_TRUE(missing.failure);
  EXPECT_FALSE(missing.failure->temporary);
  EXPECT_EQ(missing.failure->reason,
            "domain web-1: cannot run `no-such-program`: No such file or directory; correct `command` of the service");
  const auto forbidden = start(*domains, order("web-1", {"/etc/passwd"}));
  ASSERT_TRUE(forbidden.failure);
  EXPECT_FALSE(forbidden.failure->temporary);
  EXPECT_THAT(forbidden.failure->reason, HasSubstr("Permission denied"));
  const auto none = start(*domains, order("web-1", {}));
  ASSERT_TRUE(none.failure);
  EXPECT_FALSE(none.failure->temporary);
  EXPECT_THAT(none.failure->reason, HasSubstr("service web has no `command`"));
  EXPECT_THAT(domains->running("eu"), IsEmpty());
  EXPECT_FALSE(fs::exists(directory / "domains" / "web-1"));
}

TEST_F(ProcessDriver, RefusesNamesThatAreNoFileNames) {
  for (const std::string name : {"", ".", "../web", "a/b", "web 1", "web\n1", "web.new"}) {
    const auto outcome = start(*domains, order(name, {"sleep", "1000"}));
    ASSERT_TRUE(outcome.failure) << name;
    EXPECT_FALSE(outcome.failure->temporary);
  }
  EXPECT_TRUE(start(*domains, order(std::string(201, 'a'), {"sleep", "1000"})).failure);
  EXPECT_FALSE(start(*domains, order(std::string(200, 'a'), {"sleep", "1000"})).failure);
}

TEST_F(ProcessDriver, GivesEachDomainAPortOfItsOwn) {
  std::set<std::uint16_t> ports;
  for (int i = 0; i < 30; ++i)
    ports.insert(start(*domains, order("web-" + std::to_string(i), {"sleep", "1000"})).address.port);
  EXPECT_EQ(ports.size(), 30U);
}

TEST_F(ProcessDriver, NeverStandsInTheWayOfADomainThatBindsItsPortAtOnce) {
  for (int i = 0; i < 20; ++i) {
    const auto web = order("web-" + std::to_string(i), {"socat", "TCP-LISTEN:{port},bind=127.0.0.1,fork", "/dev/null"});
    const auto port = start(*domains, web).address.port;
    EXPECT_TRUE(eventually([&] { return answers(port); })) << web.name;
  }
}

TEST_F(ProcessDriver, HandsDownNeitherDescriptorsNorSecretsNorItsTerminal) {
  ::setenv("VIRTSCALE_TEST_TOKEN", "hush", 1);
  const int leak = ::open("/dev/null", O_RDONLY);
  start(*domains, order("web-1", {"sleep", "1000"}));
  const auto pid = processes().at(0);
  EXPECT_FALSE(variable_of(pid, "VIRTSCALE_TEST_TOKEN"));
  EXPECT_TRUE(variable_of(pid, "PATH"));
  std::set<std::string> open;
  for (const auto& one : fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd"))
    open.insert(one.path().filename());
  EXPECT_THAT(open, ElementsAre("0", "1", "2"));
  EXPECT_EQ(stat_of(pid)->session, pid);
  ::close(leak);
  ::unsetenv("VIRTSCALE_TEST_TOKEN");
}

TEST_F(ProcessDriver, LeavesNoZombies) {
  start(*domains, order("web-1", {"true"}));
  const auto file = DomainFiles(directory).read("web-1");
  ASSERT_TRUE(file);
  EXPECT_TRUE(eventually([&] { return !stat_of(file->pid); })) << "nobody waited for it";
  EXPECT_THAT(domains->running("eu"), IsEmpty()) << "it has ended by itself";
}

TEST_F(ProcessDriver, KeepsTwoDirectoriesApart) {
  const TemporaryDirectory elsewhere;
  const auto other = make_process_domains({.directory = elsewhere.path(), .grace = milliseconds(300)});
  start(*other, order("web-1", {"sleep", "1000"}));
  EXPECT_THAT(domains->running("eu"), IsEmpty());
  EXPECT_FALSE(stop(*domains, "web-1"));
  EXPECT_THAT(other->running("eu"), ElementsAre("web-1"));
  EXPECT_FALSE(stop(*other, "web-1"));
}

TEST_F(ProcessDriver, DoesNotTakeForStoppedWhatItCannotSee) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UBSan asks a pipe whether an exception's vtable can be read, and no descriptor is left for one";
#endif
  start(*domains, order("web-1", {"sleep", "1000"}));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{3, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto failure = stop(*domains, "web-1");
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(failure);
  EXPECT_TRUE(failure->temporary);
  EXPECT_THAT(domains->running("eu"), ElementsAre("web-1"));
  EXPECT_FALSE(stop(*domains, "web-1"));
}

TEST_F(ProcessDriver, SaysThatItsDirectoryCannotBeMade) {
  std::ofstream(directory / "file") << "x";
  EXPECT_THROW(make_process_domains({.directory = directory / "file" / "below"}), std::runtime_error);
}

TEST_F(ProcessDriver, KeepsTheNewestOutputOnly) {
  for (std::size_t i = 0; i < logs_kept_max + 5; ++i) {
    const auto log = directory / "logs" / ("old-" + std::to_string(i) + ".log");
    std::ofstream(log) << "x";
    fs::last_write_time(log, fs::file_time_type::clock::now() - std::chrono::hours(2) + std::chrono::seconds(i));
  }
  domains = make();
  EXPECT_FALSE(fs::exists(directory / "logs" / "old-4.log"));
  EXPECT_TRUE(fs::exists(directory / "logs" / "old-5.log"));
}

}  // namespace
}  // namespace virtscale::process::test
