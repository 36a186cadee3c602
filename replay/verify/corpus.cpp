#include "replay/verify/corpus.hpp"

#include <algorithm>

#include "replay/command.hpp"
#include "stages/audit/fold.hpp"
#include "stages/dataplane/fold.hpp"
#include "stages/orchestration/fold.hpp"
#include "stages/policy/fold.hpp"
#include "stages/signal/fold.hpp"
#include "topology/adapters/sodium/sodium.hpp"

namespace virtscale::replay {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> capsules_in(const fs::path& folder) {
  if (!fs::is_directory(folder)) throw UsageError("--code " + folder.string() + ": there is no such folder");
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".capsule") files.push_back(entry.path());
  }
  if (files.empty())
    throw UsageError("--code " + folder.string() +
                     ": there is no recording in it (NAME.capsule, as `virtscale-replay capsule` makes them)");
  std::ranges::sort(files);
  return files;
}

std::uint32_t newest_epoch(Source stage) {
  switch (stage) {
    case Source::signal:
      return signal::Fold::epoch;
    case Source::policy:
      return policy::Fold::epoch;
    case Source::orchestration:
      return orchestration::Fold::epoch;
    case Source::dataplane:
      return dataplane::Fold::epoch;
    default:
      return audit::Fold::epoch;
  }
}

std::string to_raise(const std::string& stage, std::uint32_t epoch) {
  const auto next = std::to_string(epoch + 1);
  return "the fold of " + stage +
         " has changed, and its epoch has not. If that was not meant, undo it. If it was: raise `epoch` in stages/" +
         stage + "/fold.hpp to " + next + ", keep the rules of epoch " + std::to_string(epoch) +
         " in `fold_of`, and have the new ones begin where the log says so: install the new version, then `virtscale "
         "epochs activate --stage " +
         stage + " --epoch " + next + "`, which appends FoldActivated. stages/README.md tells it step by step";
}

std::string advice_on(const Divergence& divergence) {
  if (divergence.kind == DivergenceKind::halted)
    return "this program stops there. Rules of an old epoch stay callable (`fold_of`) for as long as a log needs them";
  const auto& side = divergence.recorded ? divergence.recorded : divergence.folded;
  const auto* event = side ? schema::verify_event(side->event) : nullptr;
  const auto stage = event == nullptr ? Source::edge : static_cast<Source>(event->header()->id().stage());
  if (stage == Source::edge) return "the file is damaged: take it from the history of its tree again";
  const std::string name(graph::node_of(stage).name);
  const auto epoch = event->header()->epoch();
  if (epoch == newest_epoch(stage)) return to_raise(name, epoch);
  return "the rules of epoch " + std::to_string(epoch) + " of " + name +
         " have changed, and logs are written by them: restore them, and put what is new into the newest epoch, " +
         std::to_string(newest_epoch(stage));
}

}  // namespace

CorpusReport verify_corpus(const fs::path& folder, const MakeRefolds& refolds) {
  CorpusReport report;
  for (const auto& file : capsules_in(folder)) {
    auto source = open_log_source(file.string());
    VerifyOptions options;
    auto keys = source.keys.empty() ? std::vector<VerifierKey>() : public_keys(source.keys);
    if (!keys.empty()) options.keys = std::move(keys);
    auto verified = verify(source, refolds(source.log->layout()), options);
    ++report.histories;
    report.records += verified.records;
    report.events += verified.events;
    report.signatures += verified.signatures;
    if (!verified.divergence) continue;
    auto advice = advice_on(*verified.divergence);
    report.faults.push_back({file, std::move(advice), std::move(*verified.divergence)});
  }
  return report;
}

}  // namespace virtscale::replay
