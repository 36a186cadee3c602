#include "compose/cli/ledger_copy.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "topology/contract/merkle.hpp"
#include "topology/contract/note.hpp"

namespace virtscale::cli {
namespace {

std::string path_of(const std::string& org) {
  return "/v1/orgs/" + escaped(org) + "/ledger/";
}

class Fetch {
 public:
  Fetch(const ClientOptions& client, const std::string& org, std::filesystem::path directory)
      : client_(client), org_(org), prefix_(path_of(org)), directory_(std::move(directory)) {}

  FetchedLedger run() {
    const auto note = get("checkpoint");
    const auto parsed = ok() ? parse_note(note) : std::nullopt;
    const auto checkpoint = parsed ? parse_checkpoint(parsed->text) : std::nullopt;
    if (!checkpoint)
      return failed(result_.failure.status == 200 ? HttpAnswer{502, R"({"detail":"the checkpoint is malformed"})"}
                                                  : result_.failure);
    result_.lines = checkpoint->tree.size;
    write("checkpoint", note);
    save("keys");
    for (unsigned level = 0; ok() && level_size(level, result_.lines) > 0; ++level) fetch_level(level);
    if (ok()) fetch_lines();
    return result_;
  }

 private:
  bool ok() const { return result_.failure.status == 200; }
  FetchedLedger failed(HttpAnswer answer) {
    result_.failure = std::move(answer);
    return result_;
  }

  std::string get(const std::string& name) {
    auto answer = ask(client_, "GET", prefix_ + name);
    if (answer.status != 200) result_.failure = answer;
    return std::move(answer.body);
  }

  void save(const std::string& name) {
    const auto content = get(name);
    if (ok()) write(name, content);
  }

  void write(const std::string& name, const std::string& content) const {
    const auto file = directory_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
  }

  void fetch_level(unsigned level) {
    const auto tiles = (level_size(level, result_.lines) + tile_width - 1) / tile_width;
    for (std::uint64_t n = 0; ok() && n < tiles; ++n) {
      const Tile tile{level, n, width_of(level, n, result_.lines)};
      save_partial_or_full(tile, tile_path);
      if (level == 0 && ok()) save_partial_or_full(tile, entries_path);
      if (level == 0) show_progress(n + 1, tiles);
    }
  }

  // A partial tile goes when it has become full: then the full one holds what is needed (C2SP tlog-tiles).
  void save_partial_or_full(Tile tile, std::string (*path_of)(const Tile&)) {
    save(path_of(tile));
    if (ok() || result_.failure.status != 404 || tile.width == tile_width) return;
    result_.failure.status = 200;
    tile.width = tile_width;
    save(path_of(tile));
  }

  void fetch_lines() {
    const auto lines = ledger_lines(client_, org_, result_.lines);
    if (lines.status != 200)
      result_.failure = lines;
    else
      write("lines.jsonl", lines.body);
  }

  static void show_progress(std::uint64_t done, std::uint64_t all) {
    if (all < 100 || isatty(STDERR_FILENO) == 0) return;
    fmt::print(stderr, "\rtiles {} of {}{}", done, all, done == all ? "\n" : "");
  }

  const ClientOptions& client_;
  std::string org_;
  std::string prefix_;
  std::filesystem::path directory_;
  FetchedLedger result_;
};

}  // namespace

HttpAnswer ledger_lines(const ClientOptions& client, const std::string& org, std::uint64_t lines_max) {
  HttpAnswer all{200, {}};
  for (std::uint64_t lines = 0; lines < lines_max;) {
    const auto some =
        ask(client, "GET", fmt::format("{}lines?from={}&limit={}", path_of(org), lines, lines_max - lines));
    if (some.status != 200) return some;
    const auto count = static_cast<std::uint64_t>(std::count(some.body.begin(), some.body.end(), '\n'));
    if (count == 0) break;
    lines += count;
    all.body += some.body;
  }
  return all;
}

FetchedLedger fetch_ledger(const ClientOptions& client, const std::string& org,
                           const std::filesystem::path& directory) {
  return Fetch(client, org, directory).run();
}

}  // namespace virtscale::cli
