#include "compose/cli/postmortem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <span>
#include <tuple>

#include "compose/cli/printing.hpp"
#include "stages/signal/calendar/civil.hpp"
#include "stages/signal/calendar/zone.hpp"
#include "topology/contract/sha256.hpp"

namespace virtscale::cli {
namespace json = boost::json;
namespace {

// --- A draft's head ------------------------------------------------------------------------------------------------

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == text.npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(' ') - begin + 1));
}

// The cells of a row of a Markdown table, without the backslashes of what is escaped; none for other lines.
std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> cells;
  if (!line.starts_with('|')) return cells;
  std::string cell;
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size()) {
      cell += line[++i];
    } else if (line[i] == '|') {
      cells.push_back(trimmed(std::exchange(cell, {})));
    } else {
      cell += line[i];
    }
  }
  return cells;
}

// Calls `visit(number, line)` for each line until it returns false.
template <class Visit>
void each_line(std::string_view text, Visit visit) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!visit(number, line)) return;
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
}

void take_row(std::string_view line, PostmortemHead& head) {
  const auto cells = cells_of(line);
  if (cells.size() != 2) return;
  const auto& [name, value] = std::tie(cells[0], cells[1]);
  if (name == "Org") head.org = value;
  if (name == "Due") head.due = value;
  if (name == "Status") head.status = value;
  // Behind the calendar stands its record; several events are counted, not named.
  if (name == "Calendar" && value != "none") head.calendar = trimmed(value.substr(0, value.find('[')));
  if (name == "Scale event" && value.starts_with("evt-")) head.event = value;
}

bool is_open(std::string_view line) {
  if (line.find("To be written.") != line.npos) return true;
  const auto cells = cells_of(line);
  if (cells.size() == 2 && cells[0] == "Status") return cells[1] == "Draft";
  return std::ranges::find(cells, "to be written") != cells.end();
}

// --- A file --------------------------------------------------------------------------------------------------------

struct Draft {
  std::string name;
  std::string markdown;
  PostmortemHead head;
};

// Throws std::runtime_error with what is wrong and what to do.
Draft read_draft(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  Draft draft;
  draft.markdown.resize(postmortem_bytes_max + 1);
  in.read(draft.markdown.data(), static_cast<std::streamsize>(draft.markdown.size()));
  if (!in && !in.eof()) throw std::runtime_error("cannot read " + file + ": check the name and its permissions");
  draft.markdown.resize(static_cast<std::size_t>(in.gcount()));
  if (draft.markdown.size() > postmortem_bytes_max)
    throw std::runtime_error(file + " has more than 16 MiB: is it the Markdown of a postmortem?");
  const auto head = read_head(draft.markdown);
  if (!head) {
    throw std::runtime_error(file +
                             " has no head of a postmortem, a table with Status, Due and Org before the first section: "
                             "name the .md that `virtscale-replay postmortem` wrote");
  }
  draft.head = *head;
  draft.name = std::filesystem::path(file).stem().string();
  return draft;
}

std::string sha256_of(std::string_view text) {
  std::string hex;
  for (const auto byte : sha256(std::as_bytes(std::span(text))))
    hex += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return hex;
}

Exit send(const Context& context, const Draft& draft, const std::string& where, const json::object& body) {
  const auto path = "/v1/orgs/" + escaped(draft.head.org) + "/postmortems" + where;
  const auto answer = ask(context.client, "POST", path, json::serialize(body), {"Content-Type: application/json"});
  if (answer.status != 200) return complain_about(context, answer, draft.name);
  const auto said = json_of(answer);
  if (context.format == Format::json) {
    print_json(said);
  } else {
    fmt::print("{} {}: due {}\n", draft.name, text_of(said, "code"), draft.head.due);
  }
  return Exit::done;
}

Exit add(const Context& context, const std::string& file) {
  const auto draft = read_draft(file);
  json::object body = {{"name", draft.name}, {"sha256", sha256_of(draft.markdown)}, {"due", draft.head.due}};
  if (!draft.head.event.empty()) body["event"] = draft.head.event;
  if (!draft.head.calendar.empty()) body["calendar"] = draft.head.calendar;
  return send(context, draft, "", body);
}

Exit close(const Context& context, const std::string& file) {
  const auto draft = read_draft(file);
  if (const auto place = first_open_place(draft.markdown)) {
    complain(context,
             fmt::format("{}:{}: not closed, since this is still to be written: {}", file, place->line, place->text));
    return Exit::failed;
  }
  return send(context, draft, "/closed", {{"name", draft.name}, {"sha256", sha256_of(draft.markdown)}});
}

Exit each_file(const Context& context, const std::vector<std::string>& files,
               Exit (*what)(const Context&, const std::string&)) {
  for (const auto& file : files) {
    if (const auto exit = what(context, file); exit != Exit::done) return exit;
  }
  return Exit::done;
}

// --- The list ------------------------------------------------------------------------------------------------------

// A zone that this machine does not know counts as UTC: at most half a day off.
std::string today_in(const std::string& zone_name) {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  const Instant now{std::chrono::duration_cast<std::chrono::microseconds>(since_1970).count()};
  const auto zone = signal::load_zone(zone_name);
  const auto local_s = zone ? zone->local_seconds(now) : now.us / 1'000'000;
  const auto day = signal::civil_of(signal::floor_div(local_s, signal::day_s));
  return fmt::format("{:04}-{:02}-{:02}", day.year, day.month, day.day);
}

int rank_of(std::string_view standing) {
  return standing == "overdue" ? 0 : standing == "due" ? 1 : 2;
}

json::array judged(const json::value& list) {
  json::array rows = array_of(list, "postmortems");
  for (auto& row : rows) {
    const auto standing = standing_of(text_of(row, "state"), text_of(row, "due"), today_in(text_of(row, "zone")));
    row.as_object()["state"] = standing;
  }
  const auto key = [](const json::value& row) {
    return std::tuple(rank_of(text_of(row, "state")), text_of(row, "due"), text_of(row, "org"), text_of(row, "name"));
  };
  std::sort(rows.begin(), rows.end(), [&](const json::value& a, const json::value& b) { return key(a) < key(b); });
  return rows;
}

void print_rows(const json::array& postmortems) {
  std::vector<std::vector<std::string>> rows{{"STATE", "DUE", "ORG", "POSTMORTEM", "EVENT", "CALENDAR"}};
  for (const auto& one : postmortems) {
    const auto event = text_of(one, "event");
    const auto calendar = text_of(one, "calendar");
    rows.push_back({text_of(one, "state"), text_of(one, "due"), text_of(one, "org"), text_of(one, "name"),
                    event.empty() ? "several" : event, calendar.empty() ? "Monday to Friday, UTC" : calendar});
  }
  print_table(rows);
}

}  // namespace

std::optional<PostmortemHead> read_head(std::string_view markdown) {
  PostmortemHead head;
  each_line(markdown, [&](std::size_t, std::string_view line) {
    take_row(line, head);
    return !line.starts_with("## ");
  });
  if (head.org.empty() || head.due.empty() || head.status.empty()) return std::nullopt;
  return head;
}

std::optional<OpenPlace> first_open_place(std::string_view markdown) {
  std::optional<OpenPlace> first;
  each_line(markdown, [&](std::size_t number, std::string_view line) {
    if (is_open(line)) first = {number, std::string(line)};
    return !first;
  });
  return first;
}

std::string_view standing_of(std::string_view state, std::string_view due, std::string_view today) {
  if (state == "closed") return "done";
  return due < today ? "overdue" : "due";
}

Exit postmortem_add(const Context& context, const std::vector<std::string>& files) {
  return each_file(context, files, &add);
}

Exit postmortem_close(const Context& context, const std::vector<std::string>& files) {
  return each_file(context, files, &close);
}

Exit postmortem_list(const Context& context, const std::string& org) {
  const auto answer =
      ask(context.client, "GET", "/v1/postmortems" + (org.empty() ? std::string() : "?org=" + escaped(org)));
  if (answer.status != 200) return complain_about(context, answer, "postmortems");
  auto list = json_of(answer);
  auto rows = judged(list);
  if (context.format == Format::json) {
    list.as_object()["postmortems"] = std::move(rows);
    print_json(list);
    return Exit::done;
  }
  print_rows(rows);
  if (text_of(list, "complete") == "false") complain(context, "there are more than are listed: name one --org");
  return Exit::done;
}

}  // namespace virtscale::cli
