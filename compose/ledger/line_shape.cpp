#include "compose/ledger/line_shape.hpp"

#include <charconv>

#include "compose/ledger/json_text.hpp"

namespace virtscale::ledger {

void put_head(LineHead& head, HeadField field, std::string_view value) {
  if (field == HeadField::org) head.org = value;
  if (field == HeadField::event) head.event = value;
  if (field != HeadField::index) return;
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), index);
  if (error == std::errc{} && end == value.data() + value.size()) head.index = index;
}

void LineShape::put_value(std::string_view fixed, bool is_string, HeadField field) {
  fixed_.append(fixed);
  values_.push_back({static_cast<std::uint32_t>(fixed.size()), is_string, field});
}

void LineShape::end(std::string_view fixed) {
  fixed_.append(fixed);
}

bool LineShape::matches(std::string_view line, LineHead& head) const {
  const char* at = line.data();
  const char* const end = at + line.size();
  std::string_view fixed = fixed_;
  for (const auto& value : values_) {
    if (!std::string_view(at, end).starts_with(fixed.substr(0, value.fixed_bytes))) return false;
    at += value.fixed_bytes;
    fixed.remove_prefix(value.fixed_bytes);
    const char* const first = at;
    at = value.is_string ? plain_end(at, end) : integer_end(at, end);
    if (at == nullptr) return false;
    if (value.field != HeadField::none) put_head(head, value.field, {first, at});
  }
  return std::string_view(at, end) == fixed;
}

}  // namespace virtscale::ledger
