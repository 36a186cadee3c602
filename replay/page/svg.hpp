// A picture: shapes on a canvas, written as SVG that stands within a page.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace virtscale::replay {

struct SvgPoint {
  double x = 0;
  double y = 0;
};

enum class SvgAnchor : unsigned char { start, middle, end };

/// Colours that stay apart in print and for eyes that do not tell red from green.
namespace ink {
inline constexpr std::string_view text = "#1b1f24";
inline constexpr std::string_view soft = "#57606a";
inline constexpr std::string_view grid = "#d8dee4";
inline constexpr std::string_view blue = "#2f6db3";
inline constexpr std::string_view orange = "#d9822b";
inline constexpr std::string_view green = "#3c8c5a";
inline constexpr std::string_view pale_green = "#a3d3b4";
inline constexpr std::string_view red = "#b4232f";
inline constexpr std::string_view grey = "#9aa4ae";
}  // namespace ink

class Svg {
 public:
  /// Units are those of the drawing; a page scales it to its width. `label` is what a screen reader says.
  Svg(double width, double height, std::string_view label);

  void rectangle(SvgPoint corner, double width, double height, std::string_view fill);
  void line(SvgPoint from, SvgPoint to, std::string_view stroke, std::string_view dashes = "");
  /// `style`: more attributes of the stroke, such as `stroke-dasharray="6 4"`.
  void polyline(const std::vector<SvgPoint>& points, std::string_view stroke, std::string_view style = "");
  void dot(SvgPoint at, std::string_view fill);
  void text(SvgPoint at, std::string_view text, SvgAnchor anchor = SvgAnchor::start, std::string_view fill = ink::text);

  /// The whole `<svg>` element.
  std::string finish();

 private:
  std::string body_;
};

}  // namespace virtscale::replay
