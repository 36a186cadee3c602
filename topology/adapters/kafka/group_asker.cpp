#include "topology/adapters/kafka/group_asker.hpp"

#include <librdkafka/rdkafka.h>

namespace virtscale::kafka {

GroupAsker::GroupAsker(Connection& connection) : connection_(connection), asking_(open()) {}

void GroupAsker::serve() {
  rd_kafka_poll(current()->client.get(), 0);
}

std::shared_ptr<GroupAsker::Asking> GroupAsker::current() {
  const std::lock_guard lock(mutex_);
  return asking_;
}

std::shared_ptr<GroupAsker::Asking> GroupAsker::open() {
  auto asking = std::make_shared<Asking>();
  asking->client = connection_.open(Role::consumer, {{"group.id", connection_.asking_group()}}, asking->ears);
  return asking;
}

void GroupAsker::replace(const std::shared_ptr<Asking>& asking) {
  auto fresh = open();
  const std::lock_guard lock(mutex_);
  if (asking_ == asking) asking_.swap(fresh);
}

}  // namespace virtscale::kafka
