// Ledger lines per second: appended by the audit stage under signed, durable checkpoints, and verified from the files
// alone on one core; and what one line's proof weighs and costs.
//
// Beside it Tessera's POSIX storage with the same lines on the same disk, and what the machine's hashes and signatures
// allow.
#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <stdexcept>

#include "compose/ledger/canonical.hpp"
#include "compose/ledger/files.hpp"
#include "compose/ledger/proof.hpp"
#include "compose/ledger/verify.hpp"
#include "tests/bench/harness.hpp"
#include "tests/bench/peers/peer.hpp"
#include "tests/bench/world/audit_alone.hpp"
#include "topology/adapters/sodium/sodium.hpp"
#include "topology/contract/merkle.hpp"
#include "topology/contract/sha256.hpp"

namespace virtscale::bench {
namespace {

namespace fs = std::filesystem;

constexpr int runs = 3;
constexpr std::uint64_t lines_usual = 100'000;
constexpr int verifications = 5;
constexpr int proof_checks = 2'000;

double lines_verified_per_second(const AuditAlone& audit) {
  const auto keys = audit.keys();
  const auto began = processor_time();
  const auto report = ledger::verify_ledger(audit.ledger(), keys);
  const auto took = processor_time() - began;
  if (!report.is_sound()) throw std::runtime_error("ledger: " + to_string(report.faults.front()));
  return static_cast<double>(report.lines) / took;
}

/// What hashing alone allows: the leaf of a line of this many bytes, and one node.
double lines_hashed_per_second(std::size_t line_bytes) {
  constexpr int lines = 200'000;
  const std::string line(line_bytes, 'x');
  const Bytes bytes = std::as_bytes(std::span(line));
  Digest digest{};
  const auto began = processor_time();
  for (int i = 0; i < lines; ++i) digest = node_hash(digest, leaf_hash(bytes));
  return lines / (processor_time() - began);
}

double signatures_per_second(const Signer& signer) {
  constexpr int signatures = 5'000;
  const auto text = checkpoint_text({"virtscale/ledger/org-0", {1, {}}});
  const auto began = processor_time();
  for (int i = 0; i < signatures; ++i) signer.sign_note(text);
  return signatures / (processor_time() - began);
}

double signatures_checked_per_second(const fs::path& ledger, std::span<const VerifierKey> keys) {
  constexpr int signatures = 5'000;
  const auto note = *ledger::read_file(ledger / "checkpoint");
  const auto began = processor_time();
  for (int i = 0; i < signatures; ++i) {
    if (!check_note(note, keys).fault.empty()) throw std::runtime_error("ledger: a checkpoint's signature fails");
  }
  return signatures / (processor_time() - began);
}

/// The line in the middle.
ledger::LineProof proof_in(const fs::path& directory) {
  std::ifstream file(directory / "lines.jsonl");
  std::string line;
  for (std::uint64_t n = 0; n <= lines_usual / 2; ++n) std::getline(file, line);
  const auto scanned = ledger::scan_line(line);
  auto proofs = ledger::prove_event(directory, scanned.head.event);
  if (!proofs.faults.empty()) throw std::runtime_error("ledger: " + to_string(proofs.faults.front()));
  return proofs.proofs.front();
}

double microseconds_a_check(const ledger::LineProof& proof, std::span<const VerifierKey> keys) {
  const auto began = processor_time();
  for (int i = 0; i < proof_checks; ++i) {
    if (!ledger::check_proof(proof.text, proof.line, keys).faults.empty())
      throw std::runtime_error("ledger: a proof does not hold");
  }
  return (processor_time() - began) * 1e6 / proof_checks;
}

std::vector<Figure> figures_of_proof(const AuditAlone& audit, double checks_limit) {
  const auto proof = proof_in(audit.ledger());
  const auto keys = audit.keys();
  Figure bytes{.bench = "ledger", .figure = "proof_bytes", .runs = {static_cast<double>(proof.text.size())}};
  Figure check{.bench = "ledger", .figure = "proof_check_us", .runs = {}};
  for (int run = 0; run < verifications; ++run) check.runs.push_back(microseconds_a_check(proof, keys));
  check.beside = {{"Ed25519 verification alone, us", 1e6 / checks_limit}};
  return {bytes, check};
}

/// One after the other, each with lines of its own. The last audit's ledger stays, to be verified.
std::unique_ptr<AuditAlone> append(Figure& appended, Figure& filed) {
  std::unique_ptr<AuditAlone> audit;
  for (int run = 0; run < runs; ++run) {
    audit = std::make_unique<AuditAlone>(lines_usual, 1);
    settle_machine();
    const auto took = audit->run();
    appended.runs.push_back(lines_usual / took.appended);
    filed.runs.push_back(lines_usual / took.filed);
    fmt::print(stderr, "ledger: {:.0f} lines/s appended\n", appended.runs.back());
  }
  return audit;
}

void put_tessera_beside(Figure& appended, Figure& filed, const fs::path& ledger) {
  const TemporaryDirectory folder;
  settle_machine();
  const auto tessera = run_peer("tessera", {(ledger / "lines.jsonl").string(), folder.path().string()});
  if (!tessera) return;
  const Beside fastest{"Tessera POSIX, the same lines, its fastest batches", tessera->at("lines_per_s"), at_least(5)};
  appended.beside.push_back({"Tessera POSIX, the same lines, batches of 256, its default",
                             tessera->at("lines_per_s_in_batches_of_256"), at_least(5)});
  appended.beside.push_back(fastest);
  filed.beside.push_back({fastest.what, fastest.value});
}

}  // namespace

double lines_appended_per_second_at(std::uint64_t lines) {
  AuditAlone audit(lines, 1);
  settle_machine();
  return static_cast<double>(lines) / audit.run().appended;
}

std::vector<Figure> measure_ledger() {
  Figure appended{.bench = "ledger", .figure = "appended_lines_per_s", .runs = {}};
  Figure filed{.bench = "ledger", .figure = "filed_lines_per_s", .runs = {}};
  Figure verified{.bench = "ledger", .figure = "verified_lines_per_s", .runs = {}, .target = at_least(500'000)};
  const auto audit = append(appended, filed);
  for (int run = 0; run < verifications; ++run) verified.runs.push_back(lines_verified_per_second(*audit));
  fmt::print(stderr, "ledger: {:.0f} lines/s verified\n", median_of(verified.runs));
  const auto line_bytes = fs::file_size(audit->ledger() / "lines.jsonl") / lines_usual;
  appended.beside = {{"Ed25519 signatures alone", signatures_per_second(audit->signer())}};
  put_tessera_beside(appended, filed, audit->ledger());
  verified.beside = {
      {fmt::format("SHA-256 of {} B and a node alone", line_bytes), lines_hashed_per_second(line_bytes)}};
  std::vector<Figure> figures{std::move(appended), std::move(filed), std::move(verified)};
  for (auto& figure : figures_of_proof(*audit, signatures_checked_per_second(audit->ledger(), audit->keys())))
    figures.push_back(std::move(figure));
  return figures;
}

}  // namespace virtscale::bench
