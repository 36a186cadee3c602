#include "topology/adapters/kafka/owners.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <map>

namespace virtscale::kafka {
namespace {

using Clock = std::chrono::steady_clock;
using Members =
    std::map<std::pair<std::string, std::uint32_t>, std::string>;  // by topic's name and partition: client.id

Within left(Clock::time_point until) {
  return std::max(Within(1), std::chrono::duration_cast<Within>(until - Clock::now()));
}

void note_members(const rd_kafka_ConsumerGroupDescription_t& group, Members& members) {
  for (std::size_t n = 0; n < rd_kafka_ConsumerGroupDescription_member_count(&group); ++n) {
    const auto* const member = rd_kafka_ConsumerGroupDescription_member(&group, n);
    const auto* const assignment = rd_kafka_MemberDescription_assignment(member);
    const auto* const partitions = assignment ? rd_kafka_MemberAssignment_partitions(assignment) : nullptr;
    for (int p = 0; partitions != nullptr && p < partitions->cnt; ++p) {
      const auto& one = partitions->elems[p];
      members[{one.topic, static_cast<std::uint32_t>(one.partition)}] = rd_kafka_MemberDescription_client_id(member);
    }
  }
}

Members members_of(const Asker& asker, Within within) {
  std::vector<std::string> names;
  for (const auto inbox : inboxes) names.push_back(asker.connection.group(inbox));
  std::vector<const char*> groups;
  for (const auto& name : names) groups.push_back(name.c_str());
  const auto event = ask(asker, within, "does not tell who owns what", [&](const auto* options, auto* answers) {
    rd_kafka_DescribeConsumerGroups(&asker.client, groups.data(), groups.size(), options, answers);
  });
  Members members;
  std::size_t count = 0;
  const auto* const result = rd_kafka_event_DescribeConsumerGroups_result(event.get());
  const auto* const* const described = rd_kafka_DescribeConsumerGroups_result_groups(result, &count);
  for (std::size_t n = 0; n < count; ++n) {
    const auto* const error = rd_kafka_ConsumerGroupDescription_error(described[n]);
    if (error != nullptr && rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR_NO_ERROR)
      throw LogError("kafka does not tell who is in " + names[n] + ": " + rd_kafka_error_string(error));
    note_members(*described[n], members);
  }
  return members;
}

}  // namespace

std::vector<Owner> owners_of(const Asker& asker, const LogLayout& layout, Within within) {
  const auto until = Clock::now() + within;
  std::vector<TopicPartition> partitions;
  for (const auto inbox : inboxes) {
    for (std::uint32_t p = 0; p < layout.partitions[static_cast<std::size_t>(inbox)]; ++p)
      partitions.push_back({inbox, p});
  }
  const auto members = members_of(asker, left(until));
  const auto ends = ends_of(asker, partitions, left(until));
  std::map<Topic, Commits> commits;
  for (const auto inbox : inboxes)
    commits[inbox] = committed_of(asker, inbox, layout.partitions[static_cast<std::size_t>(inbox)], left(until));
  std::vector<Owner> owners;
  for (std::size_t n = 0; n < partitions.size(); ++n) {
    auto& owner = owners.emplace_back();
    owner.inbox = partitions[n];
    owner.end_offset = ends[n];
    const auto member = members.find({asker.connection.topic(owner.inbox.topic), owner.inbox.partition});
    const std::string client = member == members.end() ? "" : member->second;
    owner.member = client.substr(0, client.find('|'));
    if (owner.member.size() < client.size()) owner.url = client.substr(owner.member.size() + 1);
    const auto& committed = commits[owner.inbox.topic];
    const auto found = committed.find(owner.inbox.partition);
    if (found != committed.end()) owner.committed_offset = static_cast<std::int64_t>(found->second);
  }
  return owners;
}

}  // namespace virtscale::kafka
