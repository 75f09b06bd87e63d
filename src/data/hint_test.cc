#include "data/hint.h"

#include <gtest/gtest.h>

namespace deepscaler {
namespace {

TEST(Hint, TheFirstWordsStandAsTheyAre) {
  EXPECT_EQ(first_words("  Add 2\nand 3. ", 0.5), "  Add 2");
  EXPECT_EQ(first_words("Add 2\nand 3. ", 0.75), "Add 2\nand");
  EXPECT_EQ(first_words("Add 2\nand 3. ", 1), "Add 2\nand 3.");
  EXPECT_EQ(first_words("Add 2 and 3.", 0.2), "");
  EXPECT_EQ(first_words(" \n", 1), "");
  EXPECT_EQ(first_words("\u00e9\u00e8 \u4e2d\u6587", 0.5), "\u00e9\u00e8");
}

TEST(Hint, StandsBelowTheProblemsThatHaveASolution) {
  std::vector<Problem> problems = {{.id = "a", .problem = "2 + 3?", .solution = "Add 2 and 3."},
                                   {.id = "b", .problem = "1 + 1?"}};
  EXPECT_EQ(add_hints(problems, {.hint_share = 0.5}), 1);
  EXPECT_EQ(problems[0].problem, "2 + 3?\n\nHint, the beginning of a solution:\nAdd 2");
  EXPECT_EQ(problems[1].problem, "1 + 1?");
  EXPECT_EQ(add_hints(problems, {}), 0);
}

}  // namespace
}  // namespace deepscaler
