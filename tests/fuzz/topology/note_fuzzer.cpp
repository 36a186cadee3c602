// Signed notes, verifier keys, checkpoints and base64 as text. Properties: each has one way of writing: what is read
// and written again is the same text.
#include "tests/fuzz/input.hpp"
#include "topology/contract/note.hpp"

namespace virtscale::fuzz {
namespace {

std::string written(const SignedNote& note) {
  auto text = note.text + "\n";
  for (const auto& signature : note.signatures) {
    std::string blob;
    for (int shift = 24; shift >= 0; shift -= 8) blob += static_cast<char>(signature.key_id >> shift);
    blob += text_of(signature.signature);
    text += "\xe2\x80\x94 " + signature.name + " " + base64(bytes_of(blob)) + "\n";
  }
  return text;
}

void check_note_text(std::string_view text) {
  const auto note = parse_note(text);
  if (!note) return;
  check(written(*note) == text, "a note that is read is written the same", text);
  check(!note->signatures.empty() && note->signatures.size() <= note_signatures_max, "a note has signatures");
  check(note->text.ends_with('\n'), "the text of a note ends its last line");
}

}  // namespace
}  // namespace virtscale::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtscale;
  const auto text = fuzz::Input(data, size).rest();
  fuzz::check_note_text(text);
  if (const auto key = parse_vkey(text)) fuzz::check(to_vkey(*key) == text, "a key is written as it was read", text);
  if (const auto bytes = from_base64(text)) fuzz::check(base64(*bytes) == text, "base64 has one way of writing", text);
  fuzz::check(from_base64(base64(fuzz::bytes_of(text))).has_value(), "what base64 writes it reads");
  if (const auto checkpoint = parse_checkpoint(text))
    fuzz::check(text.starts_with(checkpoint_text(*checkpoint)), "a checkpoint is written as it was read", text);
  const auto scale = parse_scale(text);
  fuzz::check(!scale || to_string(scale) == text, "a scale's name has one way of writing", text);
  return 0;
}
