#include "topology/adapters/kafka/admin.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <thread>

namespace virtscale::kafka {
namespace {

using Clock = std::chrono::steady_clock;
constexpr Within retry_every{50};
// A question waits for the broker that it was meant for, even if that is gone; it is asked again, of who leads by then.
constexpr Within attempt_max{1'500};
constexpr std::int64_t us_in_a_millisecond = 1'000;

int left(Clock::time_point until) {
  return static_cast<int>(
      std::max<std::int64_t>(1, std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count()));
}

int left_of_attempt(Clock::time_point until) {
  return std::min(left(until), static_cast<int>(attempt_max.count()));
}

[[noreturn]] void unanswered(const Asker& asker, const std::string& what, const std::string& why) {
  throw LogError("kafka at " + asker.connection.options().bootstrap + " " + what + ": " + why +
                 asker.connection.last_complaint());
}

// librdkafka keeps the leader that it was told of, and after a broker's end asks anew for such topics only as this
// client writes to or reads from (2.0.2, rd_kafka_metadata_refresh_known_topics): of others it would ask the dead one
// for ever. Best effort: who asked, asks again.
void ask_who_leads(const Asker& asker, int within_ms) {
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(&asker.client, 1, nullptr, &metadata, within_ms) == RD_KAFKA_RESP_ERR_NO_ERROR)
    rd_kafka_metadata_destroy(metadata);
}

// Asks for the offsets that the list names by times (or by -1, the end, and -2, the beginning). A partition that has
// just lost its leader is asked for again.
void ask_offsets(const Asker& asker, rd_kafka_topic_partition_list_t& list, Within within) {
  const auto until = Clock::now() + within;
  std::vector<std::int64_t> asked;
  for (int n = 0; n < list.cnt; ++n) asked.push_back(list.elems[n].offset);
  for (;;) {
    auto code = rd_kafka_offsets_for_times(&asker.client, &list, left_of_attempt(until));
    for (int n = 0; n < list.cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; ++n) code = list.elems[n].err;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    if (Clock::now() + retry_every > until)
      unanswered(asker, "does not tell the offsets of " + std::string(list.elems[0].topic), words_for(code));
    std::this_thread::sleep_for(retry_every);
    ask_who_leads(asker, left_of_attempt(until));
    for (int n = 0; n < list.cnt; ++n) list.elems[n].offset = asked[static_cast<std::size_t>(n)];
  }
}

PartitionList listed(const Asker& asker, const std::vector<TopicPartition>& partitions, std::int64_t offset) {
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const auto& one : partitions) {
    const auto partition = static_cast<std::int32_t>(one.partition);
    rd_kafka_topic_partition_list_add(list.get(), asker.connection.topic(one.topic).c_str(), partition)->offset =
        offset;
  }
  return list;
}

std::int64_t one_offset(const Asker& asker, TopicPartition partition, std::int64_t asked, Within within) {
  const auto list = listed(asker, {partition}, asked);
  ask_offsets(asker, *list, within);
  return list->elems[0].offset;
}

TopicSeen seen(const rd_kafka_metadata_topic_t& topic) {
  TopicSeen result{static_cast<std::uint32_t>(topic.partition_cnt), topic.partition_cnt > 0 ? UINT32_MAX : 0};
  for (int n = 0; n < topic.partition_cnt; ++n) {
    result.replicas_min = std::min(result.replicas_min, static_cast<std::uint32_t>(topic.partitions[n].replica_cnt));
    result.led = result.led && topic.partitions[n].leader >= 0;
  }
  return result;
}

struct FreeOptions {
  void operator()(rd_kafka_AdminOptions_t* options) const { rd_kafka_AdminOptions_destroy(options); }
};
struct FreeListOffsets {
  void operator()(rd_kafka_ListConsumerGroupOffsets_t* list) const { rd_kafka_ListConsumerGroupOffsets_destroy(list); }
};
struct FreeAlterOffsets {
  void operator()(rd_kafka_AlterConsumerGroupOffsets_t* alter) const {
    rd_kafka_AlterConsumerGroupOffsets_destroy(alter);
  }
};

int code_of(const rd_kafka_group_result_t& group) {
  const auto* const error = rd_kafka_group_result_error(&group);
  if (error != nullptr) return rd_kafka_error_code(error);
  const auto* const partitions = rd_kafka_group_result_partitions(&group);
  for (int n = 0; partitions != nullptr && n < partitions->cnt; ++n) {
    if (partitions->elems[n].err != RD_KAFKA_RESP_ERR_NO_ERROR) return partitions->elems[n].err;
  }
  return 0;
}

}  // namespace

void FreeEvent::operator()(rd_kafka_op_s* event) const {
  rd_kafka_event_destroy(event);
}

Event ask(const Asker& asker, Within within, const std::string& what,
          const std::function<void(const rd_kafka_AdminOptions_s* options, rd_kafka_queue_s* answers)>& request) {
  const std::unique_ptr<rd_kafka_AdminOptions_t, FreeOptions> options(
      rd_kafka_AdminOptions_new(&asker.client, RD_KAFKA_ADMIN_OP_ANY));
  std::array<char, 1> text{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), static_cast<int>(within.count()), text.data(), text.size());
  const Queue answers(rd_kafka_queue_new(&asker.client));
  request(options.get(), answers.get());
  // librdkafka ends the request by itself; a second more, in case it does not.
  Event event(rd_kafka_queue_poll(answers.get(), static_cast<int>(within.count()) + 1'000));
  if (!event) unanswered(asker, what, "no answer");
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    unanswered(asker, what, rd_kafka_event_error_string(event.get()));
  return event;
}

std::map<std::string, TopicSeen> topics_seen(const Asker& asker, Within within) {
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto code = rd_kafka_metadata(&asker.client, 1, nullptr, &metadata, static_cast<int>(within.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    unanswered(asker, "does not answer within " + std::to_string(within.count() / 1'000) + " s", words_for(code));
  std::map<std::string, TopicSeen> result;
  for (int n = 0; n < metadata->topic_cnt; ++n) {
    const auto& topic = metadata->topics[n];
    if (topic.partition_cnt > 0) result.emplace(topic.topic, seen(topic));
  }
  rd_kafka_metadata_destroy(metadata);
  return result;
}

std::vector<std::uint64_t> ends_of(const Asker& asker, const std::vector<TopicPartition>& partitions, Within within) {
  const auto list = listed(asker, partitions, RD_KAFKA_OFFSET_END);
  ask_offsets(asker, *list, within);
  std::vector<std::uint64_t> ends;
  for (int n = 0; n < list->cnt; ++n) ends.push_back(static_cast<std::uint64_t>(list->elems[n].offset));
  return ends;
}

std::uint64_t end_of(const Asker& asker, const std::string& topic, Within within) {
  const PartitionList list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), 0)->offset = RD_KAFKA_OFFSET_END;
  ask_offsets(asker, *list, within);
  return static_cast<std::uint64_t>(list->elems[0].offset);
}

std::uint64_t first_of(const Asker& asker, TopicPartition partition, Within within) {
  return static_cast<std::uint64_t>(one_offset(asker, partition, RD_KAFKA_OFFSET_BEGINNING, within));
}

std::optional<std::uint64_t> offset_at(const Asker& asker, TopicPartition partition, Instant at, Within within) {
  // Kafka counts milliseconds: the first one that is not before `at`; negative ones have a meaning of their own.
  const auto ms = at.us <= 0 ? 0 : (at.us + us_in_a_millisecond - 1) / us_in_a_millisecond;
  const auto offset = one_offset(asker, partition, ms, within);
  if (offset < 0) return std::nullopt;
  return static_cast<std::uint64_t>(offset);
}

Commits committed_of(const Asker& asker, Topic inbox, std::uint32_t partitions, Within within) {
  std::vector<TopicPartition> all;
  for (std::uint32_t p = 0; p < partitions; ++p) all.push_back({inbox, p});
  const auto list = listed(asker, all, RD_KAFKA_OFFSET_INVALID);
  const auto group = asker.connection.group(inbox);
  std::unique_ptr<rd_kafka_ListConsumerGroupOffsets_t, FreeListOffsets> question(
      rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), list.get()));
  const auto what = "does not tell what " + group + " has committed";
  auto* asked = question.get();
  const auto event = ask(asker, within, what, [&](const auto* options, auto* answers) {
    rd_kafka_ListConsumerGroupOffsets(&asker.client, &asked, 1, options, answers);
  });
  std::size_t count = 0;
  const auto* const result = rd_kafka_event_ListConsumerGroupOffsets_result(event.get());
  const auto& answer = *rd_kafka_ListConsumerGroupOffsets_result_groups(result, &count)[0];
  if (const auto code = code_of(answer); code != 0) unanswered(asker, what, words_for(code));
  Commits commits;
  const auto* const found = rd_kafka_group_result_partitions(&answer);
  for (int n = 0; n < found->cnt; ++n) {
    const auto& one = found->elems[n];
    if (one.offset > 0) commits[static_cast<std::uint32_t>(one.partition)] = static_cast<std::uint64_t>(one.offset) - 1;
  }
  return commits;
}

PartitionList to_commit(const std::string& topic, const Commits& commits) {
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(commits.size())));
  for (const auto& [partition, offset] : commits)
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), static_cast<std::int32_t>(partition))->offset =
        static_cast<std::int64_t>(offset) + 1;
  return list;
}

int commit_from_outside(const Asker& asker, Topic inbox, const Commits& commits, Within within) {
  const auto list = to_commit(asker.connection.topic(inbox), commits);
  const auto group = asker.connection.group(inbox);
  const std::unique_ptr<rd_kafka_AlterConsumerGroupOffsets_t, FreeAlterOffsets> change(
      rd_kafka_AlterConsumerGroupOffsets_new(group.c_str(), list.get()));
  auto* asked = change.get();
  const auto event = ask(asker, within, "does not take commits", [&](const auto* options, auto* answers) {
    rd_kafka_AlterConsumerGroupOffsets(&asker.client, &asked, 1, options, answers);
  });
  std::size_t count = 0;
  const auto* const result = rd_kafka_event_AlterConsumerGroupOffsets_result(event.get());
  return code_of(*rd_kafka_AlterConsumerGroupOffsets_result_groups(result, &count)[0]);
}

}  // namespace virtscale::kafka
