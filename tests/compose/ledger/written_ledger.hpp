// A ledger as Virtscale writes it: lines of audit's fold, signed by a real key, put on disk by the writer.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "compose/ledger/verify.hpp"
#include "compose/ledger/writer.hpp"
#include "tests/stages/audit/folding.hpp"

namespace virtscale::ledger {

inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void put_content(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

/// One org's ledger that grows under a writer, which can be started anew.
class WrittenLedger {
 public:
  explicit WrittenLedger(const std::string& org = "acme") {
    audit.org = org;
    restart();
  }

  /// Adds refusals with the ids from `first_` on, and signs each batch of `batch`.
  void grow(std::uint64_t lines, std::uint64_t batch = 1'000) {
    for (std::uint64_t i = 1; i <= lines; ++i) {
      audit.fold({next_++}, audit::refused());
      if (i % batch == 0 || i == lines) sign_all();
    }
  }
  void sign_all() {
    while (!audit.requests.empty()) audit.sign(*key.signer);
  }

  /// Hands the writer every record it has not had since `resume_from`.
  std::string deliver() {
    for (; delivered_ < audit.emitted.size(); ++delivered_) {
      const auto fault = writer->take({{Topic::ledger, 0}, delivered_, {}, audit.org, audit.emitted[delivered_], 0});
      if (!fault.empty()) return fault;
    }
    return {};
  }
  std::string write() {
    const auto fault = deliver();
    return fault.empty() ? writer->flush() : fault;
  }
  /// A new writer over the same files.
  void restart() {
    writer = std::make_unique<LedgerWriter>(ledgers(), [this] { return public_keys(key.directory / "keys"); });
    delivered_ = writer->resume_from(0);
  }

  std::filesystem::path ledgers() const { return key.directory / "ledgers"; }
  std::filesystem::path directory() const { return ledgers() / audit.org; }
  std::vector<VerifierKey> keys() const { return public_keys(key.directory / "keys"); }

  audit::SigningKey key;
  audit::Folding audit;
  std::unique_ptr<LedgerWriter> writer;

 private:
  std::uint64_t next_ = 1;
  std::uint64_t delivered_ = 0;
};

inline std::string faults_of(const LedgerReport& report) {
  std::string text;
  for (const auto& fault : report.faults) text += to_string(fault) + "\n";
  return text;
}

/// The exit status of the second verifier over a ledger's directory.
inline int second_verifier(const std::filesystem::path& directory, const std::filesystem::path& keys = {}) {
  const auto command = "/usr/bin/python3 tests/ledger_verifier/verify.py " + directory.string() + " " + keys.string() +
                       " >/dev/null 2>&1";
  return WEXITSTATUS(std::system(command.c_str()));
}

}  // namespace virtscale::ledger
