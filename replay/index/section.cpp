#include "replay/index/section.hpp"

#include <algorithm>
#include <cstring>
#include <list>
#include <unordered_set>

#include "topology/graph.hpp"

namespace virtscale::replay {
namespace {

constexpr std::uint64_t magic = 0x3153455441545356;  // "VSTATES1"
constexpr std::string_view make_anew = " (remove the index, and make it anew with `virtscale-replay index`)";

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& what) {
  throw IndexError(file.string() + ": " + what + std::string(make_anew));
}

Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

template <class Number>
void put_number(std::string& text, Number number) {
  text.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void put(std::string& text, std::string_view part) {
  put_number(text, static_cast<std::uint32_t>(part.size()));
  text += part;
}

std::uint64_t about_bytes(const SectionHead& head) {
  return head.scales * sizeof(std::uint64_t) + head.witnesses * sizeof(Witness);
}

Digest digest_of(const SectionHead& head) {
  return sha256({reinterpret_cast<const std::byte*>(&head), offsetof(SectionHead, digest)});
}

// Takes numbers and parts off the rows of a section.
class Parts {
 public:
  Parts(const std::filesystem::path& file, std::string_view rest) : file_(file), rest_(rest) {}
  bool done() const { return rest_.empty(); }
  std::uint32_t number() {
    std::uint32_t number = 0;
    if (rest_.size() < sizeof number) fail(file_, "a section ends within a row");
    std::memcpy(&number, rest_.data(), sizeof number);
    rest_.remove_prefix(sizeof number);
    return number;
  }
  std::string_view part() {
    const auto size = number();
    if (size > rest_.size()) fail(file_, "a section ends within a row");
    const auto part = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return part;
  }

 private:
  const std::filesystem::path& file_;
  std::string_view rest_;
};

// Puts the rows of several sections into a refold, the newest section first: a row that a newer one has, or has as
// erased, is passed over in the older ones.
class Loading {
 public:
  Loading(const std::filesystem::path& file, Refold& refold) : file_(file), tables_(refold.tables()) {}

  void take(std::string_view rows) {
    for (Parts parts(file_, rows); !parts.done();) {
      const auto t = table_named(parts.part());
      auto& known = known_[t];
      std::vector<std::string_view> erased(parts.number());
      for (auto& key : erased) key = parts.part();
      for (auto left = parts.number(); left > 0; --left) {
        const auto key = parts.part();
        const auto value = parts.part();
        if (known.insert(key).second && !tables_[t]->load(key, bytes_of(value)))
          fail(file_, "holds a row of table " + std::string(tables_[t]->name()) + " that this program cannot read");
      }
      known.insert(erased.begin(), erased.end());
    }
  }

 private:
  std::size_t table_named(std::string_view name) const {
    for (std::size_t t = 0; t < tables_.size(); ++t) {
      if (tables_[t]->name() == name) return t;
    }
    fail(file_, "holds the table " + std::string(name) + ", which this program does not know");
  }

  const std::filesystem::path& file_;
  std::vector<AnyTable*> tables_;
  std::map<std::size_t, std::unordered_set<std::string_view>> known_;  // keys by table
};

}  // namespace

Digest fingerprint_of(const LogRecord& record) {
  std::string text;
  put_number(text, record.offset);
  put_number(text, record.timestamp.us);
  put(text, record.key);
  Sha256 hash;
  hash.update(bytes_of(text));
  hash.update(record.value);
  return hash.finish();
}

std::filesystem::path sections_file(const std::filesystem::path& index, Source stage, std::uint32_t partition) {
  return index / (std::string(graph::node_of(stage).name) + "-" + std::to_string(partition) + sections_extension);
}

Sections::Sections(const std::filesystem::path& index, Source stage, std::uint32_t partition)
    : file_(sections_file(index, stage, partition)), in_(file_, std::ios::binary) {
  std::error_code none;
  const auto bytes = std::filesystem::file_size(file_, none);
  if (none) return;
  if (!in_) fail(file_, "cannot be read, check its permissions");
  for (std::uint64_t at = 0; at + sizeof(SectionHead) <= bytes;) {
    SectionHead head;
    in_.seekg(static_cast<std::streamoff>(at));
    in_.read(reinterpret_cast<char*>(&head), sizeof head);
    if (head.magic != magic || head.digest != digest_of(head) || heads_.size() >= sections_max)
      fail(file_, "byte " + std::to_string(at) + ": there is no section of an index");
    if (head.stage != static_cast<std::uint32_t>(stage) || head.partition != partition)
      fail(file_, "holds states of another partition");
    at += sizeof head + about_bytes(head) + head.rows_bytes;
    if (at > bytes) break;
    heads_.push_back(head);
    ends_.push_back(at);
  }
}

std::string Sections::read(std::size_t section, std::uint64_t behind_head, std::uint64_t bytes, const Digest& digest) {
  std::string text(bytes, '\0');
  in_.clear();
  in_.seekg(static_cast<std::streamoff>(bytes_with(section) + sizeof(SectionHead) + behind_head));
  in_.read(text.data(), static_cast<std::streamsize>(bytes));
  if (!in_ || sha256(bytes_of(text)) != digest)
    fail(file_, "section " + std::to_string(section) + " is damaged: its checksum is wrong");
  return text;
}

SectionAbout Sections::about(std::size_t section) {
  const auto& head = heads_[section];
  const auto text = read(section, 0, about_bytes(head), head.about_digest);
  SectionAbout about{std::vector<std::uint64_t>(head.scales), std::vector<Witness>(head.witnesses)};
  const auto scales_bytes = head.scales * sizeof(std::uint64_t);
  if (head.scales > 0) std::memcpy(about.scales.data(), text.data(), scales_bytes);
  if (head.witnesses > 0) std::memcpy(about.witnesses.data(), text.data() + scales_bytes, text.size() - scales_bytes);
  return about;
}

std::string Sections::rows(std::size_t section) {
  const auto& head = heads_[section];
  return read(section, about_bytes(head), head.rows_bytes, head.rows_digest);
}

void Sections::load(std::size_t section, Refold& refold) {
  std::list<std::string> texts;  // what is known of keys points into them
  Loading loading(file_, refold);
  for (auto s = section;; --s) {
    loading.take(texts.emplace_back(rows(s)));
    if (heads_[s].kind == SectionKind::whole) break;
    if (s == 0) fail(file_, "has no section with all rows");
  }
  refold.rebuild();
}

SectionRows SectionRows::all(const std::vector<AnyTable*>& tables) {
  SectionRows rows;
  for (const auto* table : tables) {
    put(rows.bytes_, table->name());
    put_number(rows.bytes_, std::uint32_t{0});
    put_number(rows.bytes_, static_cast<std::uint32_t>(table->size()));
    table->each_encoded("", [&](std::string_view key, Bytes value) {
      put(rows.bytes_, key);
      put(rows.bytes_, {reinterpret_cast<const char*>(value.data()), value.size()});
      return true;
    });
  }
  return rows;
}

SectionRows SectionRows::changed(const std::vector<AnyTable*>& tables) {
  SectionRows rows;
  for (auto* table : tables) {
    std::string erased;
    std::string changed;
    std::uint32_t erased_count = 0;
    std::uint32_t changed_count = 0;
    Arena arena;
    table->drain_changes(arena, [&](std::string_view key, const Bytes* value) {
      put(value == nullptr ? erased : changed, key);
      ++(value == nullptr ? erased_count : changed_count);
      if (value != nullptr) put(changed, {reinterpret_cast<const char*>(value->data()), value->size()});
    });
    if (erased_count + changed_count == 0) continue;
    put(rows.bytes_, table->name());
    put_number(rows.bytes_, erased_count);
    rows.bytes_ += erased;
    put_number(rows.bytes_, changed_count);
    rows.bytes_ += changed;
  }
  return rows;
}

void append_section(std::ofstream& out, const std::filesystem::path& file, SectionHead head, const SectionAbout& about,
                    const SectionRows& rows) {
  if (rows.bytes().size() > section_rows_bytes_max) fail(file, "a section would have more than 4 GiB of rows");
  std::string text(reinterpret_cast<const char*>(about.scales.data()), about.scales.size() * sizeof(std::uint64_t));
  text.append(reinterpret_cast<const char*>(about.witnesses.data()), about.witnesses.size() * sizeof(Witness));
  head.magic = magic;
  head.scales = about.scales.size();
  head.witnesses = about.witnesses.size();
  head.rows_bytes = rows.bytes().size();
  head.about_digest = sha256(bytes_of(text));
  head.rows_digest = sha256(bytes_of(rows.bytes()));
  head.digest = digest_of(head);
  out.write(reinterpret_cast<const char*>(&head), sizeof head);
  out << text << rows.bytes();
  if (!out.flush()) throw IndexError(file.string() + ": cannot be written (check the disk's room and the permissions)");
}

}  // namespace virtscale::replay
