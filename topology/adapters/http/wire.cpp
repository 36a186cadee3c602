#include "topology/adapters/http/wire.hpp"

#include <array>
#include <ctime>

namespace virtscale {

HttpResponse problem(unsigned status, std::string_view title, std::string_view detail) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body.append(R"({"type":"about:blank","title":")").append(title);
  response.body.append(R"(","status":)").append(std::to_string(status));
  response.body.append(R"(,"detail":")").append(detail).append("\"}\n");
  return response;
}

std::string http_date() {
  const auto now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (auto& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lowered;
}

std::string one_line(std::string value) {
  for (auto& c : value) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return value;
}

}  // namespace virtscale
