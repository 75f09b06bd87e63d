#include "chat/terminal_text.h"

#include <gtest/gtest.h>

#include "text/unicode/unicode.h"

namespace deepscaler {
namespace {

std::string shown(std::string_view text, int64_t columns) {
  TerminalText whole(columns), pieces(columns);
  std::string out = whole.push(text);
  out += whole.finish();
  std::string again;
  const std::string valid = repaired_utf8(text);
  for (size_t at = 0; at < valid.size();) {
    const size_t bytes = utf8_char_at(valid, at).bytes;
    again += pieces.push(valid.substr(at, bytes));
    at += bytes;
  }
  again += pieces.finish();
  EXPECT_EQ(again, out) << "in pieces";
  return out;
}

TEST(TerminalText, BreaksBetweenWords) {
  EXPECT_EQ(shown("one two three", 7), "one two\nthree");
  EXPECT_EQ(shown("one two three", 8), "one two\nthree");
  EXPECT_EQ(shown("one two three", 13), "one two three");
  EXPECT_EQ(shown("one two three", 0), "one two three");
  EXPECT_EQ(shown("one     two", 7), "one\ntwo");  // no spaces at an edge
  EXPECT_EQ(shown("a\n  b  c\n\nd", 80), "a\n  b  c\n\nd");
  EXPECT_EQ(shown("a\tb", 80), "a       b");
}

TEST(TerminalText, BreaksWhatHasNoLineOfItsOwn) {
  EXPECT_EQ(shown("abcdefgh", 3), "abc\ndef\ngh");
  EXPECT_EQ(shown("x abcdefgh", 3), "x\nabc\ndef\ngh");
  EXPECT_EQ(shown("\u6f22\u5b57\u6f22", 5), "\u6f22\u5b57\n\u6f22");  // two columns each
  EXPECT_EQ(shown("\U0001F600\U0001F600", 3), "\U0001F600\n\U0001F600");
  EXPECT_EQ(shown("e\u0301e\u0301 e\u0301", 4), "e\u0301e\u0301 e\u0301");  // marks take none
}

TEST(TerminalText, ControlsOfTheModelDoNotReachTheTerminal) {
  EXPECT_EQ(shown("\x1b[31mred\x1b[0m", 0), "[31mred[0m");
  EXPECT_EQ(shown("\x1b]0;title\x07!", 0), "]0;title!");
  EXPECT_EQ(shown("a\rb\bc\x7f\x0c", 0), "abc");
  EXPECT_EQ(shown("a\u009b31mb", 0), "a31mb");  // CSI in eight bits
  EXPECT_EQ(shown("a\x9b"
                  "b",
                  0),
            "a\ufffdb");  // and as a byte that is no UTF-8
  EXPECT_EQ(shown("a\u202eb\u2066c\u2028d", 0), "abcd");
  EXPECT_EQ(shown(std::string_view("a\0b", 3), 0), "ab");
}

TEST(TerminalText, KnowsTheLeftEdge) {
  TerminalText text(10);
  EXPECT_TRUE(text.is_at_left_edge());
  EXPECT_EQ(text.push("word"), "");  // it may go on
  EXPECT_FALSE(text.is_at_left_edge());
  EXPECT_EQ(text.push("\n"), "word\n");
  EXPECT_TRUE(text.is_at_left_edge());
}

}  // namespace
}  // namespace deepscaler
