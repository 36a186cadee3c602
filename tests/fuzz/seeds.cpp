// fuzz_seeds CAPSULE FOLDER: a recorded history as inputs of the stages' fuzzers, FOLDER/<stage>/<capsule>, in the form
// that stages/folding.hpp reads. Corpora are made of them by merging (README.md); a schema that grew may make them
// anew.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "replay/log_source.hpp"
#include "tests/fuzz/stages/folding.hpp"

namespace virtscale::fuzz {
namespace {

/// Larger inputs make a fuzzer slow.
constexpr std::size_t input_bytes_max = 12'000;

void put_text(std::string& out, std::string_view text) {
  out += {static_cast<char>(text.size()), static_cast<char>(text.size() >> 8U)};
  out += text;
}

std::string record_of(const LogRecord& record, Instant& last) {
  // Records stand at any address in a log.
  const std::vector<std::byte> value(record.value.begin(), record.value.end());
  const auto* event = schema::verify_event(value);
  const bool rings = event != nullptr && event->body_type() == schema::Body::TimerFired;
  const bool answers = event != nullptr && event->header()->answers().stage() != 0;
  const auto tenths = last.us == 0 ? 0 : std::clamp<std::int64_t>((record.timestamp.us - last.us) / 100'000, 0, 65'535);
  last = record.timestamp;
  std::string bytes(1, static_cast<char>(rings ? ring : answers ? answering : 0));
  bytes += {static_cast<char>(tenths), static_cast<char>(tenths >> 8)};
  put_text(bytes, record.key);
  put_text(bytes, rings ? "" : text_of(value));
  return bytes;
}

void write_seed(Log& log, const graph::StageNode& stage, const std::filesystem::path& folder, const std::string& name) {
  std::string bytes;
  Instant last{};
  log.read({stage.inbox, 0}, 0, records_max, [&](const LogRecord& record) {
    const auto next = record_of(record, last);
    if (bytes.size() + next.size() > input_bytes_max) return false;
    bytes += next;
    return true;
  });
  if (bytes.empty()) return;
  std::filesystem::create_directories(folder / stage.name);
  std::ofstream(folder / stage.name / (name + ".bin"), std::ios::binary) << bytes;
}

}  // namespace
}  // namespace virtscale::fuzz

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: fuzz_seeds CAPSULE FOLDER\n";
    return 2;
  }
  const auto source = virtscale::replay::open_log_source(argv[1]);
  const auto name = std::filesystem::path(argv[1]).stem().string();
  for (const auto& stage : virtscale::graph::stages) virtscale::fuzz::write_seed(*source.log, stage, argv[2], name);
  return 0;
}
