// The past as a what-if needs it: what came from outside in a range, where each event arrived, and what was answered.
//
// The one thing to know: all is keyed by what a changed history still has in common with the recorded one: the record
// that caused an event, the domain that a request is about. So what does not change arrives when and where it arrived.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "replay/causes.hpp"
#include "replay/history.hpp"
#include "replay/log_source.hpp"
#include "replay/what_if/latencies.hpp"
#include "replay/what_if/tally.hpp"

namespace virtscale::replay {

/// A range with more records than this is refused: what came from outside is held in memory.
inline constexpr std::size_t what_if_records_max = 4'000'000;

/// When and where a record stands: `ticket` orders what has one timestamp.
struct Arrival {
  Instant at;
  Ticket ticket = 0;
  std::uint64_t offset = 0;
};

/// What came from outside.
struct PastInput {
  Arrival arrival;
  TopicPartition to;
  std::string key;
  std::vector<std::byte> event;
};

/// An event that a recorded record caused. Without an arrival it is not in the log yet.
struct PastEmission {
  TopicPartition to;
  schema::Body body{};
  std::uint32_t index = 0;
  std::optional<Arrival> arrival;
};

/// Names a request in both histories: who asks what about which domain (or because of which record), for the
/// `turn`-th time.
struct RequestName {
  Source stage{};
  schema::Body body{};
  std::string about;
  std::uint32_t turn = 0;
  friend auto operator<=>(const RequestName&, const RequestName&) = default;
};

/// A request, and its answer if the log has one in the range so far.
struct PastRequest {
  Instant asked;
  std::optional<PastInput> answer;
};

/// The domain that a request is about; empty for one that is about none.
std::string domain_in(const schema::Event& request);

/// Names requests in the order in which they are asked.
class RequestNamer {
 public:
  RequestName name(Source stage, const schema::Event& request, const RecordPlace& cause);

 private:
  std::map<std::tuple<Source, schema::Body, std::string>, std::uint32_t> turns_;
};

/// A timer of a stage's partition.
struct TimerName {
  TopicPartition inbox;
  std::string key;
  Instant due;
  friend auto operator<=>(const TimerName&, const TimerName&) = default;
};

struct Past {
  std::vector<PastInput> inputs;                               ///< those that nobody has taken yet
  std::map<RecordPlace, std::vector<PastEmission>> emissions;  ///< by cause; of each cause in the order of its ids
  std::map<RequestName, PastRequest> requests;
  std::map<TimerName, Arrival> timers;
  Latencies latencies;                                      ///< of all that was read, in the range and before it
  std::map<TopicPartition, std::unique_ptr<Refold>> begun;  ///< the four stages as they were when the range began
  Tally tally;
  Instant from{};   ///< figures count from here on, or from what a partition had folded by then
  Instant first{};  ///< of the records in the range; where it begins if there are none
  Instant last{};
  std::size_t records = 0;
};

/// The stages that take part: audit only writes down what the others did.
inline constexpr std::array what_if_topics = {Topic::alerts, Topic::signals, Topic::decisions, Topic::placements};

/// A range of time; `to` is not in it.
struct Range {
  Instant from{std::numeric_limits<std::int64_t>::min()};
  Instant to{std::numeric_limits<std::int64_t>::max()};
};

/// Folds a log as it was recorded, and takes note of what lies in the range.
class PastReader final : private Onlooker {
 public:
  PastReader(const LogSource& source, const Range& range);

  /// Reads on, as far as `log` reaches now: the log that it was made with, or the same one opened again. Throws
  /// LogError, after which it may be called again; UsageError if the range is too long, and std::runtime_error if a
  /// record cannot be folded.
  void read_on(Log& log, const std::function<void(std::uint64_t seen, std::uint64_t expected)>& watch);
  /// From here on all that comes is in the range, whatever its time.
  void go_live();
  /// Ends the figures. Nothing may be read after it.
  void end(Instant at);

  /// `begun`, `inputs` and answers may be taken out of it, once they are needed.
  Past& past() { return past_; }
  const LogLayout& layout() const { return layout_; }
  /// Whether the recorded history has this timer set, where it was read to: then it will ring when it rings there.
  bool is_set(const TimerName& timer) const;

 private:
  void before(const LogRecord& record, Refold* refold) override;
  void after(const LogRecord& record, Refold* refold, Step& step) override;
  void begin_all(Log& log);
  void begin(Refold& refold);
  void note_answered(const LogRecord& record, const Refold& refold);
  void take(const LogRecord& record);
  void arrived(const RecordPlace& cause, std::uint32_t index, const LogRecord& record, schema::Body body);
  PastEmission& emission(const RecordPlace& cause, std::uint32_t index, schema::Body body, TopicPartition to);
  void take_emitted(const LogRecord& record, const Step& step);
  void take_asked(const LogRecord& record, const Refold& refold, const Step& step);
  void take_what_was_on_its_way(Log& log);

  const LogLayout layout_;
  Range range_;
  std::vector<std::unique_ptr<Refold>> refolds_;
  RequestNamer namer_;
  std::map<EventId, RequestName> names_;
  std::map<TopicPartition, std::uint64_t> begun_at_;  // the first offset in the range, once all partitions have begun
  Instant newest_{};                                  // of all records
  Past past_;
  bool in_range_ = false;
  struct Answered {
    EventId request;
    schema::Body asked{};
    Instant at;
  } answered_;  // by the record that is being folded
};

}  // namespace virtscale::replay
