#include "generate/thinking_split.h"

#include <gtest/gtest.h>

#include <vector>

namespace deepscaler {
namespace {

AnswerPiece split(const std::vector<std::string>& pieces, bool opened) {
  ThinkingSplit split(opened);
  AnswerPiece all;
  const auto add = [&](const AnswerPiece& piece) {
    all.reasoning += piece.reasoning;
    all.content += piece.content;
  };
  for (const std::string& piece : pieces) add(split.push(piece));
  add(split.finish());
  return all;
}

struct Case {
  std::string text;
  bool opened;
  std::string reasoning, content;
};

const std::vector<Case> kCases = {
    {"The answer", false, "", "The answer"},
    {" \n x ", false, "", " \n x "},
    {"<think>\nWell.\n\nYes.\n</think>\n\n7 is it. ", false, "Well.\n\nYes.", "7 is it. "},
    {"\nWell. </think>7", true, "Well.", "7"},
    {"Well, a < b </thin", true, "Well, a < b </thin", ""},
    {"<think>", false, "", ""},
    {"<think>\n\n</think>\n\nNo thoughts", false, "", "No thoughts"},
    {"<thinly>", false, "", "<thinly>"},
    {"<thi", false, "", "<thi"},
    {"a <think> b </think> c", false, "", "a <think> b </think> c"},
    {"x</think> a </think> b", true, "x", "a </think> b"},
    {"", true, "", ""},
};

TEST(ThinkingSplit, IsTheSameWhateverThePieces) {
  for (const Case& c : kCases) {
    const AnswerPiece whole = split({c.text}, c.opened);
    EXPECT_EQ(whole.reasoning, c.reasoning) << c.text;
    EXPECT_EQ(whole.content, c.content) << c.text;
    std::vector<std::string> bytes;
    for (const char byte : c.text) bytes.emplace_back(1, byte);
    const AnswerPiece single = split(bytes, c.opened);
    EXPECT_EQ(single.reasoning, c.reasoning) << c.text;
    EXPECT_EQ(single.content, c.content) << c.text;
  }
}

}  // namespace
}  // namespace deepscaler
