#include "chat/answer_display.h"

#include <gtest/gtest.h>

namespace deepscaler {
namespace {

std::string shown(AnswerDisplay::Look look, std::initializer_list<AnswerPiece> pieces) {
  AnswerDisplay display(look);
  std::string out;
  for (const AnswerPiece& piece : pieces) out += display.push(piece);
  return out + display.finish();
}

TEST(AnswerDisplay, ThoughtsAreDimAndApart) {
  EXPECT_EQ(
      shown({.is_styled = true}, {{.reasoning = "2 and"}, {.reasoning = " 2"}, {.content = "It is 4."}}),
      "\x1b[2mThinking ...\n2 and 2\n... done thinking\n\x1b[0m\nIt is 4.\n");
  EXPECT_EQ(shown({}, {{.reasoning = "2 and 2"}, {.content = "It is 4."}}),
            "Thinking ...\n2 and 2\n... done thinking\n\nIt is 4.\n");
  EXPECT_EQ(shown({}, {{.reasoning = "hm", .content = "4"}}), "Thinking ...\nhm\n... done thinking\n\n4\n");
}

TEST(AnswerDisplay, ThoughtsCanBeFolded) {
  EXPECT_EQ(shown({.is_styled = true, .shows_thoughts = false}, {{.reasoning = "2 and 2"}, {.content = "4"}}),
            "\x1b[2mThinking ... (/thoughts shows what)\n\x1b[0m\n4\n");
}

TEST(AnswerDisplay, AnAnswerEndsItsLineAndItsStyle) {
  EXPECT_EQ(shown({}, {{.content = "4"}}), "4\n");
  EXPECT_EQ(shown({}, {{.content = "4\n"}}), "4\n");
  EXPECT_EQ(shown({}, {}), "");
  // Broken off while the model thinks.
  EXPECT_EQ(shown({.is_styled = true}, {{.reasoning = "2 an"}}),
            "\x1b[2mThinking ...\n2 an\n... done thinking\n\x1b[0m\n");
  EXPECT_EQ(shown({.is_styled = true}, {{.content = "\x1b[2J"}}), "[2J\n");
}

TEST(AnswerDisplay, BothAreWrapped) {
  EXPECT_EQ(shown({.columns = 18},
                  {{.reasoning = "one two three four five"}, {.content = "one two three four five"}}),
            "Thinking ...\none two three four\nfive\n... done thinking\n\none two three four\nfive\n");
}

}  // namespace
}  // namespace deepscaler
