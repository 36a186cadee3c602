// Proofs, checkpoints and signed notes from strangers. Input: a sound proof of a small ledger and its line, both with
// edits; or, if the first byte is odd, a text of its own.
// Properties: a proof that is accepted proves a line that stands in the ledger, at its index, under the checkpoint that
// was signed; an edit of the line is never accepted.
#include <sodium.h>

#include <vector>

#include "compose/ledger/proof.hpp"
#include "tests/fuzz/compose/edits.hpp"

namespace virtscale::fuzz {
namespace {

constexpr std::uint64_t lines_count = 11;

/// A ledger in memory, the same in every process: its key grows from a fixed seed.
class SmallLedger {
 public:
  SmallLedger() {
    for (std::uint64_t i = 0; i < lines_count; ++i) {
      lines_.push_back(R"({"event":"evt-7f3a91c04be2","index":)" + std::to_string(i) + R"(,"org":"acme"})");
      leaves_.push_back(leaf_hash(bytes_of(lines_.back())));
    }
    const std::array<unsigned char, crypto_sign_SEEDBYTES> seed{};
    key_.name = "ledger-of-a-fuzzer";
    crypto_sign_seed_keypair(reinterpret_cast<unsigned char*>(key_.key.data()), secret_.data(), seed.data());
  }

  const std::vector<std::string>& lines() const { return lines_; }
  const VerifierKey& key() const { return key_; }

  TreeHead tree(std::uint64_t size) const { return {size, root(0, size)}; }

  std::string note(std::uint64_t size) const {
    const auto text = checkpoint_text({"virtscale/ledger/acme", tree(size)});
    std::array<std::byte, crypto_sign_BYTES> signature{};
    crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr,
                         reinterpret_cast<const unsigned char*>(text.data()), text.size(), secret_.data());
    return text + "\n" + signature_line(key_, signature);
  }

  std::string proof(std::uint64_t index, std::uint64_t size) const {
    auto subtrees = [this](std::uint64_t begin, std::uint64_t end) { return root(begin, end); };
    std::string text = "c2sp.org/tlog-proof@v1\nindex " + std::to_string(index) + "\n";
    for (const auto& hash : inclusion_proof(subtrees, index, size)) text += base64(hash) + "\n";
    return text + "\n" + note(size);
  }

  std::vector<Digest> growth(std::uint64_t older, std::uint64_t size) const {
    auto subtrees = [this](std::uint64_t begin, std::uint64_t end) { return root(begin, end); };
    return consistency_proof(subtrees, older, size);
  }

 private:
  Digest root(std::uint64_t begin, std::uint64_t end) const {
    CompactRange range;
    for (auto i = begin; i < end; ++i) range.append(leaves_[i]);
    return range.root();
  }

  std::vector<std::string> lines_;
  std::vector<Digest> leaves_;
  VerifierKey key_;
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret_{};
};

const SmallLedger& small_ledger() {
  static const SmallLedger ledger;
  return ledger;
}

bool was_signed(const Checkpoint& checkpoint) {
  const auto size = checkpoint.tree.size;
  return size >= 1 && size <= lines_count && checkpoint.tree == small_ledger().tree(size);
}

void check_inclusion(std::string_view text, std::string_view line) {
  const std::array keys = {small_ledger().key()};
  const auto checked = ledger::check_proof(text, line, keys);
  if (!checked.faults.empty()) return;
  const auto& lines = small_ledger().lines();
  check(checked.index < lines.size() && lines[checked.index] == line, "a line that is proved stands in the ledger",
        line);
  check(was_signed(checked.checkpoint), "a proof that is accepted ends in a checkpoint that was signed", text);
  check(!checked.signers.empty(), "a proof that is accepted was signed by someone");
}

// Two checkpoints, and the proof between them, all with edits.
void check_growth(Input& input) {
  const auto size = 1 + input.integer<std::uint8_t>() % lines_count;
  const auto older = 1 + input.integer<std::uint8_t>() % size;
  const auto newer_note = edited(small_ledger().note(size), input);
  const auto older_note = edited(small_ledger().note(older), input);
  auto proof = small_ledger().growth(older, size);
  for (int n = input.integer<std::uint8_t>() & 3U; n > 0 && !proof.empty(); --n)
    proof[input.integer<std::uint8_t>() % proof.size()][0] ^= input.integer<std::byte>();
  const std::array keys = {small_ledger().key()};
  if (!ledger::check_consistency(newer_note, older_note, proof, keys).empty()) return;
  const auto parsed = parse_note(newer_note);
  const auto checkpoint = parsed ? parse_checkpoint(parsed->text) : std::nullopt;
  check(checkpoint && was_signed(*checkpoint), "growth that is accepted ends in a checkpoint that was signed",
        newer_note);
}

}  // namespace
}  // namespace virtscale::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtscale::fuzz;
  Input input(data, size);
  const auto& ledger = small_ledger();
  if ((input.integer<std::uint8_t>() & 1U) != 0) {
    const auto text = input.text();
    check_inclusion(text, input.rest());
    virtscale::ledger::line_in(text);
    return 0;
  }
  const auto lines = 1 + input.integer<std::uint8_t>() % lines_count;
  const auto index = input.integer<std::uint8_t>() % lines;
  const auto text = edited(ledger.proof(index, lines), input);
  const auto line = edited(ledger.lines()[index], input);
  check_inclusion(text, line);
  check_growth(input);
  return 0;
}
