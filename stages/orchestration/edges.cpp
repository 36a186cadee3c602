#include "stages/orchestration/edges.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>
#include <map>
#include <set>

#include "stages/orchestration/fold.hpp"
#include "topology/host/http_answers.hpp"

namespace virtscale::orchestration {
namespace {

using Names = std::set<std::string>;
using NamesByCell = std::map<std::string, Names, std::less<>>;

// What one round learns.
struct Round {
  NamesByCell running;                  // as the driver says
  std::vector<PartitionStatus> before;  // the looks
  std::vector<NamesByCell> unowned;     // of each partition: what runs in its cells and is none of its domains
};

std::vector<std::string> cells_in(const State& state) {
  std::vector<std::string> cells;
  state.cells.each("", [&](std::string_view cell, const schema::CellBookT&) {
    cells.emplace_back(cell);
    return true;
  });
  return cells;
}

NamesByCell unowned_in(const State& state, const NamesByCell& running) {
  NamesByCell unowned;
  for (const auto& cell : cells_in(state)) {
    const auto found = running.find(cell);
    if (found == running.end()) continue;
    auto& names = unowned[cell] = found->second;
    std::erase_if(names, [&](const std::string& name) { return state.domains.find(name) != nullptr; });
  }
  return unowned;
}

bool is_same(const PartitionStatus& a, const PartitionStatus& b) {
  return a.partition == b.partition && a.ready == b.ready && a.stopped == b.stopped;
}

// Works on its executor; looks at the states where they are.
class Sweep : public std::enable_shared_from_this<Sweep> {
 public:
  Sweep(SweepPorts ports, SweepSettings settings) : ports_(std::move(ports)), settings_(std::move(settings)) {}

  void begin() {
    ports_.executor.post(unless_dropped([](Sweep& sweep) { sweep.round(); }));
  }

 private:
  template <class Run>
  std::function<void()> unless_dropped(Run run) {
    return [weak = weak_from_this(), run = std::move(run)] {
      if (const auto self = weak.lock()) run(*self);
    };
  }

  // Calls `then` after what was asked of the stage so far has been answered.
  template <class Then>
  void after_the_looks(Then then) {
    ports_.read_status([weak = weak_from_this(), then](std::vector<PartitionStatus> now) {
      const auto self = weak.lock();
      if (!self) return;
      self->ports_.executor.post(
          self->unless_dropped([then, now = std::move(now)](Sweep& sweep) { then(sweep, now); }));
    });
  }

  void round() {
    const auto cells = std::make_shared<std::set<std::string>>();
    ports_.read_state([cells](const State& state) {
      for (auto& cell : cells_in(state)) cells->insert(std::move(cell));
    });
    after_the_looks([cells](Sweep& sweep, const auto&) { sweep.ask_driver(*cells); });
    ports_.executor.after(settings_.every, unless_dropped([](Sweep& sweep) { sweep.round(); }));
  }

  void ask_driver(const std::set<std::string>& cells) {
    const auto round = std::make_shared<Round>();
    for (const auto& cell : cells) {
      if (auto names = running(cell); !names.empty()) round->running.emplace(cell, std::move(names));
    }
    ports_.read_status([round](std::vector<PartitionStatus> now) { round->before = std::move(now); });
    ports_.read_state([round](const State& state) { round->unowned.push_back(unowned_in(state, round->running)); });
    after_the_looks([round](Sweep& sweep, const auto& now) { sweep.compare(*round, now); });
  }

  // A driver that cannot look now is asked again by the next round.
  Names running(const std::string& cell) {
    try {
      const auto names = ports_.domains.running(cell);
      return {names.begin(), names.end()};
    } catch (const std::exception&) {
      return {};
    }
  }

  void compare(const Round& round, const std::vector<PartitionStatus>& after) {
    // When a partition came or went meanwhile, nobody can say whose look was whose.
    if (!std::ranges::equal(round.before, after, is_same) || after.size() != round.unowned.size()) return;
    NamesByCell suspects;
    for (std::size_t i = 0; i < after.size(); ++i) {
      if (!after[i].ready || after[i].stopped) continue;
      for (const auto& [cell, names] : round.unowned[i]) {
        report(cell, names);
        suspects.emplace(cell, names);
      }
    }
    suspects_ = std::move(suspects);
  }

  void report(const std::string& cell, const Names& unowned) {
    schema::OrphansFoundT found;
    std::ranges::set_intersection(unowned, suspects_[cell], std::back_inserter(found.names));
    if (found.names.empty()) return;
    if (found.names.size() > orphans_max) found.names.resize(orphans_max);
    // A report that cannot be appended is made again by the next round.
    ports_.log.append(ports_.log.next_id(), Topic::decisions, cell, schema::encode(found, ""),
                      [](const std::string*) {});
  }

  SweepPorts ports_;
  SweepSettings settings_;
  NamesByCell suspects_;  // nobody's in the round before
};

namespace json = boost::json;

std::string_view name_of(schema::PlacementPhase phase) {
  return schema::EnumNamePlacementPhase(phase);
}

// As the document says it.
std::string_view name_of(schema::PlacementOrder order) {
  return order == schema::PlacementOrder::bin_pack ? "bin-pack" : "least-loaded";
}

json::object describe(std::string_view name, const schema::CellBookT& book) {
  return {{"name", name},
          {"nodes", book.nodes},
          {"numa_nodes", book.numa_nodes},
          {"applied_at_us", book.applied_at_us},
          {"placement", name_of(book.placement)}};
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
