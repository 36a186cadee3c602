#include "tests/simulation/engine/log/brokers.hpp"

#include <algorithm>

namespace virtscale::simulation {

std::string name_of(TopicPartition partition) {
  return std::string(virtscale::name_of(partition.topic)) + "-" + std::to_string(partition.partition);
}

Brokers::Brokers(VirtualTime& time, Faults& faults, Story& story, Recording& recording)
    : time_(time), faults_(faults), story_(story), recording_(recording) {
  for (std::size_t t = 0; t < topics_count; ++t) {
    for (std::uint32_t p = 0; p < recording.layout().partitions[t]; ++p)
      leaders_.emplace(TopicPartition{static_cast<Topic>(t), p}, std::make_unique<Leader>());
  }
}

Brokers::Leader& Brokers::leader(TopicPartition of) {
  return *leaders_.find(of)->second;
}

Instant Brokers::available(TopicPartition of) const {
  return std::max(time_.now(), leaders_.find(of)->second->available_from);
}

void Brokers::take(TopicPartition to, std::string key, std::vector<std::byte> value) {
  take({to, 0, {}, std::move(key), std::move(value)});
}

void Brokers::take(Recorded record) {
  auto& leads = leader(record.from);
  record.offset = recording_.end(record.from);
  if (auto dice = faults_.strikes(Fault::offset_gap)) record.offset += static_cast<std::uint64_t>(dice->between(1, 5));
  // Kafka's LogAppendTime has milliseconds.
  record.timestamp = {(time_.now() + leads.clock_skew).us / 1'000 * 1'000};
  recording_.land(std::move(record));
  leads.taken.call();
}

Subscription Brokers::on_taken(TopicPartition of, std::function<void()> taken) {
  return leader(of).taken.add(std::move(taken));
}

void Brokers::commit(TopicPartition inbox, std::uint64_t offset, std::string_view member) {
  const auto owner = owners_.find(inbox);
  if (owner != owners_.end() && owner->second == member) committed_[inbox] = offset;
}

std::optional<std::uint64_t> Brokers::committed(TopicPartition inbox) const {
  const auto found = committed_.find(inbox);
  return found == committed_.end() ? std::nullopt : std::optional(found->second);
}

void Brokers::look_for_trouble() {
  if (auto dice = faults_.strikes(Fault::leader_moves)) move_leader(*dice);
  if (auto dice = faults_.strikes(Fault::garbage)) write_garbage(*dice);
}

void Brokers::move_leader(Dice dice) {
  auto moved = leaders_.begin();
  std::advance(moved, dice.below(leaders_.size()));
  const auto away = dice.between(milliseconds(50), seconds(8));
  moved->second->available_from = time_.now() + away;
  moved->second->clock_skew = dice.between(milliseconds(-40), milliseconds(40));
  story_.tell([&] {
    return "the leader of " + name_of(moved->first) + " is gone for " + std::to_string(away.us / 1'000) + " ms";
  });
}

void Brokers::write_garbage(Dice dice) {
  const auto inbox = graph::stages[dice.below(graph::stages.size())].inbox;
  const auto partitions = recording_.layout().partitions[static_cast<std::size_t>(inbox)];
  Recorded garbage{{inbox, static_cast<std::uint32_t>(dice.below(partitions))}, 0, {}, "garbage", {}};
  garbage.foreign = true;
  garbage.value.resize(dice.below(100));
  for (auto& byte : garbage.value) byte = static_cast<std::byte>(dice.below(256));
  // What a stage has written elsewhere is readable, and not allowed here.
  const auto& elsewhere = recording_.records({Topic::ledger, 0});
  if (dice.one_in(2) && !elsewhere.empty()) garbage.value = elsewhere[dice.below(elsewhere.size())].value;
  take(std::move(garbage));
}

}  // namespace virtscale::simulation
