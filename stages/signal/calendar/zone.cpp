#include "stages/signal/calendar/zone.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>

#include "stages/signal/calendar/civil.hpp"

namespace virtscale::signal {
namespace {

// RFC 8536 section 3.1: the header, and what each record of a version 2 data block takes.
constexpr std::size_t type_bytes = 6;
constexpr std::size_t leap_bytes_v1 = 8;
constexpr std::size_t leap_bytes_v2 = 12;
constexpr std::int64_t change_s_max = std::int64_t{1} << 40;  // the year 36812: no arithmetic on it overflows
constexpr std::int32_t offset_max = 26 * 3'600;               // section 3.2

// A cursor over the file; after a read beyond the end it is `broken` and reads zeros.
struct Reader {
  std::string_view rest;
  bool broken = false;

  std::string_view take(std::size_t bytes) {
    if (bytes > rest.size()) broken = true;
    const auto taken = broken ? std::string_view() : rest.substr(0, bytes);
    rest.remove_prefix(taken.size());
    return taken;
  }
  // Big-endian, two's complement.
  std::int64_t integer(std::size_t bytes) {
    std::uint64_t value = 0;
    const auto taken = take(bytes);
    for (const auto c : taken) value = value << 8 | static_cast<unsigned char>(c);
    if (bytes == 4) return static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
    return static_cast<std::int64_t>(value);
  }
  std::size_t count() { return static_cast<std::size_t>(static_cast<std::uint32_t>(integer(4))); }
};

struct Header {
  char version = 0;
  std::size_t utc_flags = 0, standard_flags = 0, leaps = 0, changes = 0, types = 0, name_bytes = 0;
};

std::optional<Header> header_of(Reader& reader) {
  if (reader.take(4) != "TZif") return std::nullopt;
  Header header;
  const auto version = reader.take(1);
  header.version = version.empty() ? '\0' : version[0];
  reader.take(15);
  for (auto* count :
       {&header.utc_flags, &header.standard_flags, &header.leaps, &header.changes, &header.types, &header.name_bytes}) {
    *count = reader.count();
    if (*count > zone_file_bytes_max) return std::nullopt;
  }
  if (reader.broken) return std::nullopt;
  return header;
}

void skip_block_v1(Reader& reader, const Header& header) {
  reader.take(header.changes * 5 + header.types * type_bytes + header.name_bytes + header.leaps * leap_bytes_v1 +
              header.standard_flags + header.utc_flags);
}

struct Block {
  std::vector<ZoneChange> changes;
  std::int32_t first_offset_s = 0;
};

std::optional<Block> block_v2(Reader& reader, const Header& header) {
  Block block;
  // The counts are checked against the file before anything is made of their size.
  if (header.types == 0 || header.changes * 9 + header.types * type_bytes > reader.rest.size()) return std::nullopt;
  block.changes.resize(header.changes);
  for (auto& change : block.changes) change.at_s = reader.integer(8);
  const auto indices = reader.take(header.changes);
  std::vector<std::int32_t> offsets(header.types);
  for (auto& offset : offsets) {
    const auto seconds = reader.integer(4);
    reader.take(2);
    if (seconds < -offset_max || seconds > offset_max) return std::nullopt;
    offset = static_cast<std::int32_t>(seconds);
  }
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const auto type = static_cast<unsigned char>(indices[i]);
    if (type >= offsets.size()) return std::nullopt;
    block.changes[i].offset_s = offsets[type];
  }
  block.first_offset_s = offsets[0];
  reader.take(header.name_bytes + header.leaps * leap_bytes_v2 + header.standard_flags + header.utc_flags);
  if (reader.broken) return std::nullopt;
  return block;
}

bool is_zone_name(std::string_view name) {
  if (name.size() > zone_name_bytes_max || name.front() == '/' || name.back() == '/') return false;
  if (name.find("//") != name.npos) return false;
  // Without a dot no name leaves the folder.
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c < 0x80 && std::isalnum(c) != 0) || c == '/' || c == '_' || c == '-' || c == '+';
  });
}

}  // namespace

std::int32_t Zone::offset_at(std::int64_t at_s) const {
  if (rule_ && (changes_.empty() || at_s >= changes_.back().at_s)) return rule_->offset_at(at_s);
  const auto after = std::upper_bound(changes_.begin(), changes_.end(), at_s,
                                      [](std::int64_t at, const ZoneChange& change) { return at < change.at_s; });
  return after == changes_.begin() ? first_offset_s_ : std::prev(after)->offset_s;
}

std::optional<ZoneChange> Zone::change_after(std::int64_t at_s) const {
  const auto after = std::upper_bound(changes_.begin(), changes_.end(), at_s,
                                      [](std::int64_t at, const ZoneChange& change) { return at < change.at_s; });
  if (after != changes_.end()) return *after;
  return rule_ ? rule_->change_after(at_s) : std::nullopt;
}

std::int64_t Zone::local_seconds(Instant at) const {
  const auto at_s = floor_div(at.us, 1'000'000);
  return at_s + offset_at(at_s);
}

Instant Zone::first_instant_of(std::int64_t local) const {
  auto begin = local - offset_max;
  auto offset = offset_at(begin);
  // Between two changes the local time runs evenly: the first stretch that reaches `local` holds the answer.
  for (;;) {
    const auto change = change_after(begin);
    const auto reached = std::max(begin, local - offset);
    if (!change || reached < change->at_s) return {reached * 1'000'000};
    begin = change->at_s;
    offset = change->offset_s;
  }
}

std::optional<Zone> parse_zone(std::string_view file) {
  if (file.size() > zone_file_bytes_max) return std::nullopt;
  Reader reader{file};
  const auto first = header_of(reader);
  if (!first || first->version < '2') return std::nullopt;
  skip_block_v1(reader, *first);
  const auto header = header_of(reader);
  if (!header) return std::nullopt;
  auto block = block_v2(reader, *header);
  if (!block || !std::is_sorted(block->changes.begin(), block->changes.end(),
                                [](const auto& a, const auto& b) { return a.at_s < b.at_s; })) {
    return std::nullopt;
  }
  if (!block->changes.empty() && block->changes.back().at_s > change_s_max) return std::nullopt;
  if (reader.rest.size() < 2 || reader.rest.front() != '\n' || reader.rest.back() != '\n') return std::nullopt;
  const auto footer = reader.rest.substr(1, reader.rest.size() - 2);
  std::optional<ZoneRule> rule;
  if (!footer.empty() && !(rule = parse_zone_rule(footer))) return std::nullopt;
  return Zone(block->first_offset_s, std::move(block->changes), std::move(rule));
}

std::shared_ptr<const Zone> load_zone(std::string_view name, std::string_view folder) {
  if (name.empty()) return std::make_shared<const Zone>();
  if (!is_zone_name(name)) return nullptr;
  std::ifstream file(std::string(folder) + "/" + std::string(name), std::ios::binary | std::ios::ate);
  // A folder opens as well, and claims to be very large.
  const auto size = static_cast<std::int64_t>(file.tellg());
  if (size < 0 || size > static_cast<std::int64_t>(zone_file_bytes_max)) return nullptr;
  std::string bytes(static_cast<std::size_t>(size), '\0');
  if (!file.seekg(0).read(bytes.data(), size)) return nullptr;
  auto zone = parse_zone(bytes);
  return zone ? std::make_shared<const Zone>(std::move(*zone)) : nullptr;
}

}  // namespace virtscale::signal
