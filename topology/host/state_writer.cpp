#include "topology/host/state_writer.hpp"

#include <memory>
#include <utility>

namespace virtscale {

StateWriter::StateWriter(Log& log, TopicPartition inbox, Store& store, Executor& executor, Executor& disk,
                         Failed failed)
    : log_(log), inbox_(inbox), store_(store), executor_(executor), disk_(disk), failed_(std::move(failed)) {}

void StateWriter::load(Store& store, const std::vector<AnyTable*>& tables, std::string_view stage) {
  for (auto* table : tables) {
    const auto prefix = std::string(table->name()) + "/";
    store.scan(prefix, [&](std::string_view key, Bytes value) {
      if (table->load(key.substr(prefix.size()), value)) return;
      throw StoreError("state row '" + std::string(key) + "' of stage " + std::string(stage) +
                       " cannot be read: remove the stage's state directory, it is rebuilt from the log");
    });
  }
}

void StateWriter::prepare(const std::vector<AnyTable*>& tables, Ticket after, std::uint64_t folded) {
  if (broken_) return;
  prepared_ = Prepared{after, folded, {}, {}};
  auto& arena = prepared_->arena;
  for (auto* table : tables) {
    table->drain_changes(arena, [&](std::string_view key, const Bytes* value) {
      StoreChange change{arena.joined({table->name(), "/", key}), std::nullopt};
      if (value != nullptr) change.value.emplace(reinterpret_cast<const char*>(value->data()), value->size());
      prepared_->changes.push_back(change);
    });
  }
  write_durable();
}

void StateWriter::write_durable() {
  if (!prepared_ || writing_ || log_.durable() < prepared_->after) return;
  writing_ = true;
  disk_.post([self = shared_from_this(), commit = std::make_shared<Prepared>(std::move(*prepared_))] {
    std::optional<std::string> error;
    try {
      self->store_.commit(commit->changes);
    } catch (const StoreError& failure) {
      error = failure.what();
    }
    self->executor_.post([self, folded = commit->folded, error] { self->written(folded, error ? &*error : nullptr); });
  });
  prepared_.reset();
}

void StateWriter::written(std::uint64_t folded, const std::string* error) {
  writing_ = false;
  if (error == nullptr) {
    log_.commit(inbox_, folded);
  } else {
    broken_ = true;
    failed_(*error);
  }
  tell_if_idle();
}

void StateWriter::use_store(std::function<void(Store&)> use) {
  ++uses_;
  disk_.post([self = shared_from_this(), use = std::move(use)] {
    use(self->store_);
    self->executor_.post([self] {
      --self->uses_;
      self->tell_if_idle();
    });
  });
}

void StateWriter::tell_if_idle() {
  if (idle() && when_idle_) std::exchange(when_idle_, nullptr)();
}

void StateWriter::give_up() {
  prepared_.reset();
  tell_if_idle();
}

void StateWriter::when_idle(std::function<void()> call) {
  if (idle()) return call();
  when_idle_ = std::move(call);
}

}  // namespace virtscale
