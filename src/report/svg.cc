#include "report/svg.h"

#include <fmt/format.h>

#include "text/unicode/unicode.h"

namespace deepscaler {
namespace {

constexpr std::string_view kEllipsis = "\u2026";

// Widths of DejaVu Sans as shares of the size, rounded up.
double width_of(char32_t code) {
  if (code >= 0x1F000) return 1.4;  // pictures
  if (code == U'\u2026') return 1.0;
  if (code >= 0x1100) return 1.05;  // Chinese, Japanese, Korean
  if (code >= 0x80) return 0.9;
  const auto is_one_of = [&](std::string_view set) { return set.find(static_cast<char>(code)) != set.npos; };
  if (is_one_of("mwMW@%")) return 1.0;
  if (is_one_of("ijl.,:;'|! ft()[]-I/")) return 0.42;
  if (code >= 'A' && code <= 'Z') return 0.79;
  if (is_one_of("+<=>~#")) return 0.84;
  return 0.65;
}

std::string one_line(std::string_view text) {
  std::string line;
  const std::string valid = repaired_utf8(text);
  for (size_t at = 0; at < valid.size();) {
    const Utf8Char c = utf8_char_at(valid, at);
    append_utf8(is_white_space(c.code) ? U' ' : is_printable(c.code) ? c.code : U'\uFFFD', line);
    at += c.bytes;
  }
  return line;
}

std::string_view name_of(Anchor anchor) {
  switch (anchor) {
    case Anchor::kStart:
      return "start";
    case Anchor::kMiddle:
      return "middle";
    case Anchor::kEnd:
      return "end";
  }
  return "";
}

// The longest beginning of `text` that fits, with an ellipsis where it is not all.
std::string cut(const TextStyle& style, std::string_view text, double width) {
  if (text_width(style, text) <= width) return std::string(text);
  size_t end = 0;
  for (size_t next = 0; next < text.size();) {
    next += utf8_char_at(text, next).bytes;
    if (text_width(style, std::string(text.substr(0, next)) + std::string(kEllipsis)) > width) break;
    end = next;
  }
  while (end > 0 && text[end - 1] == ' ') --end;
  return std::string(text.substr(0, end)) + std::string(kEllipsis);
}

// Where the first line of `text` ends so that it fits: after a word, or 0 where not even one word fits.
size_t end_of_words(const TextStyle& style, std::string_view text, double width) {
  size_t end = 0;
  for (size_t space = text.find(' '); space != text.npos; space = text.find(' ', space + 1)) {
    if (text_width(style, text.substr(0, space)) > width) break;
    end = space;
  }
  return end;
}

}  // namespace

std::string xml_text(std::string_view text) {
  std::string safe;
  for (char c : one_line(text)) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

double text_width(const TextStyle& style, std::string_view text) {
  const std::string line = one_line(text);
  double width = 0;
  for (size_t at = 0; at < line.size();) {
    const Utf8Char c = utf8_char_at(line, at);
    width += width_of(c.code);
    at += c.bytes;
  }
  return width * style.size * (style.bold ? 1.12 : 1);
}

std::vector<std::string> fitted_lines(const TextStyle& style, std::string_view text, double width,
                                      size_t lines) {
  const std::string line = one_line(text);
  std::string_view rest = line;
  std::vector<std::string> fitted;
  while (fitted.size() + 1 < lines && text_width(style, rest) > width) {
    const size_t end = end_of_words(style, rest, width);
    if (end == 0) break;
    fitted.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  fitted.push_back(cut(style, rest, width));
  return fitted;
}

void SvgImage::rectangle(std::string_view colour, Point corner, double width, double height) {
  elements_ +=
      fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>\n",
                  colour, corner.x, corner.y, width, height);
}

void SvgImage::line(std::string_view colour, Point from, Point to) {
  elements_ += fmt::format("<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n",
                           colour, from.x, from.y, to.x, to.y);
}

void SvgImage::curve(std::string_view colour, const std::vector<Point>& points) {
  if (points.size() < 2) return;
  std::string places;
  for (const Point& p : points) places += fmt::format("{}{:.1f},{:.1f}", places.empty() ? "" : " ", p.x, p.y);
  elements_ += fmt::format("<polyline class=\"{}\" points=\"{}\"/>\n", colour, places);
}

void SvgImage::disc(std::string_view colour, Point centre, double radius) {
  elements_ += fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\"/>\n", colour,
                           centre.x, centre.y, radius);
}

void SvgImage::text(const TextStyle& style, Point at, std::string_view text) {
  elements_ += fmt::format(
      "<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{:g}\" text-anchor=\"{}\"{}>{}</text>\n",
      style.colour, at.x, at.y, style.size, name_of(style.anchor), style.bold ? " font-weight=\"bold\"" : "",
      xml_text(text));
}

}  // namespace deepscaler
