#include "topology/adapters/http/house.hpp"

#include <chrono>
#include <utility>

namespace virtscale {
namespace {

// How long clients may take to read their answers when the server ends.
constexpr auto farewell_max = std::chrono::seconds(2);

}  // namespace

bool Connections::add(const Connection* key, std::weak_ptr<Connection> connection, std::size_t connections_max) {
  const std::lock_guard lock(mutex_);
  if (open_.size() >= connections_max) return false;
  open_.emplace(key, std::move(connection));
  return true;
}

void Connections::remove(const Connection* key) {
  const std::lock_guard lock(mutex_);
  open_.erase(key);
  if (open_.empty()) empty_.notify_all();
}

std::vector<std::shared_ptr<Connection>> Connections::all() {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Connection>> connections;
  for (const auto& [key, connection] : open_) {
    if (auto alive = connection.lock()) connections.push_back(std::move(alive));
  }
  return connections;
}

void Connections::shut_down_all() {
  for (const auto& connection : all()) connection->shut_down();
}

void Connections::abandon_all() {
  for (const auto& connection : all()) connection->abandon();
}

void Connections::await_none() {
  std::unique_lock lock(mutex_);
  empty_.wait_for(lock, farewell_max, [this] { return open_.empty(); });
}

}  // namespace virtscale
