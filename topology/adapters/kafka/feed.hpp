// A feed: one partition, fetched ahead from an offset on, for one reader.
//
// The one thing to know: it keeps its place from read to read, which is what makes following cheap. The record at which
// a visitor stopped can be read once more, since not every visitor that stops has taken it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "topology/adapters/kafka/client.hpp"

namespace virtscale::kafka {

/// A consumer's client. It carries each partition at most once; that is librdkafka's rule.
class Carrier {
 public:
  explicit Carrier(Connection& connection);
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;

  /// Takes what librdkafka has to tell about the client itself. To be called now and then.
  void serve();
  bool carries(const std::string& topic, std::uint32_t partition) const {
    return carried_.contains({topic, partition});
  }

 private:
  friend class Feed;
  Connection& connection_;
  Ears ears_;
  Client client_;
  std::map<std::string, TopicHandle> topics_;
  std::set<std::pair<std::string, std::uint32_t>> carried_;
};

/// What a feed cannot give, and why.
enum class Trouble {
  out_of_range,  ///< the offset is before the first that is kept, or behind the end
  passing,       ///< another try may do
  lasting,       ///< no right to read, or damaged records
};
struct FeedTrouble {
  Trouble kind{};
  std::string why;
};

/// REQUIRES: made and destroyed under its owner's lock, for the sake of the carrier; read by one thread at a time.
class Feed {
 public:
  using Wake = void (*)(rd_kafka_s*, void* argument);  ///< called within librdkafka's locks: must only tell a thread

  /// Begins to fetch. `wake` is called when something comes and nothing was there before.
  Feed(Carrier& carrier, std::string topic, std::uint32_t partition, std::uint64_t offset, Wake wake, void* argument);
  /// Stops fetching.
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  /// Visits the record at which a visitor stopped if `offset` is its own, then what comes, until the visitor stops,
  /// `records_max` are visited, everything below `end` has been seen, nothing has come for `patience`, or there is
  /// trouble. Returns the number visited.
  std::size_t read(TopicPartition from, std::uint64_t offset, std::size_t records_max, std::uint64_t end,
                   std::chrono::milliseconds patience, const std::function<bool(const LogRecord&)>& visit);

  /// Whether a reader that asks for `offset` is served from here without a new fetch.
  bool is_at(std::uint64_t offset) const { return offset == next_ || (stopped_at_ && offset == stopped_offset_); }
  /// Behind the last record that was visited.
  std::uint64_t next() const { return next_; }
  /// Everything below has been seen; above `next` where a foreign transaction left its marks.
  std::uint64_t seen() const { return seen_; }
  /// The last thing that came was the end of the partition, and nothing has come since.
  bool at_end() const;
  /// Something has come: a record, or the end. Until then nothing is known of the partition.
  bool heard() const { return heard_; }
  /// What came stays unread.
  bool has_waiting() const;
  /// The end of the partition as the last fetch told it; nothing if none has been heard.
  std::optional<std::uint64_t> told_end() const;
  const std::optional<FeedTrouble>& trouble() const { return trouble_; }

 private:
  void note_error(const rd_kafka_message_s& message);
  bool show(TopicPartition from, Message message, const std::function<bool(const LogRecord&)>& visit);
  void keep_fetching();

  Carrier& carrier_;
  const std::string topic_;
  const std::uint32_t partition_;
  rd_kafka_topic_s* handle_ = nullptr;
  Queue queue_;
  Message stopped_at_;
  std::uint64_t stopped_offset_ = 0;
  std::atomic<std::uint64_t> next_;  // these four are looked at by others while one reads
  std::atomic<std::uint64_t> seen_;
  std::atomic<bool> ended_ = false;
  std::atomic<bool> heard_ = false;
  std::optional<FeedTrouble> trouble_;
  std::size_t most_waiting_ = 0;  // since the broker's thread was last woken
  std::chrono::steady_clock::time_point woken_at_{};
};

}  // namespace virtscale::kafka
