#include "replay/postmortem/business_days.hpp"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>

#include "replay/command.hpp"
#include "replay/text.hpp"

namespace virtscale::replay {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t line_bytes_max = 1'000;
constexpr std::int64_t us_per_day = 86'400'000'000;

std::string trimmed(std::string text) {
  constexpr const char* blank = " \t\r\"'";
  const auto begin = text.find_first_not_of(blank);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

bool is_zone(const std::string& name) {
  return name == "UTC" || (!name.empty() && name.find("..") == name.npos && name.front() != '/' &&
                           fs::is_regular_file("/usr/share/zoneinfo/" + name));
}

// Reads one calendar, line by line, and names the line in what it throws.
class Reader {
 public:
  explicit Reader(const fs::path& file) : file_(file) { calendar_.name = file.filename().string(); }

  Calendar read() {
    std::ifstream in(file_);
    if (!in) throw UsageError(file_.string() + ": cannot be read (name a calendar's file with --calendar)");
    for (std::string line; std::getline(in, line);) {
      ++number_;
      if (line.size() > line_bytes_max) fail("is too long for a calendar");
      take(trimmed(line.substr(0, line.find('#'))));
    }
    return std::move(calendar_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw UsageError(file_.string() + ":" + std::to_string(number_) + ": " + what);
  }

  void take(std::string text) {
    if (text.empty() || text == "---" || text == "holidays:") return;
    if (text.starts_with("name:")) return void(calendar_.name = trimmed(text.substr(5)));
    if (text.starts_with("zone:")) {
      calendar_.zone = trimmed(text.substr(5));
      if (!is_zone(calendar_.zone)) fail(calendar_.zone + " is no time zone: write one as Europe/Berlin, or UTC");
      return;
    }
    if (text.starts_with("- ")) text = trimmed(text.substr(2));
    const auto at = text.size() == 10 ? parse_instant(text) : std::nullopt;
    if (!at) fail("`" + text + "` is no date: write it as 2026-05-01, or `name:` and `zone:`");
    if (calendar_.holidays.size() == holidays_max) fail("there are too many holidays for a calendar");
    calendar_.holidays.insert(std::chrono::sys_days(std::chrono::days(at->us / us_per_day)));
  }

  const fs::path& file_;
  Calendar calendar_;
  std::size_t number_ = 0;
};

}  // namespace

Calendar read_calendar(const fs::path& file) {
  return Reader(file).read();
}

std::chrono::sys_days day_of(Instant at, const Calendar& calendar) {
  // The C library knows the zones, and takes the one to use from the environment only.
  setenv("TZ", calendar.zone.c_str(), 1);
  tzset();
  const auto second = static_cast<std::time_t>(at.us / 1'000'000);
  std::tm local{};
  localtime_r(&second, &local);
  return std::chrono::sys_days(std::chrono::year(local.tm_year + 1'900) / (local.tm_mon + 1) / local.tm_mday);
}

std::chrono::sys_days business_day_after(std::chrono::sys_days day, int count, const Calendar& calendar) {
  while (count > 0) {
    day += std::chrono::days(1);
    const std::chrono::weekday weekday(day);
    const bool is_weekend = weekday == std::chrono::Saturday || weekday == std::chrono::Sunday;
    if (!is_weekend && !calendar.holidays.contains(day)) --count;
  }
  return day;
}

std::string to_text(std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  return text;
}

}  // namespace virtscale::replay
