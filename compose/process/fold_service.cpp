#include "compose/process/fold_service.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "stages/audit/fold.hpp"
#include "stages/dataplane/fold.hpp"
#include "stages/orchestration/fold.hpp"
#include "stages/policy/fold.hpp"
#include "stages/signal/fold.hpp"
#include "topology/graph.hpp"
#include "topology/host/fold_wire.hpp"

namespace virtscale {
namespace {

// Calls `use` with the fold of the stage, as a value of its type.
template <class Use>
auto with_fold_of(Source stage, Use use) {
  switch (stage) {
    case Source::signal:
      return use(signal::Fold());
    case Source::policy:
      return use(policy::Fold());
    case Source::orchestration:
      return use(orchestration::Fold());
    case Source::dataplane:
      return use(dataplane::Fold());
    default:
      return use(audit::Fold());
  }
}

template <Stage S>
class FoldService {
 public:
  void serve(int from, int to) {
    const fold_wire::Greeting greeting{std::string(graph::node_of(S::source).name), S::epoch};
    const auto line = fold_wire::text_of(greeting);
    if (::write(to, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
      throw fold_wire::WireError("nobody listens");
    while (const auto frame = fold_wire::read_frame(from)) {
      if (fold_wire::kind_of(*frame) == fold_wire::Kind::row) {
        load(fold_wire::row_in(*frame));
      } else {
        fold_wire::write_frame(to, fold(*frame));
      }
    }
  }

 private:
  // A table that this version does not have is of no use to it.
  void load(const fold_wire::Row& row) {
    const auto tables = state_.tables();
    const auto table = std::ranges::find(tables, row.table, [](const AnyTable* one) { return one->name(); });
    if (table == tables.end() || !row.value) return;
    if (!(*table)->load(row.key, std::as_bytes(std::span(*row.value))))
      throw fold_wire::WireError("row " + row.key + " of table " + row.table + " cannot be read by this version");
  }

  std::string fold(std::string_view frame) {
    if constexpr (requires { state_.rebuild(); }) {
      if (!std::exchange(begun_, true)) state_.rebuild();
    }
    fold_wire::Record record;
    fold_wire::read_record(frame, record);
    arena_.clear();
    Outbox outbox(record.inbound.org, record.inbound.scale, arena_);
    S::fold(state_, record.inbound, outbox);
    return fold_wire::encode(outbox, changed_rows());
  }

  std::vector<fold_wire::Row> changed_rows() {
    std::vector<fold_wire::Row> rows;
    for (auto* table : state_.tables()) {
      table->drain_changes(arena_, [&](std::string_view key, const Bytes* value) {
        fold_wire::Row row{std::string(table->name()), std::string(key), std::nullopt};
        if (value != nullptr) row.value.emplace(reinterpret_cast<const char*>(value->data()), value->size());
        rows.push_back(std::move(row));
      });
    }
    return rows;
  }

  typename S::State state_;
  Arena arena_;
  [[maybe_unused]] bool begun_ = false;
};

}  // namespace

int serve_fold(Source stage) {
  try {
    with_fold_of(stage, [](auto fold) { FoldService<decltype(fold)>().serve(STDIN_FILENO, STDOUT_FILENO); });
    return 0;
  } catch (const fold_wire::WireError& error) {
    std::fprintf(stderr, "virtscale-%s fold: %s\n", std::string(graph::node_of(stage).name).c_str(), error.what());
    return 1;
  }
}

std::uint32_t newest_epoch(Source stage) {
  return with_fold_of(stage, [](auto fold) { return std::uint32_t{decltype(fold)::epoch}; });
}

}  // namespace virtscale
