#include "replay/what_if/foreign_policy.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "replay/command.hpp"
#include "stages/policy/fold.hpp"
#include "topology/host/fold_wire.hpp"

namespace virtscale::replay {
namespace {

// For one step, and for the start of the program: far above what either takes.
constexpr Duration answer_max = seconds(60);

// A program that runs with one end of a connection as its standard input and output, and nothing else that we have
// open.
class FoldProgram {
 public:
  explicit FoldProgram(const std::string& file) : file_(file) {
    if (::access(file.c_str(), X_OK) != 0)
      throw UsageError("--policy-binary " + file + ": is no program that can be run (" + std::strerror(errno) + ")");
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
      throw std::runtime_error(std::string("cannot connect a program: ") + std::strerror(errno));
    child_ = ::fork();
    if (child_ == 0) run(ends[1]);
    ::close(ends[1]);
    to_ = ends[0];
    if (child_ < 0) throw std::runtime_error(std::string("cannot start a program: ") + std::strerror(errno));
  }
  ~FoldProgram() {
    ::close(to_);
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  FoldProgram(const FoldProgram&) = delete;
  FoldProgram& operator=(const FoldProgram&) = delete;

  int connection() const { return to_; }
  const std::string& file() const { return file_; }

 private:
  // Between fork and exec, so only what is safe in a signal handler.
  [[noreturn]] void run(int end) {
    ::dup2(end, STDIN_FILENO);
    ::dup2(end, STDOUT_FILENO);
    ::close_range(STDERR_FILENO + 1, std::numeric_limits<unsigned>::max(), 0);
    const char* const words[] = {file_.c_str(), "fold", nullptr};
    ::execv(file_.c_str(), const_cast<char* const*>(words));
    ::_exit(127);
  }

  std::string file_;
  pid_t child_ = -1;
  int to_ = -1;
};

// The other side of a partition's fold. A fold cannot throw, so what went wrong is kept for whoever asked for it.
class Connection {
 public:
  explicit Connection(const std::string& file) : program_(file) {
    try {
      const auto greeting = fold_wire::greeting_in(fold_wire::read_greeting(program_.connection(), answer_max));
      if (greeting.stage != "policy") throw fold_wire::WireError("it folds " + greeting.stage + ", and not policy");
      epoch_ = greeting.epoch;
    } catch (const fold_wire::WireError& error) {
      throw UsageError("--policy-binary " + file + ": " + error.what());
    }
  }

  void fold(policy::State& mirror, const Inbound& inbound, Outbox& outbox) noexcept {
    try {
      if (!std::exchange(begun_, true)) send_rows(mirror);
      fold_wire::write_frame(program_.connection(), fold_wire::encode(inbound));
      const auto answer = fold_wire::read_frame(program_.connection(), answer_max);
      if (!answer) throw fold_wire::WireError("it ended");
      for (const auto& row : fold_wire::step_in(*answer, outbox)) take(mirror, row);
    } catch (const std::exception& error) {
      fault_ = program_.file() + " cannot fold: " + error.what();
    }
  }
  const std::string& fault() const { return fault_; }
  std::uint32_t epoch() const { return epoch_; }

 private:
  void send_rows(policy::State& mirror) {
    for (const auto* table : mirror.tables()) {
      table->each_encoded("", [&](std::string_view key, Bytes value) {
        const std::string text(reinterpret_cast<const char*>(value.data()), value.size());
        fold_wire::write_frame(program_.connection(),
                               fold_wire::encode(fold_wire::Row{std::string(table->name()), std::string(key), text}));
        return true;
      });
    }
  }

  // A table that the other version has and we have not cannot be shown.
  static void take(policy::State& mirror, const fold_wire::Row& row) {
    const auto tables = mirror.tables();
    const auto table = std::ranges::find(tables, row.table, [](const AnyTable* one) { return one->name(); });
    if (table == tables.end()) return;
    if (!row.value) return (*table)->erase(row.key);
    if (!(*table)->load(row.key, std::as_bytes(std::span(*row.value))))
      throw fold_wire::WireError("its row " + row.key + " of table " + row.table + " cannot be read here");
  }

  FoldProgram program_;
  std::uint32_t epoch_ = 0;
  bool begun_ = false;
  std::string fault_;
};

struct ForeignFold {
  struct State {
    policy::State mirror;
    std::shared_ptr<std::unique_ptr<Connection>> to = std::make_shared<std::unique_ptr<Connection>>();
    std::vector<AnyTable*> tables() { return mirror.tables(); }
  };
  static constexpr Source source = Source::policy;
  static constexpr Topic inbox = Topic::signals;
  static constexpr std::uint32_t epoch = std::numeric_limits<std::uint32_t>::max();

  static void fold(State& state, const Inbound& inbound, Outbox& outbox) noexcept {
    (*state.to)->fold(state.mirror, inbound, outbox);
  }
  /// Whatever the log says is active: the other program folds by its newest rules.
  static constexpr FoldFunction<State> fold_of(std::uint32_t) { return &fold; }
  static std::string violated_invariant(const State& state) { return policy::Fold::violated_invariant(state.mirror); }
};

class ForeignPolicy final : public Refold {
 public:
  ForeignPolicy(const std::string& program, std::uint32_t partition, const LogLayout& layout)
      : partition_(partition, layout) {
    *partition_.state().to = std::make_unique<Connection>(program);
  }

  Source stage() const override { return ForeignFold::source; }
  TopicPartition inbox() const override { return {ForeignFold::inbox, partition_.number()}; }
  Step fold(const LogRecord& record, Arena& arena) override {
    auto step = partition_.fold_one(record, arena);
    const auto& fault = (*partition_.state().to)->fault();
    if (!fault.empty()) throw std::runtime_error(fault);
    return step;
  }
  std::vector<AnyTable*> tables() override { return partition_.tables(); }
  void rebuild() override { partition_.rebuild(); }
  const Books& books() const override { return partition_.books(); }
  std::uint64_t next_offset() const override { return partition_.next_offset(); }
  Instant stream_time() const override { return partition_.stream_time(); }
  std::string violated_invariant() const override { return ForeignFold::violated_invariant(partition_.state()); }
  const policy::State& mirror() const { return partition_.state().mirror; }
  std::uint32_t epoch() const { return (*partition_.state().to)->epoch(); }

 private:
  Partition<ForeignFold> partition_;
};

}  // namespace

std::unique_ptr<Refold> make_foreign_policy(const std::string& program, std::uint32_t partition,
                                            const LogLayout& layout) {
  return std::make_unique<ForeignPolicy>(program, partition, layout);
}

std::uint32_t foreign_epoch(const Refold& refold) {
  const auto* foreign = dynamic_cast<const ForeignPolicy*>(&refold);
  return foreign == nullptr ? 0 : foreign->epoch();
}

const policy::State* policy_state(const Refold& refold) {
  if (const auto* own = dynamic_cast<const RefoldOf<policy::Fold>*>(&refold)) return &own->state();
  const auto* foreign = dynamic_cast<const ForeignPolicy*>(&refold);
  return foreign == nullptr ? nullptr : &foreign->mirror();
}

}  // namespace virtscale::replay
