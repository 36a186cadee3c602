#include "replay/snapshot.hpp"

#include <charconv>
#include <cstring>
#include <fstream>

#include "topology/contract/sha256.hpp"

namespace virtscale::replay {
namespace {

// "VSROWS1\n", then for each row: table, key and value, each with its length in 4 bytes; then SHA-256 of all before.
constexpr std::string_view magic = "VSROWS1\n";

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& what) {
  throw SnapshotError(file.string() + ": " + what);
}

void put(std::string& text, std::string_view part) {
  const auto size = static_cast<std::uint32_t>(part.size());
  text.append(reinterpret_cast<const char*>(&size), sizeof size);
  text += part;
}

std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// Takes the parts off a file's text, one after another.
class Parts {
 public:
  Parts(const std::filesystem::path& file, std::string_view rest) : file_(file), rest_(rest) {}
  bool done() const { return rest_.empty(); }
  std::string_view next() {
    std::uint32_t size = 0;
    if (rest_.size() < sizeof size) fail(file_, "ends within a row (copy it again)");
    std::memcpy(&size, rest_.data(), sizeof size);
    rest_.remove_prefix(sizeof size);
    if (size > snapshot_row_bytes_max || size > rest_.size()) fail(file_, "ends within a row (copy it again)");
    const auto part = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return part;
  }

 private:
  const std::filesystem::path& file_;
  std::string_view rest_;
};

AnyTable* table_named(const std::vector<AnyTable*>& tables, std::string_view name) {
  for (auto* table : tables) {
    if (table->name() == name) return table;
  }
  return nullptr;
}

std::string read_whole(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  if (!in) fail(file, "cannot be read (check its permissions)");
  return text;
}

std::string_view rows_in(const std::filesystem::path& file, std::string_view text) {
  if (!text.starts_with(magic) || text.size() < magic.size() + sizeof(Digest))
    fail(file, "is not a snapshot (name a capsule made by `virtscale-replay capsule`)");
  const auto signed_part = text.substr(0, text.size() - sizeof(Digest));
  const auto digest = sha256(bytes_of(signed_part));
  if (std::memcmp(digest.data(), text.data() + signed_part.size(), sizeof digest) != 0)
    fail(file, "is damaged: its checksum is wrong (copy it again)");
  return signed_part.substr(magic.size());
}

}  // namespace

std::filesystem::path snapshot_file(const std::filesystem::path& directory, const Refold& refold) {
  return directory /
         (std::string(graph::node_of(refold.stage()).name) + "-" + std::to_string(refold.inbox().partition) + ".rows");
}

void write_snapshot(const std::filesystem::path& directory, Refold& refold) {
  std::string text(magic);
  for (const auto* table : refold.tables()) {
    table->each_encoded("", [&](std::string_view key, Bytes value) {
      put(text, table->name());
      put(text, key);
      put(text, text_of(value));
      return true;
    });
  }
  const auto digest = sha256(bytes_of(text));
  text += text_of(digest);
  const auto file = snapshot_file(directory, refold);
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  if (!out.flush()) fail(file, "cannot be written (check the disk's room and the permissions)");
}

void load_snapshot(const std::filesystem::path& directory, Refold& refold) {
  const auto file = snapshot_file(directory, refold);
  if (directory.empty() || !std::filesystem::exists(file)) return;
  const auto text = read_whole(file);
  const auto tables = refold.tables();
  for (Parts parts(file, rows_in(file, text)); !parts.done();) {
    const auto name = parts.next();
    const auto key = parts.next();
    auto* table = table_named(tables, name);
    if (table == nullptr || !table->load(key, bytes_of(parts.next())))
      fail(file, "holds a row of table " + std::string(name) + " that this program does not know");
  }
  refold.rebuild();
}

void copy_state(Refold& from, Refold& to) {
  const auto into = to.tables();
  for (const auto* table : from.tables()) {
    auto* copy = table_named(into, table->name());
    table->each_encoded("", [&](std::string_view key, Bytes value) { return copy->load(key, value); });
  }
  to.rebuild();
}

void each_lane_given(Refold& refold, const std::function<void(TopicPartition, const schema::LaneGivenT&)>& visit) {
  const auto* table = table_named(refold.tables(), "host_lanes_given");
  table->each_encoded("", [&](std::string_view key, Bytes value) {
    // As topology/host/books.cpp writes it: a letter for the topic, then the partition.
    std::uint32_t partition = 0;
    std::from_chars(key.data() + 1, key.data() + key.size(), partition);
    schema::LaneGivenT given;
    decode_row(value, given);
    visit({static_cast<Topic>(key.front() - 'a'), partition}, given);
    return true;
  });
}

}  // namespace virtscale::replay
