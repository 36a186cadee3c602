#include "replay/ledger/rebuild.hpp"

#include <map>

#include "compose/ledger/writer.hpp"
#include "replay/command.hpp"
#include "replay/history.hpp"
#include "replay/snapshot.hpp"

namespace virtscale::replay {
namespace {

namespace fs = std::filesystem;

// Between two writings: bounds memory, and spares rewriting the tiles at the trees' edges.
constexpr std::uint64_t records_between_flushes = 4'096;

class Rebuilding final : public Onlooker {
 public:
  explicit Rebuilding(const RebuildOptions& options)
      : options_(options), writer_(options.directory, [&options] { return options.keys; }) {}

  void after(const LogRecord& record, Refold*, Step& step) override {
    if (step.fate == Fate::halted)
      throw std::runtime_error("outcomes/" + std::to_string(record.from.partition) + " offset " +
                               std::to_string(record.offset) + " cannot be folded: " + step.incident +
                               " (virtscale-replay verify says more)");
    for (const auto& emitted : step.emitted) take(record, emitted);
  }

  void flush() {
    must(writer_.flush());
    taken_ = 0;
  }
  std::vector<RebuiltLedger> written() const {
    std::vector<RebuiltLedger> all;
    for (const auto& [org, ledger] : ledgers_) all.push_back(ledger);
    return all;
  }

 private:
  // The writer takes records of the topic; here they are as audit would append them.
  void take(const LogRecord& cause, const LogAppend& emitted) {
    if (emitted.to.topic != Topic::ledger) return;
    const auto* event = schema::verify_event(emitted.value);
    const auto org = event->org()->str();
    if (!options_.org.empty() && org != options_.org) return;
    const auto offset = offsets_[emitted.to.partition]++;
    must(writer_.take({emitted.to, offset, cause.timestamp, emitted.key, emitted.value, 0}));
    count(org, *event);
    if (++taken_ == records_between_flushes) flush();
  }

  void count(const std::string& org, const schema::Event& event) {
    auto& ledger = ledgers_[org];
    ledger.org = org;
    if (const auto* line = event.body_as_LineAppended()) ledger.lines_behind = line->index() + 1 - ledger.lines;
    if (const auto* checkpoint = event.body_as_CheckpointPublished()) {
      ledger.lines_behind = ledger.lines + ledger.lines_behind - checkpoint->size();
      ledger.lines = checkpoint->size();
    }
  }

  static void must(const std::string& fault) {
    if (!fault.empty()) throw std::runtime_error(fault);
  }

  const RebuildOptions& options_;
  ledger::LedgerWriter writer_;
  std::map<std::uint32_t, std::uint64_t> offsets_;
  std::map<std::string, RebuiltLedger> ledgers_;
  std::uint64_t taken_ = 0;
};

}  // namespace

std::vector<RebuiltLedger> rebuild_ledgers(LogSource& source, const RebuildOptions& options) {
  if (fs::exists(options.directory) && !fs::is_empty(options.directory))
    throw UsageError(options.directory.string() + " is not empty: name a directory that is to be made");
  fs::create_directories(options.directory);
  const std::array inbox = {Topic::outcomes};
  History history(*source.log, inbox);
  auto refolds = make_refolds(Source::audit, source.log->layout());
  for (auto& refold : refolds) {
    load_snapshot(source.snapshots, *refold);
    history.fold(*refold);
  }
  Rebuilding rebuilding(options);
  while (history.run_turn(rebuilding)) {
    if (options.progress) options.progress(history.records(), history.records_expected());
  }
  rebuilding.flush();
  // It says how far the topic was read, and it was not.
  fs::remove(options.directory / ledger::positions_file);
  return rebuilding.written();
}

}  // namespace virtscale::replay
