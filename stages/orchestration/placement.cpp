#include "stages/orchestration/placement.hpp"

#include <algorithm>
#include <tuple>

namespace virtscale::orchestration {
namespace {

struct Fraction {
  std::int64_t part;
  std::int64_t whole;
};

int compare(Fraction a, Fraction b) {
  const auto left = a.part * b.whole;
  const auto right = b.part * a.whole;
  return left < right ? -1 : left > right ? 1 : 0;
}

Fraction load_of(const schema::NumaRoom& room) {
  const Fraction vcpu{room.used_vcpu_milli(), room.vcpu_milli()};
  const Fraction ram{room.used_ram_mib(), room.ram_mib()};
  return compare(vcpu, ram) < 0 ? ram : vcpu;
}

bool failed_before(const Slot& slot, const Need& need) {
  return need.failed_nodes != nullptr && std::ranges::find(*need.failed_nodes, slot.node) != need.failed_nodes->end();
}

bool fits(std::int64_t total, std::int64_t used, std::int64_t asked) {
  return asked >= 0 && asked <= total - used;
}

bool fits_vcpu(const schema::NumaRoom& room, const Need& need) {
  return fits(room.vcpu_milli(), room.used_vcpu_milli(), need.vcpu_milli);
}
bool fits_ram(const schema::NumaRoom& room, const Need& need) {
  return fits(room.ram_mib(), room.used_ram_mib(), need.ram_mib);
}

std::string_view why_after(const Slot& slot, const Slot& chosen, const Need& need) {
  const auto why = why_not(slot, need);
  if (!why.empty()) return why;
  return compare_load(chosen.room, slot.room) < 0 ? "more loaded" : "as loaded, later by name";
}

}  // namespace

int compare_load(const schema::NumaRoom& a, const schema::NumaRoom& b) {
  return compare(load_of(a), load_of(b));
}

bool LessLoaded::operator()(const Slot& a, const Slot& b) const {
  const int load = compare_load(a.room, b.room);
  return load != 0 ? load < 0 : std::tie(a.zone, a.node, a.numa) < std::tie(b.zone, b.node, b.numa);
}

bool can_take(const Slot& slot, const Need& need) {
  return fits_vcpu(slot.room, need) && fits_ram(slot.room, need) && !failed_before(slot, need);
}

std::string_view why_not(const Slot& slot, const Need& need) {
  if (failed_before(slot, need)) return "failed before";
  const bool vcpu = fits_vcpu(slot.room, need);
  const bool ram = fits_ram(slot.room, need);
  if (vcpu && ram) return {};
  return vcpu ? "no room: ram" : ram ? "no room: vcpu" : "no room: vcpu, ram";
}

void Slots::put(Slot slot) {
  vcpu_milli_max_ = std::max(vcpu_milli_max_, slot.room.vcpu_milli());
  ram_mib_max_ = std::max(ram_mib_max_, slot.room.ram_mib());
  slots_.insert(std::move(slot));
}

void Slots::change_use(const Slot& slot, const schema::NumaRoom& room) {
  auto taken = slots_.extract(slot);
  taken.value().room = room;
  slots_.insert(std::move(taken));
}

// From here on every load is at least part/whole in one dimension or the other, so at most (1 - part/whole) of the
// largest total is free in that one.
bool Slots::none_fits_from(const Slot& slot, const Need& need) const {
  const auto load = load_of(slot.room);
  const auto free = load.whole - load.part;
  if (free <= 0) return need.vcpu_milli > 0 && need.ram_mib > 0;
  return need.vcpu_milli * load.whole > free * vcpu_milli_max_ && need.ram_mib * load.whole > free * ram_mib_max_;
}

Slots::Position Slots::find(const Need& need, Placement& placement) const {
  // Also keeps the products of the search within their bounds.
  if (need.vcpu_milli < 0 || need.ram_mib < 0) return slots_.end();
  if (need.vcpu_milli > vcpu_milli_max_ || need.ram_mib > ram_mib_max_) return slots_.end();
  for (auto slot = slots_.begin(); slot != slots_.end(); ++slot) {
    if (can_take(*slot, need)) return slot;
    if (none_fits_from(*slot, need)) break;
    if (placement.candidates.size() + 1 < candidates_max)
      placement.candidates.push_back({&*slot, why_not(*slot, need)});
  }
  return slots_.end();
}

Placement Slots::choose(const Need& need) const {
  Placement placement;
  placement.candidates.reserve(candidates_max);
  const auto found = find(need, placement);
  if (found == slots_.end()) return {};
  placement.chosen = &*found;
  placement.candidates.push_back({&*found});
  for (auto next = std::next(found); next != slots_.end() && placement.candidates.size() < candidates_max; ++next)
    placement.candidates.push_back({&*next, why_after(*next, *found, need)});
  return placement;
}

bool Slots::has_untried(const std::vector<std::string>& failed_nodes) const {
  const auto untried = [&](const Slot& slot) {
    return std::ranges::find(failed_nodes, slot.node) == failed_nodes.end();
  };
  return std::ranges::any_of(slots_, untried);
}

}  // namespace virtscale::orchestration
