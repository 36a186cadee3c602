#include "topology/adapters/process/process_domains.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>
#include <system_error>

#include "topology/adapters/process/domain_files.hpp"
#include "topology/adapters/process/process_table.hpp"
#include "topology/adapters/process/spawn.hpp"
#include "topology/adapters/process/worker.hpp"

namespace virtscale {
namespace process {
namespace {

constexpr const char* loopback = "127.0.0.1";
constexpr const char* domain_variable = "VIRTSCALE_DOMAIN";
constexpr const char* cell_variable = "VIRTSCALE_CELL";
constexpr const char* owner_variable = "VIRTSCALE_OWNER";
constexpr const char* port_variable = "VIRTSCALE_PORT";

/// How long SIGKILL may take: what is left then sits in the kernel, and is asked for again later.
constexpr Duration kill_patience = seconds(5);
constexpr Duration first_look = milliseconds(5);
constexpr Duration look_pause_max = milliseconds(200);
constexpr Duration reap_every = seconds(1);

using Groups = std::set<pid_t>;

/// A stop that is under way.
struct Stopping {
  std::string name;
  Groups groups;
  Domains::Stopped done;
  Duration waited;
  Duration pause = first_look;
  bool killed = false;
};

std::string replaced(std::string word, const std::string& what, const std::string& by) {
  for (auto at = word.find(what); at != std::string::npos; at = word.find(what, at + by.size()))
    word.replace(at, what.size(), by);
  return word;
}

std::vector<std::string> words_of(const DomainOrder& order, std::uint16_t port) {
  std::vector<std::string> words;
  for (const auto& word : order.command)
    words.push_back(replaced(replaced(word, "{port}", std::to_string(port)), "{name}", order.name));
  return words;
}

void signal_all(const Groups& groups, int signal) {
  for (const auto group : groups) ::kill(-group, signal);
}

class ProcessDomains final : public Domains {
 public:
  explicit ProcessDomains(const ProcessDomainsOptions& options)
      : files_(options.directory), grace_(options.grace), boot_(boot_id()) {
    for (const auto& name : files_.names()) {
      if (const auto file = files_.read(name)) ports_[name] = file->port;
    }
    files_.prune_logs();
    reap_later();
  }

  void start(const DomainOrder& order, Started done) override {
    worker_.post([this, order, done = std::move(done)] {
      std::optional<Failure> failure;
      DomainAddress address{loopback, 0};
      try {
        address.port = start_now(order, failure);
      } catch (const std::exception& error) {
        failure = Failure{"domain " + order.name + ": " + error.what()};
      }
      failure ? done(nullptr, &*failure) : done(&address, nullptr);
    });
  }

  void stop(const std::string& name, Stopped done) override {
    worker_.post([this, name, done = std::move(done)] {
      auto stopping = std::make_shared<Stopping>();
      stopping->name = name;
      stopping->done = done;
      attempt(stopping, &ProcessDomains::begin_stop);
    });
  }

  std::vector<std::string> running(std::string_view cell) override {
    std::set<std::string> names;
    // By file as well, since a program may write over its environment.
    for (const auto& name : files_.names()) {
      if (const auto file = files_.read(name); file && file->cell == cell && lives(*file)) names.insert(name);
    }
    each_pid([&](pid_t pid) {
      const auto name = variable_of(pid, domain_variable);
      if (name && is_ours(pid) && variable_of(pid, cell_variable) == cell) names.insert(*name);
    });
    return {names.begin(), names.end()};
  }

 private:
  // --- Who is it -------------------------------------------------------------------------------------------------

  bool lives(const DomainFile& file) const {
    if (file.pid <= 0 || file.boot != boot_) return false;
    const auto stat = stat_of(file.pid);
    return stat && !stat->is_dead() && stat->start_ticks == file.start_ticks;
  }

  bool is_ours(pid_t pid) const { return variable_of(pid, owner_variable) == files_.directory().string(); }

  // Every live process that is part of the domain, by its environment.
  std::vector<ProcessStat> members(const std::string& name) const {
    std::vector<ProcessStat> all;
    each_pid([&](pid_t pid) {
      if (variable_of(pid, domain_variable) != name || !is_ours(pid)) return;
      if (const auto stat = stat_of(pid); stat && !stat->is_dead()) all.push_back(*stat);
    });
    return all;
  }

  Groups groups_of(const std::string& name) const {
    Groups groups;
    for (const auto& one : members(name)) groups.insert(one.group);
    // Should this very process have been started by a domain, it does not stop itself.
    groups.erase(::getpgrp());
    return groups;
  }

  // --- Start -----------------------------------------------------------------------------------------------------

  std::uint16_t start_now(const DomainOrder& order, std::optional<Failure>& failure) {
    if (!is_safe_name(order.name)) {
      failure = Failure{"the driver `process` cannot take the name of domain `" + order.name.substr(0, name_bytes_max) +
                            "`: use at most 200 letters, digits, dots, dashes and underscores",
                        false};
    } else if (!is_safe_name(order.cell)) {
      failure = Failure{"the driver `process` cannot take the name of cell `" + order.cell.substr(0, name_bytes_max) +
                            "`: use at most 200 letters, digits, dots, dashes and underscores",
                        false};
    } else if (order.command.empty() || order.command.front().empty()) {
      failure = Failure{"service " + order.service + " has no `command`, which the driver `process` starts", false};
    }
    if (failure) return 0;
    if (const auto port = find_running(order)) return *port;
    return spawn_new(order, failure);
  }

  std::optional<std::uint16_t> find_running(const DomainOrder& order) {
    const auto& name = order.name;
    // Without a file nothing was ever started: it is written first.
    if (!files_.contains(name)) return {};
    const auto file = files_.read(name);
    if (file && lives(*file)) return file->port;
    for (const auto& one : members(name)) {
      if (one.pid == one.session) return adopt(order, one);
    }
    signal_all(groups_of(name), SIGKILL);
    return {};
  }

  // We died between its start and its file.
  std::uint16_t adopt(const DomainOrder& order, const ProcessStat& leader) {
    const auto text = variable_of(leader.pid, port_variable).value_or("0");
    const auto port = static_cast<std::uint16_t>(std::strtoul(text.c_str(), nullptr, 10));
    files_.write(order.name, {leader.pid, leader.start_ticks, port, boot_, order.cell}, WriteCare::durable);
    ports_[order.name] = port;
    return port;
  }

  std::uint16_t spawn_new(const DomainOrder& order, std::optional<Failure>& failure) {
    const auto port = free_port([this](std::uint16_t one) { return is_taken(one); });
    files_.write(order.name, {0, 0, port, boot_, order.cell}, WriteCare::hasty);
    const pid_t pid = spawn({words_of(order, port),
                             {{domain_variable, order.name},
                              {cell_variable, order.cell},
                              {owner_variable, files_.directory().string()},
                              {port_variable, std::to_string(port)}},
                             files_.log_of(order.name)},
                            failure);
    if (failure) {
      failure->reason = "domain " + order.name + ": " + failure->reason;
      files_.remove(order.name);
      return 0;
    }
    children_.insert(pid);
    keep(order, pid, port);
    return port;
  }

  // A domain that cannot be found again must not run.
  void keep(const DomainOrder& order, pid_t pid, std::uint16_t port) {
    try {
      const auto stat = stat_of(pid);
      files_.write(order.name, {pid, stat ? stat->start_ticks : 0, port, boot_, order.cell}, WriteCare::durable);
    } catch (...) {
      ::kill(-pid, SIGKILL);
      throw;
    }
    ports_[order.name] = port;
    if (++started_ % logs_kept_max == 0) files_.prune_logs();
  }

  bool is_taken(std::uint16_t port) const {
    return std::ranges::any_of(ports_, [&](const auto& one) { return one.second == port; });
  }

  // --- Stop ------------------------------------------------------------------------------------------------------

  using StopPart = void (ProcessDomains::*)(const std::shared_ptr<Stopping>&);

  // What cannot be seen, for want of descriptors perhaps, is not taken for stopped.
  void attempt(const std::shared_ptr<Stopping>& stopping, StopPart part) {
    std::optional<Failure> failure;
    try {
      (this->*part)(stopping);
    } catch (const std::exception& error) {
      failure = Failure{"domain " + stopping->name + ": " + error.what()};
    }
    if (failure) stopping->done(&*failure);
  }

  void begin_stop(const std::shared_ptr<Stopping>& stopping) {
    const auto file = is_safe_name(stopping->name) ? files_.read(stopping->name) : std::nullopt;
    if (file && lives(*file)) {
      stopping->groups = {file->pid};
    } else {
      stopping->groups = groups_of(stopping->name);
    }
    signal_all(stopping->groups, SIGTERM);
    look(stopping);
  }

  void look(const std::shared_ptr<Stopping>& stopping) {
    reap();
    std::erase_if(stopping->groups, [](pid_t group) { return !group_lives(group); });
    if (stopping->groups.empty()) {
      // A part of the domain may have left its group.
      stopping->groups = groups_of(stopping->name);
      if (stopping->groups.empty()) return ended(*stopping);
      signal_all(stopping->groups, stopping->killed ? SIGKILL : SIGTERM);
    }
    if (!stopping->killed && stopping->waited >= grace_) {
      stopping->killed = true;
      signal_all(stopping->groups, SIGKILL);
    }
    if (stopping->waited >= grace_ + kill_patience) return gave_up(*stopping);
    const auto pause = stopping->pause;
    stopping->waited = stopping->waited + pause;
    stopping->pause = std::min(pause * 2, look_pause_max);
    worker_.after(pause, [this, stopping] { attempt(stopping, &ProcessDomains::look); });
  }

  void ended(const Stopping& stopping) {
    if (is_safe_name(stopping.name)) files_.remove(stopping.name);
    ports_.erase(stopping.name);
    stopping.done(nullptr);
  }

  static void gave_up(const Stopping& stopping) {
    const Failure failure{"domain " + stopping.name + ": process group " + std::to_string(*stopping.groups.begin()) +
                          " does not end by SIGKILL; look at its state in ps"};
    stopping.done(&failure);
  }

  // Only those that are ours: others in this process wait for their own children.
  void reap() {
    std::erase_if(children_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
  }

  void reap_later() {
    worker_.after(reap_every, [this] {
      reap();
      reap_later();
    });
  }

  DomainFiles files_;
  Duration grace_;
  std::string boot_;
  std::map<std::string, std::uint16_t> ports_;  // of all domains that have a file
  std::set<pid_t> children_;
  std::size_t started_ = 0;
  // The last member: its thread ends before what it works with.
  Worker worker_;
};

}  // namespace
}  // namespace process

std::unique_ptr<Domains> make_process_domains(const ProcessDomainsOptions& options) {
  return std::make_unique<process::ProcessDomains>(options);
}

}  // namespace virtscale
