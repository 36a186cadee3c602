// Values as people write them in documents and settings. Properties: a value is read, or it is said what is wrong and
// the value stays as it was; what was read is within its bounds, and reads the same when it is printed.
#include "compose/settings/units.hpp"
#include "tests/fuzz/input.hpp"

namespace virtscale::fuzz {
namespace {

// `untouched` is no value that the reader gives.
template <class Value, class Read>
bool reads(std::string_view text, Read read, Value& value) {
  const auto untouched = value;
  const auto fault = read(text, value);
  check(fault.size() < 1'000, "a fault is short", fault);
  if (!fault.empty()) check(value == untouched, "a value with a fault is not changed", text);
  return fault.empty();
}

template <class Read>
void check_number(std::string_view text, Read read, std::int64_t last, std::string_view unit) {
  std::int64_t value = -1;
  if (!reads(text, read, value)) return;
  check(value >= 0 && value <= last, "an amount is within its bounds", text);
  std::int64_t again = -1;
  const auto printed = std::to_string(value) + std::string(unit);
  check(read(printed, again).empty() && again == value, "an amount that is printed reads the same", printed);
}

void check_duration(std::string_view text) {
  Duration duration{-1};
  if (!reads(text, read_duration, duration)) return;
  Duration again;
  const auto printed = std::to_string(duration.us / 1'000) + "ms";
  check(duration.us >= 0 && duration <= duration_max, "a duration is within its bounds", text);
  check(read_duration(printed, again).empty() && again == duration, "a duration that is printed reads the same", text);
}

template <class Read>
void check_text(std::string_view text, Read read, std::size_t bytes_max) {
  std::string value = "\n";
  if (!reads(text, read, value)) return;
  const auto is_plain = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; };
  check(value == text, "a text is taken as it stands", text);
  check(!value.empty() && value.size() <= bytes_max, "a text is within its bounds", text);
  check(std::all_of(value.begin(), value.end(), is_plain), "a text has no control characters", text);
}

}  // namespace
}  // namespace virtscale::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtscale;
  const auto text = fuzz::Input(data, size).rest();
  fuzz::check_duration(text);
  fuzz::check_number(text, read_mebibytes, size_mib_max, "MiB");
  fuzz::check_number(text, read_gibibytes, size_mib_max / 1'024, "GiB");
  fuzz::check_number(text, read_vcpu, vcpu_milli_max, "m");
  std::int32_t percent = -1;
  if (fuzz::reads(text, read_percent, percent)) fuzz::check(percent >= 0 && percent <= 1'000, "a percentage", text);
  std::int64_t integer = std::int64_t{1} << 62U;
  fuzz::reads(text, read_integer, integer);
  fuzz::check_text(text, read_date, 10);
  fuzz::check_text(text, read_name, name_bytes_max);
  fuzz::check_text(text, read_node_name, node_name_bytes_max);
  fuzz::check_text(text, read_mail_address, 254);
  fuzz::check_text(text, read_prefix, 64);
  fuzz::check_text(text, read_cron, 256);
  fuzz::check_text(text, read_zone, 63);
  return 0;
}
