// What the commands share: reading answers, complaining in one line, and tables for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compose/cli/commands.hpp"
#include "replay/text.hpp"

namespace boost::json {
class array;
class value;
}  // namespace boost::json

namespace virtscale::cli {

/// The answer's body as JSON; null if it is none.
boost::json::value json_of(const HttpAnswer& answer);

/// Prints JSON on one line.
void print_json(const boost::json::value& value);

/// A member as text: a string as it is, a number in digits; empty if it is absent or null.
std::string text_of(const boost::json::value& object, std::string_view member);
/// A member as an integer; 0 if it is absent.
std::int64_t integer_of(const boost::json::value& object, std::string_view member);
/// The elements of an array member; none if it is absent.
const boost::json::array& array_of(const boost::json::value& object, std::string_view member);
/// A member that is an object; an empty one if it is absent.
const boost::json::value& object_of(const boost::json::value& object, std::string_view member);

/// Complains about an answer that is not a success, and gives the exit status that it stands for: its problem document
/// (RFC 9457) says what is wrong.
Exit complain_about(const Context& context, const HttpAnswer& answer, std::string_view asked);

using replay::print_table;

/// 90000 of unit `mvcpu` as `90 vCPU`, 442368 of `MiB` as `432 GiB`, 11264 of `GiB` as `11 TiB`; exact.
std::string quantity(std::int64_t amount, std::string_view unit);

/// Microseconds UTC as `2026-04-21T02:14:00.122Z`.
std::string instant(std::int64_t us);
/// Microseconds as `12.296 s`.
std::string seconds_text(std::int64_t us);

}  // namespace virtscale::cli
