#include "text/unicode/unicode.h"

#include <gtest/gtest.h>

#include "text/tokenizer/byte_symbols.h"
#include "text/unicode/normalize.h"

namespace deepscaler {
namespace {

constexpr const char* kReplacement = "\xef\xbf\xbd";

TEST(Unicode, InvalidBytesBecomeReplacementCharacters) {
  const std::string r = kReplacement;
  const std::pair<std::string, std::string> kCases[] = {
      {"plain text of more than eight bytes", "plain text of more than eight bytes"},
      {"\xc3\xa9\xe4\xbd\xa0\xf0\x9f\x99\x82", "\xc3\xa9\xe4\xbd\xa0\xf0\x9f\x99\x82"},
      {"a\x80z", "a" + r + "z"},
      {"\xc0\xaf", r + r},                  // overlong
      {"\xed\xa0\x80", r + r + r},          // surrogate
      {"\xf4\x90\x80\x80", r + r + r + r},  // past U+10FFFF
      {"\xe4\xbd", r},                      // cut short: one piece
      {"\xf0\x9f\x99!", r + "!"},           // three bytes of a character: one piece
      {"\xf0\x9f\xf0\x9f\x99\x82", r + "\xf0\x9f\x99\x82"},
      {"\xff\xfe", r + r},
  };
  for (const auto& [bytes, repaired] : kCases) {
    EXPECT_EQ(repaired_utf8(bytes), repaired) << bytes;
    EXPECT_EQ(valid_utf8_prefix(repaired), repaired.size());
  }
}

TEST(Unicode, UnfinishedSuffixIsWhatMoreBytesCouldComplete) {
  EXPECT_EQ(unfinished_utf8_suffix("a"), 0u);
  EXPECT_EQ(unfinished_utf8_suffix("a\xe4\xbd"), 2u);
  EXPECT_EQ(unfinished_utf8_suffix("\xf0\x9f\x99"), 3u);
  EXPECT_EQ(unfinished_utf8_suffix("\xe4\xbd\xa0"), 0u);
  EXPECT_EQ(unfinished_utf8_suffix("\xed\xa0"), 0u);  // never becomes a character
  EXPECT_EQ(unfinished_utf8_suffix("\x80"), 0u);
  EXPECT_EQ(unfinished_utf8_suffix(""), 0u);
}

TEST(Unicode, CharactersForwardAndBackward) {
  const std::string text = "a\xc3\xa9\xe4\xbd\xa0\xf0\x9f\x99\x82";
  const char32_t kCodes[] = {U'a', U'é', U'你', U'🙂'};
  size_t at = 0;
  for (const char32_t code : kCodes) {
    const Utf8Char here = utf8_char_at(text, at);
    EXPECT_EQ(here.code, code);
    at += here.bytes;
    EXPECT_EQ(utf8_char_before(text, at).code, code);
    std::string written;
    append_utf8(code, written);
    EXPECT_EQ(written.size(), here.bytes);
  }
  EXPECT_EQ(at, text.size());
}

TEST(Unicode, ComposesCharacters) {
  EXPECT_EQ(nfc("e\xcc\x81"), "\xc3\xa9");
  EXPECT_EQ(nfc(""), "");
  EXPECT_EQ(nfc(std::string_view("a\0b", 3)), std::string("a\0b", 3));
}

TEST(ByteSymbols, EveryByteHasItsOwn) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) append_utf8(byte_symbols()[byte], all);
  const auto bytes = bytes_of_symbols(all);
  ASSERT_TRUE(bytes.has_value());
  for (int byte = 0; byte < 256; ++byte) EXPECT_EQ(static_cast<unsigned char>((*bytes)[byte]), byte);
  EXPECT_EQ(byte_symbols()[' '], 0x120u);
  EXPECT_EQ(bytes_of_symbols("\xe4\xbd\xa0"), std::nullopt);
}

TEST(Unicode, NormalizationFormC) {
  EXPECT_EQ(nfd("\u1ead \u00c5 \ud55c"), "a\u0323\u0302 A\u030a \u1112\u1161\u11ab");
  EXPECT_EQ(nfc("plain caf\u00e9 \u4e2d"), "plain caf\u00e9 \u4e2d");
  EXPECT_EQ(nfc("e\u0301"), "\u00e9");
  EXPECT_EQ(nfc("\u212b"), "\u00c5");                // has a canonical twin
  EXPECT_EQ(nfc("\u0958"), "\u0915\u093c");          // never composed
  EXPECT_EQ(nfc("q\u0307\u0323"), "q\u0323\u0307");  // in the order of their classes
  EXPECT_EQ(nfc("a\u0323\u0302"), "\u1ead");         // two steps
  EXPECT_EQ(nfc("a\u0302\u0323"), "\u1ead");
  EXPECT_EQ(nfc("a\u0345\u0301"), "\u00e1\u0345");
  EXPECT_EQ(nfc("\u1112\u1161\u11ab"), "\ud55c");  // Hangul
  EXPECT_EQ(nfc("\ud558\u11ab\u11ab"), "\ud55c\u11ab");
  EXPECT_EQ(nfc("\u0301\u0301"), "\u0301\u0301");
  // Characters of Unicode 13 and 16 that the reference does not compose.
  EXPECT_EQ(nfc("\U00011935\U00011930"), "\U00011935\U00011930");
  EXPECT_EQ(nfc("\U000105d2\u0307"), "\U000105d2\u0307");
}

}  // namespace
}  // namespace deepscaler
