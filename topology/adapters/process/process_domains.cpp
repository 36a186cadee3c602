#include "topology/adapters/process/process_domains.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "topology/adapters/process/domain_files.hpp"
#include "topology/adapters/process/name_lock.hpp"
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

/// How long another process may hold a domain's name: far longer than a start takes, unless it was stopped in it.
constexpr Duration lock_patience = seconds(3);
/// Until a name that was held, or a start that was interrupted, is looked at again.
constexpr Duration start_pause = milliseconds(50);
/// How long the process of a start that was interrupted may take to show its environment: it has to be run, no more.
constexpr Duration settle_time = milliseconds(500);
/// Draws of a port that another process drew at the same moment.
constexpr int port_claims_max = 100;

using Groups = std::set<pid_t>;

/// A start that is under way.
struct Starting {
  DomainOrder order;
  Domains::Started done;
  Duration waited{};
  Duration settled{};
};

/// A stop that is under way.
struct Stopping {
  std::string name;
  Groups groups;
  Domains::Stopped done;
  Duration waited;
  Duration pause = first_look;
  Duration settled{};
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

// What is wrong with an order, if anything is.
std::optional<Failure> fault_of(const DomainOrder& order) {
  const auto cannot_take = [](const std::string& what, const std::string& name) {
    return Failure{"the driver `process` cannot take the name of " + what + " `" + name.substr(0, name_bytes_max) +
                       "`: use at most 200 letters, digits, dots, dashes and underscores",
                   false};
  };
  if (!is_safe_name(order.name)) return cannot_take("domain", order.name);
  if (!is_safe_name(order.cell)) return cannot_take("cell", order.cell);
  if (order.command.empty() || order.command.front().empty())
    return Failure{"service " + order.service + " has no `command`, which the driver `process` starts", false};
  return {};
}

Failure held_by_another(const std::string& name) {
  return {"domain " + name + ": another process has begun to start or stop it and does not get on; if it is stopped " +
          "(state T in ps), continue or end it"};
}

// Whoever began to start it has died, and the process may be there and not yet show whose it is. True until that has
// had its time, of which `pause` goes by before the next look.
bool is_unsettled(const std::optional<DomainFile>& file, Duration& settled, Duration pause) {
  if (!file || file->pid != 0 || settled >= settle_time) return false;
  settled = settled + pause;
  return true;
}

class ProcessDomains final : public Domains {
 public:
  explicit ProcessDomains(const ProcessDomainsOptions& options)
      : files_(options.directory), grace_(options.grace), boot_(boot_id()) {
    files_.prune_logs();
    reap_later();
  }

  void start(const DomainOrder& order, Started done) override {
    const auto starting = std::make_shared<Starting>(Starting{.order = order, .done = std::move(done)});
    worker_.post([this, starting] { attempt_start(starting); });
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

  void attempt_start(const std::shared_ptr<Starting>& starting) {
    std::optional<Failure> failure = fault_of(starting->order);
    std::optional<std::uint16_t> port;
    try {
      if (!failure) port = start_now(*starting, failure);
    } catch (const std::exception& error) {
      failure = Failure{"domain " + starting->order.name + ": " + error.what()};
    }
    if (failure) return starting->done(nullptr, &*failure);
    if (port) {
      const DomainAddress address{loopback, *port};
      return starting->done(&address, nullptr);
    }
    starting->waited = starting->waited + start_pause;
    worker_.after(start_pause, [this, starting] { attempt_start(starting); });
  }

  // The domain's port; nothing if it failed, or if it is to be looked at again.
  std::optional<std::uint16_t> start_now(Starting& starting, std::optional<Failure>& failure) {
    const auto& order = starting.order;
    const auto lock = NameLock::try_take(files_.locks(), order.name);
    if (!lock && starting.waited >= lock_patience) failure = held_by_another(order.name);
    if (!lock) return {};
    if (const auto port = find_running(order)) return port;
    if (is_unsettled(files_.read(order.name), starting.settled, start_pause)) return {};
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

  // Whoever started it died before it could write its file.
  std::uint16_t adopt(const DomainOrder& order, const ProcessStat& leader) {
    const auto text = variable_of(leader.pid, port_variable).value_or("0");
    const auto port = static_cast<std::uint16_t>(std::strtoul(text.c_str(), nullptr, 10));
    files_.write(order.name, {leader.pid, leader.start_ticks, port, boot_, order.cell}, WriteCare::durable);
    return port;
  }

  std::optional<std::uint16_t> spawn_new(const DomainOrder& order, std::optional<Failure>& failure) {
    const auto port = claim_port(order);
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
      return {};
    }
    children_.insert(pid);
    keep(order, pid, port);
    return port;
  }

  // Written before the others are read: of two processes that draw one port at the same moment, one sees it at least.
  std::uint16_t claim_port(const DomainOrder& order) {
    std::set<std::uint16_t> taken;
    for (int claims = 0; claims < port_claims_max; ++claims) {
      const auto port = free_port([&](std::uint16_t one) { return taken.contains(one); });
      files_.write(order.name, {0, 0, port, boot_, order.cell}, WriteCare::hasty);
      taken = files_.ports_of_others(order.name);
      if (!taken.contains(port)) return port;
    }
    throw std::runtime_error("every port that was drawn was taken at the same moment");
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
    if (++started_ % logs_kept_max == 0) files_.prune_logs();
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
    if (stopping->groups.empty() && note_end(*stopping)) return stopping->done(nullptr);
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

  // False if there is more to stop: a part that has left its group, or what another process has started meanwhile.
  bool note_end(Stopping& stopping) {
    const auto& name = stopping.name;
    const auto lock = NameLock::try_take(files_.locks(), name);
    if (!lock) return false;
    const auto file = is_safe_name(name) ? files_.read(name) : std::nullopt;
    stopping.groups = groups_of(name);
    if (file && lives(*file)) stopping.groups.insert(file->pid);
    signal_all(stopping.groups, stopping.killed ? SIGKILL : SIGTERM);
    if (!stopping.groups.empty()) return false;
    if (is_unsettled(file, stopping.settled, stopping.pause)) return false;
    if (is_safe_name(name)) files_.remove(name);
    return true;
  }

  static void gave_up(const Stopping& stopping) {
    auto failure = held_by_another(stopping.name);
    if (!stopping.groups.empty()) {
      failure.reason = "domain " + stopping.name + ": process group " + std::to_string(*stopping.groups.begin()) +
                       " does not end by SIGKILL; look at its state in ps";
    }
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
