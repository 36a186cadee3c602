#include "topology/host/fold_wire.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "schemas/codec.hpp"

namespace virtscale::fold_wire {
namespace {

constexpr std::string_view greeting_begins = "virtscale-fold ";

// --- Parts of a payload: numbers as they stand in memory, text and bytes behind their length -----------------------

class Writer {
 public:
  explicit Writer(Kind kind) { number(kind); }
  template <class Number>
  void number(Number value) {
    text_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void text(std::string_view part) {
    number(static_cast<std::uint32_t>(part.size()));
    text_ += part;
  }
  void bytes(Bytes part) { text({reinterpret_cast<const char*>(part.data()), part.size()}); }
  void id(const EventId& id) {
    number(id.offset);
    number(id.partition);
    number(id.index);
    number(id.stage);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

class Reader {
 public:
  Reader(std::string_view frame, Kind kind) : rest_(frame) {
    if (number<Kind>() != kind) throw WireError("a frame of another kind came than was due");
  }
  template <class Number>
  Number number() {
    Number value{};
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string_view text() { return take(number<std::uint32_t>()); }
  std::vector<std::byte> bytes() {
    const auto part = std::as_bytes(std::span(text()));
    return {part.begin(), part.end()};
  }
  std::string_view text(Arena& arena) { return arena.copy(text()); }
  // One that every field of can be read.
  std::span<std::byte> event(Arena& arena) {
    const auto event = arena.copy(std::as_bytes(std::span(text())));
    if (schema::verify_event(event) == nullptr) throw WireError("a frame holds what is no event");
    return event;
  }
  EventId id() {
    EventId id;
    id.offset = number<std::uint64_t>();
    id.partition = number<std::uint32_t>();
    id.index = number<std::uint32_t>();
    id.stage = number<Source>();
    return id;
  }
  // How many parts follow, each of at least a byte.
  std::uint32_t count() {
    const auto count = number<std::uint32_t>();
    if (count > rest_.size()) throw WireError("a frame ends too early");
    return count;
  }
  void end() const {
    if (!rest_.empty()) throw WireError("a frame goes on behind its end");
  }

 private:
  std::string_view take(std::size_t size) {
    if (size > rest_.size()) throw WireError("a frame ends too early");
    const auto part = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return part;
  }

  std::string_view rest_;
};

void put(Writer& to, const Row& row) {
  to.text(row.table);
  to.text(row.key);
  to.number(static_cast<std::uint8_t>(row.value ? 1 : 0));
  to.text(row.value.value_or(""));
}

Row take_row(Reader& from) {
  Row row{std::string(from.text()), std::string(from.text()), std::nullopt};
  const bool is_there = from.number<std::uint8_t>() != 0;
  const auto value = from.text();
  if (is_there) row.value = std::string(value);
  return row;
}

Topic topic_in(Reader& from) {
  const auto topic = from.number<std::uint8_t>();
  if (topic >= topics_count) throw WireError("a frame names a topic that there is not");
  return static_cast<Topic>(topic);
}

Outbox::Timer take_timer(Reader& from, Arena& arena) {
  Outbox::Timer timer;
  timer.key = from.text(arena);
  const bool is_set = from.number<std::uint8_t>() != 0;
  const Instant due{from.number<std::int64_t>()};
  if (is_set) timer.due = due;
  timer.scale = {from.number<std::uint64_t>()};
  timer.org = from.text(arena);
  return timer;
}

// --- Pipes -----------------------------------------------------------------------------------------------------------

// A pipe takes no flags, and a socket must not raise SIGPIPE.
ssize_t write_some(int to, std::string_view bytes) {
  const auto sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return sent < 0 && errno == ENOTSOCK ? ::write(to, bytes.data(), bytes.size()) : sent;
}

void write_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = write_some(to, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw WireError(std::string("the other side takes nothing more: ") + std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void wait_for(int from, Duration within) {
  pollfd ready{from, POLLIN, 0};
  const auto found = ::poll(&ready, 1, static_cast<int>(within.us / 1'000));
  if (found == 0) throw WireError("the other side is silent for " + std::to_string(within.us / 1'000'000) + " s");
}

// False if the other side has closed before the first byte.
bool read_all(int from, std::span<char> bytes, std::optional<Duration> within) {
  for (std::size_t filled = 0; filled < bytes.size();) {
    if (within) wait_for(from, *within);
    const auto read = ::read(from, bytes.data() + filled, bytes.size() - filled);
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) throw WireError(std::string("nothing can be read: ") + std::strerror(errno));
    if (read == 0 && filled == 0) return false;
    if (read == 0) throw WireError("the other side ended within a frame");
    filled += static_cast<std::size_t>(read);
  }
  return true;
}

}  // namespace

std::string text_of(const Greeting& greeting) {
  return std::string(greeting_begins) + std::to_string(format) + " " + greeting.stage + " " +
         std::to_string(greeting.epoch) + "\n";
}

Greeting greeting_in(std::string_view line) {
  const WireError fault("it does not begin as a program that folds does: `" + std::string(line) + "`");
  if (!line.starts_with(greeting_begins)) throw fault;
  line.remove_prefix(greeting_begins.size());
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == line.npos || first == last) throw fault;
  const auto number = [&](std::string_view text) {
    std::uint32_t value = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end.ec != std::errc() || end.ptr != text.data() + text.size()) throw fault;
    return value;
  };
  const auto theirs = number(line.substr(0, first));
  if (theirs != format)
    throw WireError("it speaks format " + std::to_string(theirs) + " of the wire, and this program format " +
                    std::to_string(format) + ": take versions that are closer to each other");
  return {std::string(line.substr(first + 1, last - first - 1)), number(line.substr(last + 1))};
}

Kind kind_of(std::string_view frame) {
  return static_cast<Kind>(frame.front());
}

std::string encode(const Row& row) {
  Writer frame(Kind::row);
  put(frame, row);
  return frame.take();
}

std::string encode(const Inbound& inbound) {
  Writer frame(Kind::record);
  frame.id(inbound.id);
  frame.id(inbound.at);
  frame.number(inbound.scale.value);
  frame.text(inbound.org);
  frame.text(inbound.key);
  frame.number(inbound.now.us);
  frame.id(inbound.answers);
  frame.bytes(inbound.event);
  frame.bytes(inbound.request);
  return frame.take();
}

std::string encode(Outbox& outbox, const std::vector<Row>& changed) {
  Writer frame(Kind::step);
  frame.number(static_cast<std::uint32_t>(outbox.emissions().size()));
  for (const auto& emission : outbox.emissions()) {
    frame.number(emission.topic);
    frame.text(emission.key);
    frame.number(emission.scale.value);
    frame.id(emission.answers);
    frame.bytes(emission.event);
  }
  frame.number(static_cast<std::uint32_t>(outbox.requests().size()));
  for (const auto& request : outbox.requests()) {
    frame.number(request.scale.value);
    frame.bytes(request.event);
  }
  frame.number(static_cast<std::uint32_t>(outbox.timers().size()));
  for (const auto& timer : outbox.timers()) {
    frame.text(timer.key);
    frame.number(static_cast<std::uint8_t>(timer.due ? 1 : 0));
    frame.number(timer.due.value_or(Instant{}).us);
    frame.number(timer.scale.value);
    frame.text(timer.org);
  }
  frame.number(static_cast<std::uint32_t>(changed.size()));
  for (const auto& row : changed) put(frame, row);
  return frame.take();
}

Row row_in(std::string_view frame) {
  Reader reader(frame, Kind::row);
  auto row = take_row(reader);
  reader.end();
  return row;
}

void read_record(std::string_view frame, Record& record) {
  Reader reader(frame, Kind::record);
  auto& inbound = record.inbound;
  inbound.id = reader.id();
  inbound.at = reader.id();
  inbound.scale = {reader.number<std::uint64_t>()};
  record.org = std::string(reader.text());
  record.key = std::string(reader.text());
  inbound.now = {reader.number<std::int64_t>()};
  inbound.answers = reader.id();
  record.event = reader.bytes();
  record.request = reader.bytes();
  reader.end();
  if (schema::verify_event(record.event) == nullptr) throw WireError("a frame holds what is no event");
  const bool has_request = !record.request.empty();
  if (has_request && schema::verify_event(record.request) == nullptr)
    throw WireError("a frame holds a request that is no event");
  inbound.org = record.org;
  inbound.key = record.key;
  inbound.event = record.event;
  inbound.request = record.request;
}

std::vector<Row> step_in(std::string_view frame, Outbox& outbox) {
  Reader reader(frame, Kind::step);
  for (auto left = reader.count(); left > 0; --left) {
    Outbox::Emission emission;
    emission.topic = topic_in(reader);
    emission.key = reader.text(outbox.arena());
    emission.scale = {reader.number<std::uint64_t>()};
    emission.answers = reader.id();
    emission.event = reader.event(outbox.arena());
    outbox.emissions().push_back(emission);
  }
  for (auto left = reader.count(); left > 0; --left) {
    const ScaleId scale{reader.number<std::uint64_t>()};
    outbox.requests().push_back({scale, reader.event(outbox.arena())});
  }
  for (auto left = reader.count(); left > 0; --left) outbox.timers().push_back(take_timer(reader, outbox.arena()));
  std::vector<Row> changed;
  for (auto left = reader.count(); left > 0; --left) changed.push_back(take_row(reader));
  reader.end();
  return changed;
}

void write_frame(int to, std::string_view frame) {
  const auto size = static_cast<std::uint32_t>(frame.size());
  std::string whole(reinterpret_cast<const char*>(&size), sizeof size);
  whole += frame;
  write_all(to, whole);
}

std::optional<std::string> read_frame(int from, std::optional<Duration> within) {
  std::uint32_t size = 0;
  if (!read_all(from, {reinterpret_cast<char*>(&size), sizeof size}, within)) return std::nullopt;
  if (size == 0 || size > frame_bytes_max) throw WireError("a frame has " + std::to_string(size) + " bytes");
  std::string frame(size, '\0');
  if (!read_all(from, frame, within)) throw WireError("the other side ended within a frame");
  return frame;
}

std::string read_greeting(int from, Duration within) {
  std::string line;
  for (char byte = 0; line.size() < greeting_bytes_max;) {
    if (!read_all(from, {&byte, 1}, within)) throw WireError("it ended before it said who it is");
    if (byte == '\n') return line;
    line += byte;
  }
  throw WireError("it does not begin as a program that folds does");
}

}  // namespace virtscale::fold_wire
