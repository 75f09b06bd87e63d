// An SVG image (W3C, SVG 1.1) put together element by element, and how wide its texts are.
//
// Coordinates are in pixels, x to the right and y down. Colours come from the image's style sheet, through
// the class that each element is given.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace deepscaler {

enum class Anchor { kStart, kMiddle, kEnd };  // the point of a text that stands at its x

struct TextStyle {
  std::string_view colour;  // class
  double size = 12;         // pixels
  Anchor anchor = Anchor::kStart;
  bool bold = false;
};

struct Point {
  double x = 0, y = 0;
};

// For one thread.
class SvgImage {
 public:
  void rectangle(std::string_view colour, Point corner, double width, double height);
  void line(std::string_view colour, Point from, Point to);
  void curve(std::string_view colour, const std::vector<Point>& points);  // nothing for fewer than two points
  void disc(std::string_view colour, Point centre, double radius);
  // `text` is any bytes: what XML or a line of text can't hold is shown as U+FFFD. `at` is on the base line.
  void text(const TextStyle& style, Point at, std::string_view text);

  // The elements so far, in the order in which they were drawn.
  [[nodiscard]] const std::string& elements() const { return elements_; }

 private:
  std::string elements_;
};

// `text` as XML may hold it, in an element or an attribute; any bytes.
[[nodiscard]] std::string xml_text(std::string_view text);

// An upper bound of the width of `text` in pixels. The font is the reader's own, so the bound is that of
// DejaVu Sans, the widest of the fonts that the images name.
[[nodiscard]] double text_width(const TextStyle& style, std::string_view text);

// `text` cut to at most `lines` lines of at most `width` pixels: between words where that is possible, with
// an ellipsis where something is left out.
[[nodiscard]] std::vector<std::string> fitted_lines(const TextStyle& style, std::string_view text,
                                                    double width, size_t lines);

}  // namespace deepscaler
