#include "stages/orchestration/placement.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

namespace virtscale::orchestration {
namespace {

using schema::PassedOver;

struct Fraction {
  std::int64_t part;
  std::int64_t whole;
};

int compare(Fraction a, Fraction b) {
  const auto left = a.part * b.whole;
  const auto right = b.part * a.whole;
  return left < right ? -1 : left > right ? 1 : 0;
}

Fraction fuller_of(const schema::NumaRoom& room) {
  const Fraction vcpu{room.used_vcpu_milli(), room.vcpu_milli()};
  const Fraction ram{room.used_ram_mib(), room.ram_mib()};
  return compare(vcpu, ram) < 0 ? ram : vcpu;
}

// In units of 2^-60. Fractions of amounts up to 10^9 that differ do so by 10^-18 at least, which is more than one.
std::uint64_t fixed_point(Fraction part_of_one) {
  const auto whole = static_cast<std::uint64_t>(part_of_one.whole);
  const auto shifted = static_cast<std::uint64_t>(part_of_one.part) << 30U;
  return (shifted / whole << 30U) + (shifted % whole << 30U) / whole;
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

PassedOver why_after(const Slot& slot, const Slot& chosen, const Need& need) {
  const auto why = why_not(slot, need);
  if (why != PassedOver::no) return why;
  if (slot.load == chosen.load) return PassedOver::as_loaded_later_by_name;
  return slot.load < chosen.load ? PassedOver::less_loaded : PassedOver::more_loaded;
}

// Takes the next slot in the order of choice into what will be told. False once that is enough.
bool consider(const Slot& slot, const Need& need, Placement& placement) {
  auto& [chosen, candidates] = placement;
  if (chosen != nullptr) {
    candidates.push_back({&slot, why_after(slot, *chosen, need)});
  } else if (can_take(slot, need)) {
    candidates.push_back({chosen = &slot});
  } else if (candidates.size() + 1 < candidates_max) {
    candidates.push_back({&slot, why_not(slot, need)});
  }
  return candidates.size() < candidates_max;
}

// Stable; a cell has few zones.
std::vector<Slot> by_zone(std::vector<Slot> slots) {
  std::map<std::string_view, std::vector<Slot>> zones;
  for (auto& slot : slots) {
    slot.load = load_of(*slot.room);
    zones[slot.zone()].push_back(slot);
  }
  slots.clear();
  for (const auto& [zone, in_zone] : zones) slots.insert(slots.end(), in_zone.begin(), in_zone.end());
  return slots;
}

std::vector<Standing> by_load(const std::vector<Slot>& slots) {
  std::vector<Standing> order;
  order.reserve(slots.size());
  for (const auto& slot : slots) order.push_back({slot.load, static_cast<std::uint32_t>(order.size())});
  std::ranges::sort(order);
  return order;
}

// Choices to come look at the slots behind this one's candidates, and in a large cell these are not in the cache: some
// choices before the slot itself is fetched, and later what it refers to. False if nothing is to be fetched behind it.
bool fetch_ahead(const Slot& slot, int places_ahead) {
  constexpr int row_ahead = 4;
  constexpr int slot_ahead = 8;
  if (places_ahead == slot_ahead) __builtin_prefetch(&slot);
  if (places_ahead != row_ahead) return places_ahead < slot_ahead;
  __builtin_prefetch(slot.room);
  __builtin_prefetch(slot.node.data());
  return true;
}

}  // namespace

// What uses more than there is comes behind all others, by how little of one there is for it.
std::uint64_t load_of(const schema::NumaRoom& room) {
  const auto [part, whole] = fuller_of(room);
  constexpr std::uint64_t one = 1ULL << 60U;
  return part <= whole ? fixed_point({part, whole}) : 2 * one - fixed_point({whole, part});
}

bool can_take(const Slot& slot, const Need& need) {
  return fits_vcpu(*slot.room, need) && fits_ram(*slot.room, need) && !failed_before(slot, need);
}

PassedOver why_not(const Slot& slot, const Need& need) {
  if (failed_before(slot, need)) return PassedOver::failed_before;
  const bool vcpu = fits_vcpu(*slot.room, need);
  const bool ram = fits_ram(*slot.room, need);
  if (vcpu && ram) return PassedOver::no;
  return vcpu ? PassedOver::no_room_ram : ram ? PassedOver::no_room_vcpu : PassedOver::no_room_vcpu_ram;
}

void LoadOrder::Block::append(std::span<const Standing> more) {
  std::ranges::copy(more, standings.begin() + size);
  size += more.size();
}

// Blocks begin half full, so that neither many nor few changes make a new one.
LoadOrder::LoadOrder(std::span<const Standing> sorted) : heads_(1), blocks_(1) {
  for (; !sorted.empty(); sorted = sorted.subspan(std::min(sorted.size(), block_max / 2))) {
    if (blocks_.back().size != 0) {
      heads_.push_back({sorted.front(), static_cast<std::uint32_t>(blocks_.size())});
      blocks_.emplace_back();
    }
    blocks_.back().append(sorted.first(std::min(sorted.size(), block_max / 2)));
  }
}

void LoadOrder::move(const Standing& from, const Standing& to) {
  erase(from);
  insert(to);
}

std::size_t LoadOrder::head_of(const Standing& standing) const {
  const auto after = std::upper_bound(heads_.begin() + 1, heads_.end(), standing,
                                      [](const Standing& one, const Head& head) { return one < head.from; });
  return static_cast<std::size_t>(after - heads_.begin()) - 1;
}

const Standing* LoadOrder::last_of_at_most(std::uint64_t load) const {
  const Standing last{load, std::numeric_limits<std::uint32_t>::max()};
  for (auto head = head_of(last) + 1; head-- > 0;) {
    const auto all = blocks_[heads_[head].block].all();
    const auto after = std::upper_bound(all.begin(), all.end(), last);
    if (after != all.begin()) return &*(after - 1);
  }
  return nullptr;
}

void LoadOrder::insert(const Standing& standing) {
  const auto head = head_of(standing);
  auto& [standings, size] = block_at(head);
  if (size == block_max) {
    split(head);
    return insert(standing);
  }
  const auto end = standings.begin() + size++;
  const auto at = std::lower_bound(standings.begin(), end, standing);
  std::move_backward(at, end, end + 1);
  *at = standing;
}

void LoadOrder::erase(const Standing& standing) {
  const auto head = head_of(standing);
  auto& [standings, size] = block_at(head);
  const auto end = standings.begin() + size--;
  const auto at = std::lower_bound(standings.begin(), end, standing);
  std::move(at + 1, end, at);
  if (size >= block_max / 4) return;
  join_if_small(head);
  if (head > 0) join_if_small(head - 1);
}

void LoadOrder::split(std::size_t head) {
  if (spare_.empty()) {
    spare_.push_back(static_cast<std::uint32_t>(blocks_.size()));
    blocks_.emplace_back();
  }
  const auto made = spare_.back();
  spare_.pop_back();
  auto& full = block_at(head);
  const auto upper = full.all().subspan(block_max / 2);
  blocks_[made].append(upper);
  full.size = block_max / 2;
  heads_.insert(heads_.begin() + head + 1, Head{blocks_[made].standings.front(), made});
}

// Takes the next block in, if the two fill half of one: there is room for many changes before it is split again.
void LoadOrder::join_if_small(std::size_t head) {
  if (head + 1 == heads_.size()) return;
  auto& next = block_at(head + 1);
  if (block_at(head).size + next.size > block_max / 2) return;
  block_at(head).append(next.all());
  next.size = 0;
  spare_.push_back(heads_[head + 1].block);
  heads_.erase(heads_.begin() + head + 1);
}

Slots::Slots(std::vector<Slot> slots) : slots_(by_zone(std::move(slots))), order_(by_load(slots_)) {
  for (const auto& slot : slots_) {
    vcpu_milli_max_ = std::max(vcpu_milli_max_, slot.room->vcpu_milli());
    ram_mib_max_ = std::max(ram_mib_max_, slot.room->ram_mib());
  }
}

void Slots::reorder(const Slot& slot) {
  const auto at = static_cast<std::uint32_t>(&slot - slots_.data());
  const auto load = load_of(*slot.room);
  if (load == slot.load) return;
  order_.move({slot.load, at}, {load, at});
  slots_[at].load = load;
}

// From here on every load is at least part/whole in one dimension or the other, so at most (1 - part/whole) of the
// largest total is free in that one.
bool Slots::none_fits_from(const Slot& slot, const Need& need) const {
  const auto load = fuller_of(*slot.room);
  const auto free = load.whole - load.part;
  if (free <= 0) return need.vcpu_milli > 0 && need.ram_mib > 0;
  return need.vcpu_milli * load.whole > free * vcpu_milli_max_ && need.ram_mib * load.whole > free * ram_mib_max_;
}

// What is used and what is needed is at most all there is, in both dimensions; the load is one of them. The fixed point
// rounds this bound as it rounds the loads, so what is equal stays equal.
std::uint64_t Slots::most_load_with_room(const Need& need) const {
  return std::max(fixed_point({vcpu_milli_max_ - need.vcpu_milli, vcpu_milli_max_}),
                  fixed_point({ram_mib_max_ - need.ram_mib, ram_mib_max_}));
}

void Slots::look_upwards(const Need& need, Placement& placement) const {
  int places_ahead = 0;
  order_.each([&](std::uint32_t at) {
    const auto& slot = slots_[at];
    if (placement.candidates.size() == candidates_max) return fetch_ahead(slot, ++places_ahead);
    consider(slot, need, placement);
    return placement.chosen != nullptr || !none_fits_from(slot, need);
  });
}

void Slots::look_downwards(const Need& need, Placement& placement) const {
  order_.each_down(most_load_with_room(need), [&](std::uint32_t at) { return consider(slots_[at], need, placement); });
}

Placement Slots::choose(const Need& need, schema::PlacementOrder order) const {
  // Also keeps the products of the search within their bounds.
  if (slots_.empty() || need.vcpu_milli < 0 || need.ram_mib < 0) return {};
  if (need.vcpu_milli > vcpu_milli_max_ || need.ram_mib > ram_mib_max_) return {};
  Placement placement;
  if (order == schema::PlacementOrder::bin_pack) {
    look_downwards(need, placement);
  } else {
    look_upwards(need, placement);
  }
  if (placement.chosen == nullptr) placement.candidates.clear();
  return placement;
}

const Slot* Slots::find(std::string_view zone, std::string_view node, std::uint32_t numa) const {
  const auto place_of = [](const Slot& slot) {
    return std::tuple(std::string_view(slot.zone()), slot.node, slot.numa);
  };
  const std::tuple place(zone, node, numa);
  const auto found = std::ranges::lower_bound(slots_, place, {}, place_of);
  return found != slots_.end() && place_of(*found) == place ? &*found : nullptr;
}

bool Slots::has_untried(const std::vector<std::string>& failed_nodes) const {
  const auto untried = [&](const Slot& slot) {
    return std::ranges::find(failed_nodes, slot.node) == failed_nodes.end();
  };
  return std::ranges::any_of(slots_, untried);
}

bool Slots::in_order() const {
  Standing last;
  std::size_t told = 0;
  order_.each([&](std::uint32_t at) {
    const Standing next{load_of(*slots_[at].room), at};
    if (next.load != slots_[at].load || (told > 0 && next <= last)) return false;
    last = next;
    return ++told, true;
  });
  return told == slots_.size();
}

}  // namespace virtscale::orchestration
