#include "stages/orchestration/edges.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>
#include <mutex>
#include <set>

#include "stages/orchestration/fold.hpp"
#include "topology/host/http_answers.hpp"

namespace virtscale::orchestration {
namespace {

using Names = std::set<std::string>;

class Sweep : public std::enable_shared_from_this<Sweep> {
 public:
  Sweep(SweepPorts ports, SweepSettings settings) : ports_(std::move(ports)), settings_(std::move(settings)) {}

  void begin() {
    ports_.executor.post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->round();
    });
  }

 private:
  // What one round learns; its end, when the last look has dropped it, is the round's end.
  struct Round {
    std::weak_ptr<Sweep> sweep;
    Names unowned;
    bool ready = false;
    std::size_t partitions = 0;
    ~Round() {
      const auto self = sweep.lock();
      if (self && ready && partitions > 0) self->compared(std::move(unowned));
    }
  };

  void round() {
    const auto names = running();
    if (!names.empty()) compare(std::make_shared<Round>(weak_from_this(), names));
    ports_.executor.after(settings_.every, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->round();
    });
  }

  // A driver that cannot look now is asked again by the next round.
  Names running() {
    try {
      const auto names = ports_.domains.running(settings_.cell);
      return {names.begin(), names.end()};
    } catch (const std::exception&) {
      return {};
    }
  }

  void compare(const std::shared_ptr<Round>& round) {
    ports_.read_status([round](const std::vector<PartitionStatus>& all) {
      round->ready = std::ranges::all_of(all, [](const auto& one) { return one.ready && !one.stopped; });
    });
    ports_.read_state([round](const State& state) {
      ++round->partitions;
      std::erase_if(round->unowned, [&](const std::string& name) { return state.domains.find(name) != nullptr; });
    });
  }

  // On the stage's thread.
  void compared(Names unowned) {
    schema::OrphansFoundT found;
    const std::lock_guard lock(mutex_);
    std::ranges::set_intersection(unowned, suspects_, std::back_inserter(found.names));
    suspects_ = std::move(unowned);
    if (found.names.empty()) return;
    if (found.names.size() > orphans_max) found.names.resize(orphans_max);
    // A report that cannot be appended is made again by the next round.
    ports_.log.append(ports_.log.next_id(), Topic::decisions, settings_.cell, schema::encode(found, ""),
                      [](const std::string*) {});
  }

  SweepPorts ports_;
  SweepSettings settings_;
  std::mutex mutex_;
  Names suspects_;
};

namespace json = boost::json;

std::string_view name_of(schema::PlacementPhase phase) {
  return schema::EnumNamePlacementPhase(phase);
}

json::object describe(std::string_view name, const schema::CellBookT& book) {
  return {
      {"name", name}, {"nodes", book.nodes}, {"numa_nodes", book.numa_nodes}, {"applied_at_us", book.applied_at_us}};
}

json::object describe(std::string_view key, const schema::CellNodeT& node) {
  json::array numa;
  for (const auto& room : node.numa) {
    numa.push_back(json::object{{"vcpu_milli", room.vcpu_milli()},
                                {"ram_mib", room.ram_mib()},
                                {"used_vcpu_milli", room.used_vcpu_milli()},
                                {"used_ram_mib", room.used_ram_mib()}});
  }
  const auto cut = key.find('/');
  return {{"cell", key.substr(0, cut)},
          {"name", key.substr(cut + 1)},
          {"zone", node.zone},
          {"listed", node.listed},
          {"numa", std::move(numa)}};
}

json::object describe(std::string_view name, const schema::PlacedDomainT& row) {
  json::object it{{"name", name},
                  {"org", row.org},
                  {"service", row.service},
                  {"cell", row.cell},
                  {"state", name_of(row.phase)},
                  {"scale", to_string(ScaleId{row.birth_scale})}};
  if (row.leave_scale != 0) it["leaves_by"] = to_string(ScaleId{row.leave_scale});
  if (!row.failure.empty()) it["failure"] = row.failure;
  if (is_placed(row)) {
    it["zone"] = row.zone;
    it["node"] = row.node;
    it["numa"] = row.numa;
  }
  if (!row.address.empty()) {
    it["address"] = row.address;
    it["port"] = row.port;
  }
  return it;
}

// What one request gathers from all partitions; answered when the last look has dropped it.
struct Gathered {
  std::shared_ptr<HttpResponder> responder;
  std::string cell;
  json::array cells;
  json::array nodes;
  json::array domains;
  bool truncated = false;

  Gathered(std::shared_ptr<HttpResponder> to, std::string of_cell)
      : responder(std::move(to)), cell(std::move(of_cell)) {}
  ~Gathered() {
    const json::object all{{"cells", std::move(cells)},
                           {"nodes", std::move(nodes)},
                           {"domains", std::move(domains)},
                           {"truncated", truncated}};
    responder->respond({.body = json::serialize(all) + "\n"});
  }

  template <class Value>
  bool add(json::array& to, std::string_view key, const Value& row) {
    truncated = truncated || to.size() == status_rows_max;
    if (!truncated) to.push_back(describe(key, row));
    return !truncated;
  }

  void look(const State& state) {
    state.cells.each(cell, [&](std::string_view key, const schema::CellBookT& book) {
      return !wants(key) || add(cells, key, book);
    });
    state.nodes.each(cell.empty() ? cell : cell + "/",
                     [&](std::string_view key, const schema::CellNodeT& node) { return add(nodes, key, node); });
    state.domains.each("", [&](std::string_view key, const schema::PlacedDomainT& row) {
      return !wants(row.cell) || add(domains, key, row);
    });
  }
  bool wants(std::string_view of_cell) const { return cell.empty() || cell == of_cell; }
};

std::optional<HttpResponse> refusal(const HttpRequest& request, const Authorizer& authorizer) {
  if (request.method != "GET") return wrong_method("GET");
  return objection_to(request, authorizer, {"", "only an operator's token may read cells and their domains"});
}

}  // namespace

std::shared_ptr<void> start_orphan_sweep(SweepPorts ports, SweepSettings settings) {
  auto sweep = std::make_shared<Sweep>(std::move(ports), std::move(settings));
  sweep->begin();
  return sweep;
}

HttpHandler make_domains_handler(ReadState read_state, const Authorizer& authorizer) {
  return [read_state = std::move(read_state), &authorizer](const HttpRequest& request,
                                                           std::shared_ptr<HttpResponder> responder) {
    if (auto refused = refusal(request, authorizer)) return responder->respond(*std::move(refused));
    const auto cell = request.query.find("cell");
    const auto gathered =
        std::make_shared<Gathered>(std::move(responder), cell == request.query.end() ? "" : cell->second);
    read_state([gathered](const State& state) { gathered->look(state); });
  };
}

}  // namespace virtscale::orchestration
