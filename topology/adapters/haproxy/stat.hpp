// What HAProxy's `show stat` and `show info` say, read by the names in their headers.
//
// The one thing to know: an administrative drain cannot be seen while a server is DOWN: `status` is DOWN then.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace virtscale::haproxy {

/// One row of `show stat`, the columns that matter.
struct StatRow {
  std::string proxy;
  std::string name;     ///< of the server; BACKEND for the backend as a whole
  std::string status;   ///< UP, `UP 1/3`, DOWN, DRAIN, MAINT, `no check`, ...
  std::string check;    ///< INI before the first check, then L4OK, L7OK, L4CON, ...; empty in maintenance
  std::string address;  ///< `127.0.0.1:8080`
  std::int64_t sessions = 0;
  std::int64_t queued = 0;

  bool takes_traffic() const { return status.starts_with("UP") || status == "no check"; }
  bool check_passed() const { return check == "L4OK" || check == "L6OK" || check.starts_with("L7OK"); }
  bool in_maintenance() const { return status.starts_with("MAINT"); }
  bool drains() const { return status.starts_with("DRAIN"); }
  bool idle() const { return sessions == 0 && queued == 0; }
};

/// The rows of a `show stat` in CSV (RFC 4180 quotes); nothing if the text is not one with the columns that are needed.
std::optional<std::vector<StatRow>> parse_stat(std::string_view csv);

/// The lines `name: value` of a `show info`.
std::map<std::string, std::string, std::less<>> parse_info(std::string_view text);

}  // namespace virtscale::haproxy
