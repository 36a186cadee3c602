#include "replay/postmortem/proofs.hpp"

#include "compose/ledger/writer.hpp"
#include "replay/capsule_file.hpp"
#include "topology/adapters/sodium/sodium.hpp"

namespace virtscale::replay {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t read_at_once = 4'096;

// Writes the org's ledger as files below `directory`. Returns what went wrong, or nothing.
std::string write_ledger(Log& log, const std::string& org, const fs::path& directory, const OnProgress& progress) {
  ledger::LedgerWriter writer(directory, [] { return std::vector<VerifierKey>(); });
  const auto partitions = log.layout().partitions[static_cast<std::size_t>(Topic::ledger)];
  const TopicPartition of{Topic::ledger, partition_of(org, partitions)};
  std::string fault;
  for (std::uint64_t next = 0; fault.empty() && next < log.end(of);) {
    const auto read = log.read(of, next, read_at_once, [&](const LogRecord& record) {
      next = record.offset + 1;
      if (record.key == org) fault = writer.take(record);
      return fault.empty();
    });
    if (read == 0) break;
    if (fault.empty()) fault = writer.flush();
    progress(next, log.end(of));
  }
  return fault;
}

std::string verdict_of(const Proofs& proofs, std::span<const VerifierKey> keys) {
  if (keys.empty())
    return "No public key stands beside the log, so the signature was not checked when this was drafted.";
  std::string signers;
  for (const auto& proof : proofs.proofs) {
    const auto checked = ledger::check_proof(proof.text, proof.line, keys);
    if (!checked.faults.empty()) return "The check of a proof failed: " + to_string(checked.faults.front()) + ".";
    signers = checked.signers.front();
  }
  return "Each proof was checked when this was drafted: it leads to the checkpoint, which " + signers + " signed.";
}

}  // namespace

Proofs prove_lines(const LogSource& source, const std::string& org, std::span<const Trace> traces,
                   const OnProgress& progress) {
  const TemporaryDirectory files;
  const auto ledger_files = files.path() / org;
  Proofs proofs;
  const auto fault = write_ledger(*source.log, org, files.path(), progress);
  if (!fault.empty()) {
    proofs.verdict =
        "This log does not hold the ledger of " + org +
        " from its first line, so no proof was made here: ask the stage with `virtscale ledger prove EVT`.";
    return proofs;
  }
  for (const auto& trace : traces) {
    auto proved = ledger::prove_event(ledger_files, to_string(trace.scale));
    for (auto& proof : proved.proofs) proofs.proofs.push_back(std::move(proof));
  }
  proofs.checkpoint = ledger::read_file(ledger_files / "checkpoint").value_or("");
  proofs.verdict =
      proofs.proofs.empty()
          ? "No signed checkpoint covers a line of it in this log: there is nothing to prove yet."
          : verdict_of(proofs, source.keys.empty() ? std::vector<VerifierKey>() : public_keys(source.keys));
  return proofs;
}

}  // namespace virtscale::replay
