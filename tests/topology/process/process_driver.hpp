// A driver of domains on a directory of the test's own, and how tests ask it and look for its processes.
#pragma once

#include <gmock/gmock.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/topology/eventually.hpp"
#include "topology/adapters/process/domain_files.hpp"
#include "topology/adapters/process/process_domains.hpp"
#include "topology/adapters/process/process_table.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale::process::test {

struct Outcome {
  DomainAddress address;
  std::optional<Failure> failure;
};

/// Of service web, in cell eu.
inline DomainOrder order(std::string name, std::vector<std::string> command) {
  DomainOrder it;
  it.name = std::move(name);
  it.service = "web";
  it.cell = "eu";
  it.command = std::move(command);
  return it;
}

inline std::future<Outcome> begin_start(Domains& domains, const DomainOrder& what) {
  auto ended = std::make_shared<std::promise<Outcome>>();
  domains.start(what, [ended](const DomainAddress* address, const Failure* failure) {
    ended->set_value({address ? *address : DomainAddress{}, failure ? std::optional(*failure) : std::nullopt});
  });
  return ended->get_future();
}
inline Outcome start(Domains& domains, const DomainOrder& what) {
  return begin_start(domains, what).get();
}

inline std::future<std::optional<Failure>> begin_stop(Domains& domains, const std::string& name) {
  auto ended = std::make_shared<std::promise<std::optional<Failure>>>();
  domains.stop(name,
               [ended](const Failure* failure) { ended->set_value(failure ? std::optional(*failure) : std::nullopt); });
  return ended->get_future();
}
inline std::optional<Failure> stop(Domains& domains, const std::string& name) {
  return begin_stop(domains, name).get();
}

class ProcessDriver : public testing::Test {
 protected:
  void SetUp() override { domains = make(); }
  void TearDown() override {
    domains = make();
    for (const auto& name : domains->running("eu")) EXPECT_FALSE(stop(*domains, name)) << name;
    domains.reset();
    EXPECT_THAT(processes(), testing::IsEmpty());
  }

  std::unique_ptr<Domains> make() const {
    return make_process_domains({.directory = directory, .grace = milliseconds(300)});
  }
  /// Every live process of this test's domains, or of one of them.
  std::vector<pid_t> processes(const std::string& domain = "") const {
    std::vector<pid_t> all;
    each_pid([&](pid_t pid) {
      if (variable_of(pid, "VIRTSCALE_OWNER") != directory.string()) return;
      if (!domain.empty() && variable_of(pid, "VIRTSCALE_DOMAIN") != domain) return;
      const auto stat = stat_of(pid);
      if (stat && !stat->is_dead()) all.push_back(pid);
    });
    return all;
  }

  const TemporaryDirectory folder;
  const std::filesystem::path directory = folder.path();
  std::unique_ptr<Domains> domains;
};

}  // namespace virtscale::process::test
