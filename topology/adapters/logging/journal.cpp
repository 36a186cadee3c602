#include "topology/adapters/logging/journal.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <string>

namespace virtscale {
namespace {

constexpr std::size_t value_bytes_max = 4'096;

spdlog::level::level_enum level_of(Severity severity) {
  switch (severity) {
    case Severity::debug:
      return spdlog::level::debug;
    case Severity::info:
      return spdlog::level::info;
    case Severity::warning:
      return spdlog::level::warn;
    default:
      return spdlog::level::err;
  }
}

// A JSON string's inside, which is also how text stays on one line.
std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value.substr(0, value_bytes_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      text += fmt::format("\\u{:04x}", static_cast<unsigned>(byte));
    } else {
      text += c;
    }
  }
  return text;
}

class SpdlogJournal final : public Journal {
 public:
  SpdlogJournal(Severity least, JournalFormat format)
      : format_(format), logger_("virtscale", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger_.set_level(level_of(least));
    logger_.set_pattern(format == JournalFormat::json ? R"({"at":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l",%v})"
                                                      : "%Y-%m-%dT%H:%M:%S.%fZ %-7l %v",
                        spdlog::pattern_time_type::utc);
  }

  void write(const JournalEntry& entry) noexcept override {
    try {
      logger_.log(level_of(entry.severity), format_ == JournalFormat::json ? json(entry) : text(entry));
    } catch (...) {
      // A journal that cannot be written must not stop what it tells of.
    }
  }

 private:
  static std::string json(const JournalEntry& entry) {
    auto line = fmt::format(R"("message":"{}")", escaped(entry.message));
    if (!entry.stage.empty()) line += fmt::format(R"(,"stage":"{}")", entry.stage);
    if (entry.scale) line += fmt::format(R"(,"event":"{}")", to_string(entry.scale));
    for (const auto& field : entry.fields) line += fmt::format(R"(,"{}":"{}")", field.name, escaped(field.value));
    return line;
  }

  static std::string text(const JournalEntry& entry) {
    std::string line;
    if (!entry.stage.empty()) line += fmt::format("{}: ", entry.stage);
    line += escaped(entry.message);
    if (entry.scale) line += " event=" + to_string(entry.scale);
    for (const auto& field : entry.fields) line += fmt::format(" {}=\"{}\"", field.name, escaped(field.value));
    return line;
  }

  JournalFormat format_;
  spdlog::logger logger_;
};

}  // namespace

std::unique_ptr<Journal> make_journal(Severity least, JournalFormat format) {
  return std::make_unique<SpdlogJournal>(least, format);
}

}  // namespace virtscale
