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

/// An event that a recorded record caused. Without an arrival it was emitted at the very end, and not recorded.
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

/// A request, and its answer if the log has one in the range.
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
  std::vector<PastInput> inputs;
  std::map<RecordPlace, std::vector<PastEmission>> emissions;  ///< by cause; of each cause in the order of its ids
  std::map<RequestName, PastRequest> requests;
  std::map<TimerName, Arrival> timers;
  std::set<TimerName> timers_not_rung;                      ///< set when the range ended
  std::map<TopicPartition, std::unique_ptr<Refold>> begun;  ///< the four stages as they were when the range began
  Tally tally;
  Instant first{};  ///< of the records in the range
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

/// Folds the log up to `to`, and takes note of what lies in the range. Throws LogError, SnapshotError, and UsageError
/// if it is too long.
Past read_past(LogSource& source, const Range& range,
               const std::function<void(std::uint64_t seen, std::uint64_t expected)>& watch);

}  // namespace virtscale::replay
