#include "chat/turn_input.h"

#include <gtest/gtest.h>

namespace deepscaler {
namespace {

// The inputs that the lines make, each in [ ]; what is not complete in ( ).
std::string inputs(std::initializer_list<const char*> lines) {
  TurnInput input;
  std::string text;
  for (const char* line : lines) {
    if (input.push(line)) text += "[" + input.take() + "]";
  }
  return input.goes_on() ? text + "(" + input.take() + ")" : text;
}

TEST(TurnInput, IsALineUnlessItGoesOn) {
  EXPECT_EQ(inputs({"one", "", "two"}), "[one][][two]");
  EXPECT_EQ(inputs({"one\\", "two\\", "three", "four"}), "[one\ntwo\nthree][four]");
  EXPECT_EQ(inputs({"one\\"}), "(one\n)");
  EXPECT_EQ(inputs({"a\nb"}), "[a\nb]");  // pasted
}

TEST(TurnInput, QuotesHoldLines) {
  EXPECT_EQ(inputs({"\"\"\"one", "two\\", "", "/three\"\"\"", "four"}), "[one\ntwo\\\n\n/three][four]");
  EXPECT_EQ(inputs({"\"\"\"", "one", "\"\"\""}), "[one]");
  EXPECT_EQ(inputs({"\"\"\"one\"\"\""}), "[one]");
  EXPECT_EQ(inputs({"\"\"\"one"}), "(one\n)");
  EXPECT_EQ(inputs({"say \"\"\"one\"\"\""}), "[say \"\"\"one\"\"\"]");
}

}  // namespace
}  // namespace deepscaler
