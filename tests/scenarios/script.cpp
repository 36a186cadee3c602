#include "tests/scenarios/script.hpp"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace virtscale::test {
namespace {

// `HH:MM:SS.mmm`, as time since midnight.
std::optional<Duration> time_of_day(const std::string& word) {
  int hour = 0, minute = 0, second = 0, milli = 0, end = 0;
  if (std::sscanf(word.c_str(), "%2d:%2d:%2d.%3d%n", &hour, &minute, &second, &milli, &end) != 4) return {};
  if (static_cast<std::size_t>(end) != word.size()) return {};
  return seconds(hour * 3'600 + minute * 60 + second) + milliseconds(milli);
}

// Midnight of `day 2026-04-21 +01:00`.
Instant midnight(const Command& command) {
  int year = 0;
  unsigned month = 0, day = 0;
  int offset_hours = 0, offset_minutes = 0;
  if (command.words.size() != 3 || std::sscanf(command.words[1].c_str(), "%4d-%2u-%2u", &year, &month, &day) != 3 ||
      std::sscanf(command.words[2].c_str(), "%3d:%2d", &offset_hours, &offset_minutes) != 2) {
    throw std::runtime_error("line " + std::to_string(command.line) + ": expected `day YYYY-MM-DD +HH:MM`");
  }
  const std::chrono::sys_days days = std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
  return Instant{} + hours(days.time_since_epoch().count() * 24 - offset_hours) + seconds(-offset_minutes * 60);
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text.substr(0, text.find('#')));
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

}  // namespace

std::vector<Command> read_script(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file);
  std::vector<Command> commands;
  Instant day;
  int number = 0;
  for (std::string text; std::getline(in, text);) {
    ++number;
    if (text.starts_with("  ") && !commands.empty()) {
      commands.back().block += text.substr(2) + "\n";
      continue;
    }
    Command command{.line = number, .at = {}, .words = words_of(text), .block = {}};
    if (command.words.empty()) continue;
    if (command.words[0] == "day") {
      day = midnight(command);
      continue;
    }
    if (const auto time = time_of_day(command.words[0])) {
      command.at = day + *time;
      command.words.erase(command.words.begin());
    }
    commands.push_back(std::move(command));
  }
  return commands;
}

}  // namespace virtscale::test
