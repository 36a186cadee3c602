#include "topology/adapters/kafka/feeds.hpp"

#include <algorithm>
#include <limits>

namespace virtscale::kafka {
namespace {

constexpr std::chrono::milliseconds patience_max{10'000};
constexpr std::chrono::milliseconds tend_every{500};
// A feed that nobody listens to: long enough for a reader that comes in turns, or polls.
constexpr std::chrono::seconds idle_max{2};
// A reader that was woken this long ago and has not come reads from elsewhere by now, or begins again.
constexpr std::chrono::seconds unread_max{10};
constexpr std::chrono::milliseconds trouble_retry{500};
constexpr std::chrono::seconds trouble_max{30};
// Each takes a client of its own: far above the readers that a process has.
constexpr std::size_t feeds_of_a_partition_max = 8;
constexpr std::uint64_t no_end = std::numeric_limits<std::uint64_t>::max();

}  // namespace

/// A feed while it is read. Given back at the end, however the visitor left.
class Feeds::Lease {
 public:
  Lease(Feeds& feeds, Slot& slot, std::uint64_t offset) : feeds_(feeds), slot_(slot), kept_(feeds.take(slot, offset)) {}
  ~Lease() { feeds_.give_back(slot_, kept_); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Feed* operator->() { return kept_.feed.get(); }

 private:
  Feeds& feeds_;
  Slot& slot_;
  Kept& kept_;
};

Feeds::Feeds(Asker asker, const LogLayout& layout, Bell& bell)
    : asker_(asker), bell_(bell), reach_(std::make_shared<Reach>()) {
  reach_->feeds = this;
  for (std::size_t topic = 0; topic < topics_count; ++topic) {
    for (std::uint32_t p = 0; p < layout.partitions[topic]; ++p) {
      auto& slot = slots_[topic].emplace_back();
      slot.partition = {static_cast<Topic>(topic), p};
      slot.owner = this;
    }
  }
  thread_ = std::thread([this] { run(); });
}

Feeds::~Feeds() {
  {
    const std::lock_guard lock(reach_->mutex);
    reach_->feeds = nullptr;
  }
  {
    const std::lock_guard lock(tending_);
    ended_ = true;
  }
  tend_.notify_one();
  thread_.join();
  for (auto& topic : slots_) topic.clear();  // the feeds, before what carries them
}

// Within librdkafka's locks. While nobody has read, it may be no more than the news that the end is reached.
void Feeds::woken(rd_kafka_s*, void* argument) {
  auto& slot = *static_cast<Slot*>(argument);
  if (!slot.watched) return slot.owner->bell_.ring(slot.wakes);
  slot.owner->tend_soon();
}

void Feeds::tend_soon() {
  {
    const std::lock_guard lock(tending_);
    tend_now_ = true;
  }
  tend_.notify_one();
}

std::size_t Feeds::read(TopicPartition from, std::uint64_t offset, std::size_t records_max,
                        const std::function<std::uint64_t()>& end_min,
                        const std::function<bool(const LogRecord&)>& visit) {
  if (records_max == 0) return 0;
  auto& read = slot(from);
  if (read.listeners > 0) return read_arrived(read, offset, records_max, visit);
  const auto own = end_min();
  const auto end = std::max(own, ends_of(asker_, {from}, answer_max).front());
  return offset < end ? read_up_to(read, offset, records_max, end, visit) : 0;
}

std::size_t Feeds::read_arrived(Slot& slot, std::uint64_t offset, std::size_t records_max,
                                const std::function<bool(const LogRecord&)>& visit) {
  Lease feed(*this, slot, offset);
  const auto visited = feed->read(slot.partition, offset, records_max, no_end, std::chrono::milliseconds(0), visit);
  if (visited == 0 && feed->trouble()) bear(slot, *feed->trouble(), offset);
  return visited;
}

std::size_t Feeds::read_up_to(Slot& slot, std::uint64_t offset, std::size_t records_max, std::uint64_t end,
                              const std::function<bool(const LogRecord&)>& visit) {
  for (const auto until = Clock::now() + patience_max;; std::this_thread::sleep_for(tend_every / 10)) {
    Lease feed(*this, slot, offset);
    const auto visited = feed->read(slot.partition, offset, records_max, end, patience_max, visit);
    if (visited > 0 || feed->seen() >= end) return visited;
    if (feed->trouble()) bear(slot, *feed->trouble(), offset);
    if (Clock::now() >= until)
      throw LogError("kafka does not give the records of " + place_of(slot.partition) + " from offset " +
                     std::to_string(offset) + " within 10 s" + asker_.connection.last_complaint());
  }
}

// Trouble that may pass is tried again, for a while; the rest is the reader's.
void Feeds::bear(Slot& slot, const FeedTrouble& trouble, std::uint64_t offset) {
  if (trouble.kind == Trouble::out_of_range) out_of_range(slot.partition, offset);
  const auto now = Clock::now();
  const std::lock_guard lock(mutex_);
  if (!slot.trouble_since) slot.trouble_since = now;
  if (trouble.kind == Trouble::lasting || now - *slot.trouble_since > trouble_max)
    throw LogError("cannot read " + place_of(slot.partition) + " at offset " + std::to_string(offset) +
                   " from kafka: " + trouble.why);
  slot.ring_at = now + trouble_retry;
}

void Feeds::out_of_range(TopicPartition from, std::uint64_t offset) {
  const auto first = first_of(asker_, from, answer_max);
  const auto end = ends_of(asker_, {from}, answer_max).front();
  const auto place = asker_.connection.topic(from.topic) + " partition " + std::to_string(from.partition);
  if (offset < first)
    throw LogError(place + ": offset " + std::to_string(offset) + " is gone, the first that is kept is " +
                   std::to_string(first) +
                   ": start from a snapshot that is not older, and check retention.ms and retention.bytes of the topic "
                   "(`virtscale topics check`)");
  throw LogError(
      place + " ends at offset " + std::to_string(end) + ", before " + std::to_string(offset) +
      ", which was there once: the brokers have lost records. Check unclean.leader.election.enable, and start "
      "from a snapshot that is not newer");
}

Feeds::Kept& Feeds::take(Slot& slot, std::uint64_t offset) {
  const std::lock_guard lock(mutex_);
  auto found = std::find_if(slot.feeds.begin(), slot.feeds.end(), [offset](const Kept& kept) {
    return !kept.busy && !kept.doomed && !kept.feed->trouble() && kept.feed->is_at(offset);
  });
  Kept& kept = found == slot.feeds.end() ? begin(slot, offset) : *found;
  kept.busy = kept.read = true;
  for (auto& one : slot.feeds) one.doomed = one.doomed || !one.read;
  slot.watched = false;
  return kept;
}

// REQUIRES: mutex_ is held.
Feeds::Kept& Feeds::begin(Slot& slot, std::uint64_t offset) {
  slot.feeds.remove_if([](const Kept& kept) { return !kept.busy && (kept.doomed || !kept.read); });
  if (slot.feeds.size() >= feeds_of_a_partition_max) {
    const auto oldest = std::min_element(slot.feeds.begin(), slot.feeds.end(), [](const Kept& a, const Kept& b) {
      return std::pair(a.busy, a.used) < std::pair(b.busy, b.used);
    });
    if (oldest->busy) throw LogError(place_of(slot.partition) + " has more readers at once than 8");
    slot.feeds.erase(oldest);
  }
  const auto topic = asker_.connection.topic(slot.partition.topic);
  auto& carrier = carrier_for(topic, slot.partition.partition);
  auto feed = std::make_unique<Feed>(carrier, topic, slot.partition.partition, offset, woken, &slot);
  auto& kept = slot.feeds.emplace_back();
  kept.feed = std::move(feed);
  return kept;
}

void Feeds::give_back(Slot& slot, Kept& kept) {
  const std::lock_guard lock(mutex_);
  kept.busy = false;
  kept.used = Clock::now();
  kept.waiting_since.reset();
  kept.doomed = kept.doomed || kept.feed->trouble();
  if (!kept.feed->trouble() && kept.feed->heard()) slot.trouble_since.reset();
}

Carrier& Feeds::carrier_for(const std::string& topic, std::uint32_t partition) {
  const auto found = std::find_if(carriers_.begin(), carriers_.end(),
                                  [&](const auto& carrier) { return !carrier->carries(topic, partition); });
  if (found != carriers_.end()) return **found;
  return *carriers_.emplace_back(std::make_unique<Carrier>(asker_.connection));
}

std::uint64_t Feeds::end(TopicPartition of) {
  {
    const std::lock_guard lock(mutex_);
    std::uint64_t told = 0;
    for (const auto& kept : slot(of).feeds) {
      // At its end a feed knows best: behind the last record may stand the marks of foreign transactions.
      if (kept.feed->at_end()) return kept.feed->next();
      told = std::max(told, kept.feed->told_end().value_or(0));
    }
    auto& known = slot(of).known_end;
    if (slot(of).listeners > 0 && known) return std::max(told, *known);
    if (told > 0) return told;
  }
  const auto asked = ends_of(asker_, {of}, answer_max).front();
  const std::lock_guard lock(mutex_);
  slot(of).known_end = asked;
  return asked;
}

Subscription Feeds::listen(TopicPartition of, std::function<void()> wake) {
  auto& listened = slot(of);
  auto kept = listened.wakes.add(std::move(wake));
  watch(listened);
  ++listened.listeners;
  return Subscription(kept.get(), [kept, reach = reach_, &listened](void*) mutable {
    kept.reset();
    const std::lock_guard lock(reach->mutex);
    if (reach->feeds != nullptr) reach->feeds->drop_listener(listened);
  });
}

// What the dropped listener's reader had is not told from the others': all are closed, and who is left begins again.
void Feeds::drop_listener(Slot& slot) {
  --slot.listeners;
  {
    const std::lock_guard lock(mutex_);
    for (auto& kept : slot.feeds) kept.doomed = true;
  }
  tend_soon();
}

// Until somebody reads, a feed at the end sees what comes.
void Feeds::watch(Slot& slot) {
  try {
    const auto end = ends_of(asker_, {slot.partition}, answer_max).front();
    const std::lock_guard lock(mutex_);
    if (!slot.feeds.empty()) return;
    slot.watched = true;  // before anything can come
    begin(slot, end);
  } catch (const LogError&) {  // the brokers do not answer: it is tried again
    const std::lock_guard lock(mutex_);
    slot.ring_at = Clock::now() + trouble_retry;
  }
}

void Feeds::run() {
  for (;;) {
    {
      std::unique_lock lock(tending_);
      tend_.wait_for(lock, tend_every, [this] { return ended_ || tend_now_; });
      if (ended_) return;
      tend_now_ = false;
    }
    for (auto& topic : slots_) {
      for (auto& slot : topic) tend(slot);
    }
    const std::lock_guard lock(mutex_);
    for (const auto& carrier : carriers_) carrier->serve();
  }
}

void Feeds::tend(Slot& slot) {
  bool begin_again = false;
  {
    const std::lock_guard lock(mutex_);
    close_idle(slot);
    begin_again = slot.listeners > 0 && slot.feeds.empty();
    if (slot.ring_at && Clock::now() >= *slot.ring_at) {
      slot.ring_at.reset();
      bell_.ring(slot.wakes);
    }
  }
  throw_away(slot);
  if (!begin_again) return;
  watch(slot);
  bell_.ring(slot.wakes);
}

void Feeds::close_idle(Slot& slot) {
  const auto now = Clock::now();
  for (auto& kept : slot.feeds) {
    if (!kept.waiting_since && kept.feed->has_waiting()) kept.waiting_since = now;
  }
  slot.feeds.remove_if([&](const Kept& kept) {
    if (kept.busy || kept.doomed) return !kept.busy;
    if (slot.listeners == 0) return now - kept.used > idle_max;
    return kept.read && kept.waiting_since && now - *kept.waiting_since > unread_max;
  });
}

void Feeds::throw_away(Slot& slot) {
  if (!slot.watched) return;
  Kept* watching = nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(slot.feeds.begin(), slot.feeds.end(),
                                    [](const Kept& kept) { return !kept.busy && !kept.doomed && !kept.read; });
    if (found == slot.feeds.end()) return;
    watching = &*found;
    watching->busy = true;
  }
  const auto came = watching->feed->read(slot.partition, watching->feed->next(), no_end, no_end,
                                         std::chrono::milliseconds(0), [](const LogRecord&) { return true; });
  give_back(slot, *watching);
  if (came > 0) bell_.ring(slot.wakes);
}

}  // namespace virtscale::kafka
