#include "infer/streamed_text.h"

#include <gtest/gtest.h>

#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

// A token is a byte, so characters and stop strings are cut anywhere.
const Tokenizer& bytes() {
  static const Tokenizer tokenizer = byte_tokenizer();
  return tokenizer;
}

// The pieces of a response, as tokens come, and the last one.
std::vector<std::string> pieces(const std::vector<TokenId>& tokens, const std::vector<std::string>& stop) {
  const StopStrings strings(bytes(), stop);
  StreamedText text(bytes(), strings);
  std::vector<std::string> all;
  for (const TokenId token : tokens) all.push_back(text.push(token));
  all.push_back(text.finish());
  return all;
}

using Pieces = std::vector<std::string>;

TEST(StreamedText, ACharacterComesWhole) {
  EXPECT_EQ(pieces(bytes().encode("a\xC3\xA9\xE2\x82\xACz"), {}),
            (Pieces{"a", "", "\xC3\xA9", "", "", "\xE2\x82\xAC", "z", ""}));
  EXPECT_EQ(pieces({'a', 0xE2, 0x82}, {}), (Pieces{"a", "", "", "\xEF\xBF\xBD"}))
      << "ended inside a character";
}

TEST(StreamedText, AStopStringIsNotSeenNorWhatFollows) {
  EXPECT_EQ(pieces(bytes().encode("xabcde"), {"bcd"}), (Pieces{"x", "a", "", "", "", "", ""}));
  EXPECT_EQ(pieces(bytes().encode("xab"), {"bcd"}), (Pieces{"x", "a", "", "b"})) << "it never came";
  EXPECT_EQ(pieces(bytes().encode("aabaac"), {"aac"}), (Pieces{"", "", "aab", "", "", "", ""}));
  // Inside a character: the first byte alone is no text yet.
  EXPECT_EQ(pieces(bytes().encode("x\xC3\xA9!y"), {"\xC3\xA9!"}), (Pieces{"x", "", "", "", "", ""}));
}

TEST(StreamedText, SpecialTokensAreNoText) {
  EXPECT_EQ(pieces({'a', kByteTokenizerEos, 'b'}, {}), (Pieces{"a", "", "b", ""}));
  EXPECT_EQ(pieces({'a', kByteTokenizerEos, 'b', 'c'}, {"bc"}), (Pieces{"a", "", "", "", ""}));
}

// Every text over two letters, with stop strings that overlap themselves and each other.
TEST(StreamedText, PiecesTogetherAreTheCutText) {
  const std::vector<std::string> stop = {"abab", "bba", "aaaa"};
  const StopStrings strings(bytes(), stop);
  for (int bits = 0; bits < 1 << 10; ++bits) {
    std::string text;
    for (int i = 0; i < 10; ++i) text += (bits >> i & 1) != 0 ? 'b' : 'a';
    std::string streamed;
    for (const std::string& piece : pieces(bytes().encode(text), stop)) streamed += piece;
    EXPECT_EQ(streamed, strings.cut(text)) << text;
  }
}

}  // namespace
}  // namespace deepscaler
