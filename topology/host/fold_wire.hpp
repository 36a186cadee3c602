// The wire of a fold: how one program lets another fold for it, over the other's standard input and output.
//
// The one thing to know: only the fold is on the other side, and the tables it works on. Lanes, ids, requests and
// timers stay with the asking program, which holds a Partition; each step brings back the rows that it changed. Both
// programs are on one machine: numbers are written as they stand in memory.
//
// The folding program begins with a line, `virtscale-fold FORMAT STAGE EPOCH`. Then the asking one sends frames: rows,
// as many as there are, and records, each of which is answered by one frame, a step. It ends by closing its side.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "topology/contract/outbox.hpp"
#include "topology/contract/stage.hpp"

namespace virtscale::fold_wire {

/// Raised with every change of what stands on the wire.
inline constexpr std::uint32_t format = 1;
/// Of one frame: far above what one record can cause.
inline constexpr std::size_t frame_bytes_max = 64U << 20U;
inline constexpr std::size_t greeting_bytes_max = 128;

/// What came is not of this wire, or the other side is gone or silent; the message says which.
class WireError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Who folds.
struct Greeting {
  std::string stage;
  std::uint32_t epoch = 0;  ///< the newest that the program has, by whose rules it folds
};
std::string text_of(const Greeting& greeting);
/// The reverse; `line` has no line end. Throws WireError.
Greeting greeting_in(std::string_view line);

/// A row as it is now; without a value it is gone.
struct Row {
  std::string table;
  std::string key;
  std::optional<std::string> value;
};

/// A record as a fold sees it, with the bytes that `inbound` refers to.
struct Record {
  Record() = default;
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;
  Inbound inbound{};
  std::string org;
  std::string key;
  std::vector<std::byte> event;
  std::vector<std::byte> request;
};

enum class Kind : std::uint8_t { row = 1, record = 2, step = 3 };

/// The payloads of frames, `kind` first. REQUIRES of `kind_of`: the frame is not empty.
Kind kind_of(std::string_view frame);
std::string encode(const Row& row);
std::string encode(const Inbound& inbound);
/// What a fold put into `outbox`, and the rows that it changed.
std::string encode(Outbox& outbox, const std::vector<Row>& changed);

/// The reverse. They throw WireError, and check that events are events.
Row row_in(std::string_view frame);
void read_record(std::string_view frame, Record& record);
/// Adds to `outbox`; the changed rows.
std::vector<Row> step_in(std::string_view frame, Outbox& outbox);

/// Writes a frame whole. Throws WireError.
void write_frame(int to, std::string_view frame);
/// The next frame; nothing if the other side has closed before it. Waits for `within` at most, or for ever without it.
/// Throws WireError.
std::optional<std::string> read_frame(int from, std::optional<Duration> within = {});
/// The line that the folding program begins with. Throws WireError.
std::string read_greeting(int from, Duration within);

}  // namespace virtscale::fold_wire
