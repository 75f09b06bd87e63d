#include "report/svg.h"

#include <gtest/gtest.h>

namespace deepscaler {
namespace {

TEST(Svg, AnyBytesAreText) {
  EXPECT_EQ(xml_text("a <b> & \"c\"\n\x1b[2J\xff\xe2\x80\xae"),
            "a &lt;b&gt; &amp; &quot;c&quot; \uFFFD[2J\uFFFD\uFFFD");
  SvgImage image;
  image.text({.colour = "ink", .anchor = Anchor::kEnd, .bold = true}, {1.25, 2}, "</text>");
  EXPECT_EQ(image.elements(),
            "<text class=\"ink\" x=\"1.2\" y=\"2.0\" font-size=\"12\" text-anchor=\"end\" "
            "font-weight=\"bold\">&lt;/text&gt;</text>\n");
}

TEST(Svg, TextsAreCutBetweenWords) {
  const TextStyle style = {.colour = "ink", .size = 10};
  EXPECT_EQ(fitted_lines(style, "cold start", 100, 2), std::vector<std::string>{"cold start"});
  EXPECT_EQ(fitted_lines(style, "cold start", 40, 2), (std::vector<std::string>{"cold", "start"}));
  EXPECT_EQ(fitted_lines(style, "abcdefghijklmnop", 40, 2), std::vector<std::string>{"abcd\u2026"});
  EXPECT_EQ(fitted_lines(style, "", 40, 2), std::vector<std::string>{""});
  for (const char* text :
       {"one two three four five six", "WWWWWWWWWWWWWW", "\u9577\u3044\u540d\u524d\u9577\u3044\u540d\u524d",
        "averyveryverylongword and others", "x"}) {
    for (double width : {15.0, 40.0, 77.0}) {
      const std::vector<std::string> lines = fitted_lines(style, text, width, 2);
      EXPECT_LE(lines.size(), 2u) << text;
      for (const std::string& line : lines) EXPECT_LE(text_width(style, line), width) << text;
    }
  }
}

}  // namespace
}  // namespace deepscaler
