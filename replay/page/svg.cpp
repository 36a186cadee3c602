#include "replay/page/svg.hpp"

#include <cstdio>

#include "replay/page/html.hpp"

namespace virtscale::replay {
namespace {

std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::string attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + escaped(value) + "\"";
}

std::string_view name_of(SvgAnchor anchor) {
  return anchor == SvgAnchor::start ? "start" : anchor == SvgAnchor::middle ? "middle" : "end";
}

std::string stroke_of(std::string_view stroke, std::string_view dashes) {
  return attribute("stroke", stroke) + (dashes.empty() ? "" : attribute("stroke-dasharray", dashes));
}

}  // namespace

Svg::Svg(double width, double height, std::string_view label) {
  body_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"" + attribute("aria-label", label) +
          attribute("viewBox", "0 0 " + number(width) + " " + number(height)) + " font-size=\"13\">\n";
}

void Svg::rectangle(SvgPoint corner, double width, double height, std::string_view fill) {
  body_ += "<rect" + attribute("x", number(corner.x)) + attribute("y", number(corner.y)) +
           attribute("width", number(width)) + attribute("height", number(height)) + attribute("fill", fill) + "/>\n";
}

void Svg::line(SvgPoint from, SvgPoint to, std::string_view stroke, std::string_view dashes) {
  body_ += "<line" + attribute("x1", number(from.x)) + attribute("y1", number(from.y)) + attribute("x2", number(to.x)) +
           attribute("y2", number(to.y)) + stroke_of(stroke, dashes) + "/>\n";
}

void Svg::polyline(const std::vector<SvgPoint>& points, std::string_view stroke, std::string_view style) {
  std::string path;
  for (const auto& point : points) path += (path.empty() ? "" : " ") + number(point.x) + "," + number(point.y);
  body_ += "<polyline" + attribute("points", path) + " fill=\"none\"" + attribute("stroke", stroke) + " " +
           std::string(style) + "/>\n";
}

void Svg::dot(SvgPoint at, std::string_view fill) {
  body_ += "<circle" + attribute("cx", number(at.x)) + attribute("cy", number(at.y)) + " r=\"4\"" +
           attribute("fill", fill) + "/>\n";
}

void Svg::text(SvgPoint at, std::string_view text, SvgAnchor anchor, std::string_view fill) {
  body_ += "<text" + attribute("x", number(at.x)) + attribute("y", number(at.y)) +
           attribute("text-anchor", name_of(anchor)) + attribute("fill", fill) + ">" + escaped(text) + "</text>\n";
}

std::string Svg::finish() {
  return std::move(body_) + "</svg>";
}

}  // namespace virtscale::replay
