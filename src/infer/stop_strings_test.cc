#include "infer/stop_strings.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

// Number of tokens after which a response is over; 0 where it never is.
size_t end_of(const StopStrings& stop, const std::vector<TokenId>& tokens) {
  for (size_t i = 1; i <= tokens.size(); ++i) {
    if (stop.complete(std::span(tokens).first(i))) return i;
  }
  return 0;
}

TEST(StopStrings, EndWithTheTokenThatCompletesThem) {
  const Tokenizer tokenizer = byte_tokenizer();
  const StopStrings stop(tokenizer, {"\n\n", "Question:"});
  EXPECT_EQ(end_of(stop, tokenizer.encode("one\ntwo\n\nthree")), 9u);
  EXPECT_EQ(end_of(stop, tokenizer.encode("42 Questions? Question: what")), 23u);
  EXPECT_EQ(end_of(stop, tokenizer.encode("\n Question")), 0u);
  EXPECT_EQ(end_of(stop, {}), 0u);
}

TEST(StopStrings, ASpecialTokenIsNoText) {
  const Tokenizer tokenizer = byte_tokenizer();
  const StopStrings stop(tokenizer, {"ab"});
  EXPECT_EQ(end_of(stop, {'a', kByteTokenizerEos, 'b', 'a'}), 3u);
  EXPECT_FALSE(stop.complete(std::vector<TokenId>{'a', 'b', kByteTokenizerEos}));
}

TEST(StopStrings, TheTextOfASpecialTokenIsThatToken) {
  const Tokenizer tokenizer = byte_tokenizer();
  const StopStrings stop(tokenizer, {"<|endoftext|>", "ab"});
  EXPECT_EQ(end_of(stop, {'x', kByteTokenizerEos, 'y'}), 2u);
  EXPECT_EQ(end_of(stop, {'a', 'b', kByteTokenizerEos}), 2u);
  EXPECT_EQ(stop.cut("x"), "x");
  try {
    const StopStrings mixed(tokenizer, {"\n<|endoftext|>"});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "stop: '\\x0a<|endoftext|>' mixes the special token '<|endoftext|>' with other text, which never "
        "come together; give the token by itself");
  }
}

TEST(StopStrings, TheTextEndsBeforeTheFirst) {
  const Tokenizer tokenizer = byte_tokenizer();
  const StopStrings stop(tokenizer, {"two", "\n"});
  EXPECT_EQ(stop.cut("one two\nthree"), "one ");
  EXPECT_EQ(stop.cut("one\ntwo"), "one");
  EXPECT_EQ(stop.cut("three"), "three");
}

TEST(StopStrings, AStreamHoldsBackWhatMayBecomeOne) {
  const Tokenizer tokenizer = byte_tokenizer();
  const StopStrings stop(tokenizer, {"abac", "ba!"});
  EXPECT_EQ(stop.undecided_bytes("xaba"), 3u);
  EXPECT_EQ(stop.undecided_bytes("xb"), 1u);
  EXPECT_EQ(stop.undecided_bytes("xabx"), 0u);
  EXPECT_EQ(stop.undecided_bytes(""), 0u);
}

TEST(StopStrings, AnEmptyOneIsRefused) {
  const Tokenizer tokenizer = byte_tokenizer();
  EXPECT_THROW(StopStrings(tokenizer, {""}), Error);
}

}  // namespace
}  // namespace deepscaler
