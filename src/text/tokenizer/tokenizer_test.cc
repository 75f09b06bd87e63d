#include "text/tokenizer/tokenizer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "base/temporary_folder.h"
#include "formats/gguf.h"
#include "formats/json_text.h"
#include "text/unicode/unicode.h"

namespace deepscaler {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

const fs::path kGoldens = DEEPSCALER_GOLDENS "/tokenizer";

std::string bytes_of_hex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

std::string streamed(const Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
  StreamDecoder decoder(tokenizer);
  std::string text;
  for (const TokenId id : ids) text += decoder.push(id);
  return text + decoder.finish();
}

// Every case of the family's golden through `tokenizer`.
void expect_golden(const Tokenizer& tokenizer, const std::string& family) {
  const json golden = read_json_file(kGoldens / family / "cases.json");
  ASSERT_FALSE(golden["cases"].empty());
  for (const json& entry : golden["cases"]) {
    const std::string text = bytes_of_hex(entry["hex"].get<std::string>());
    const auto ids = entry["ids"].get<std::vector<TokenId>>();
    const auto expected = [&](const char* key) {
      return entry.contains(key) ? entry[key].get<std::vector<TokenId>>() : ids;
    };
    EXPECT_EQ(tokenizer.encode(text, {.add_special_tokens = false}), ids) << text;
    EXPECT_EQ(tokenizer.encode(text), expected("with_special")) << text;
    EXPECT_EQ(
        tokenizer.encode(text, {.add_special_tokens = false, .special_tokens = SpecialTokens::kLeaveAsText}),
        expected("no_special"))
        << text;
    EXPECT_EQ(tokenizer.decode(ids), entry["decoded"].get<std::string>());
    EXPECT_EQ(streamed(tokenizer, ids), entry["decoded"].get<std::string>());
  }
}

class TokenizerFamily : public testing::TestWithParam<const char*> {};

TEST_P(TokenizerFamily, GivesTheIdsOfTheReference) {
  expect_golden(Tokenizer::load(kGoldens / GetParam()), GetParam());
}

TEST_P(TokenizerFamily, GivesTheIdsOfTheReferenceForEveryCodePoint) {
  const Tokenizer tokenizer = Tokenizer::load(kGoldens / GetParam());
  std::string text;
  for (char32_t code = 0; code < 0x110000; ++code) {
    if (code >= 0xd800 && code < 0xe000) continue;
    text += 'a';
    append_utf8(code, text);
    text += "1 ";
    append_utf8(code, text);
  }
  const auto ids = tokenizer.encode(text, {.add_special_tokens = false});
  const std::string_view bytes(reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(TokenId));
  const json golden = read_json_file(kGoldens / GetParam() / "cases.json");
  EXPECT_EQ(std::to_string(hash_name(bytes)), golden["sweep"].get<std::string>());
}

TEST_P(TokenizerFamily, SavedFolderGivesTheSameIds) {
  const TemporaryFolder folder;
  const Tokenizer original = Tokenizer::load(kGoldens / GetParam());
  original.save(folder.path());
  const Tokenizer saved = Tokenizer::load(folder.path());
  expect_golden(saved, GetParam());
  EXPECT_EQ(saved.bos(), original.bos());
  EXPECT_EQ(saved.eos(), original.eos());
  EXPECT_EQ(saved.pad(), original.pad());
}

INSTANTIATE_TEST_SUITE_P(Hf, TokenizerFamily, testing::Values("smollm", "qwen2", "llama3", "options"),
                         [](const auto& info) { return std::string(info.param); });

class TokenizerGguf : public testing::TestWithParam<const char*> {};

TEST_P(TokenizerGguf, GivesTheIdsOfTheReferenceAlsoWhenSavedForTransformers) {
  const Tokenizer tokenizer = Tokenizer::load(kGoldens / GetParam() / "tokenizer.gguf");
  expect_golden(tokenizer, GetParam());
  EXPECT_EQ(tokenizer.eos_text(), "<|end|>");
  EXPECT_EQ(tokenizer.chat_template(), "{{ messages[0].content }}");

  const TemporaryFolder folder;
  tokenizer.save(folder.path());
  const Tokenizer saved = Tokenizer::load(folder.path());
  expect_golden(saved, GetParam());
  EXPECT_EQ(saved.chat_template(), tokenizer.chat_template());
}

// As published: GPT-2's pattern is ByteLevel's own, not a Split before it.
TEST(Tokenizer, SmolLmsPreTokenizerIsSavedAsPublished) {
  const TemporaryFolder folder;
  Tokenizer::load(kGoldens / "smollm" / "tokenizer.gguf").save(folder.path());
  const json saved = read_json_file(folder / "tokenizer.json")["pre_tokenizer"];
  const json published = read_json_file(kGoldens / "smollm" / "tokenizer.json")["pre_tokenizer"];
  EXPECT_EQ(saved, published);
}

INSTANTIATE_TEST_SUITE_P(Gguf, TokenizerGguf, testing::Values("smollm", "qwen2", "llama3"),
                         [](const auto& info) { return std::string(info.param); });

TEST(Tokenizer, SpecialTokensByNameAndInDecodedText) {
  const Tokenizer tokenizer = Tokenizer::load(kGoldens / "qwen2");
  EXPECT_EQ(tokenizer.bos(), std::nullopt);
  EXPECT_EQ(tokenizer.bos_text(), "");
  EXPECT_EQ(tokenizer.eos(), tokenizer.find("<|end|>"));
  EXPECT_EQ(tokenizer.find("<|none|>"), std::nullopt);
  EXPECT_TRUE(tokenizer.is_special(*tokenizer.eos()));
  EXPECT_FALSE(tokenizer.is_special(*tokenizer.find("<think>")));
  EXPECT_FALSE(tokenizer.is_special(-1));
  const auto ids = tokenizer.encode("<think>hi<|end|>");
  EXPECT_EQ(tokenizer.decode(ids, {.skip_special_tokens = true}), "<think>hi");
  EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{-1, 1'000'000}), "");
}

TEST(Tokenizer, StreamHoldsBackWhatMayBecomeACharacter) {
  const Tokenizer tokenizer = Tokenizer::load(kGoldens / "qwen2");
  const auto ids = tokenizer.encode("\xf0\x9f\xaa\x90");  // a rare character: several tokens
  ASSERT_EQ(ids.size(), 3u);
  StreamDecoder decoder(tokenizer);
  EXPECT_EQ(decoder.push(ids[0]), "");
  EXPECT_EQ(decoder.push(ids[1]), "");
  EXPECT_EQ(decoder.push(ids[2]), "\xf0\x9f\xaa\x90");
  EXPECT_EQ(decoder.push(ids[0]), "");
  EXPECT_EQ(decoder.finish(), "\xef\xbf\xbd");
}

// Time grows with the text, not with its square: the longest word that there can be, and long runs.
TEST(Tokenizer, OneLineOfAMegabyte) {
  const Tokenizer tokenizer = Tokenizer::load(kGoldens / "qwen2");
  for (const char* unit : {"a", " ", "!", "\n", "ab cd", "\xe4\xbd\xa0"}) {
    std::string text;
    while (text.size() < 1 << 20) text += unit;
    const auto ids = tokenizer.encode(text);
    EXPECT_EQ(tokenizer.decode(ids), text);
  }
}

}  // namespace
}  // namespace deepscaler
