// Tokenizers of folders as keys of GGUF files, and back.
#include "text/tokenizer/gguf_pre_tokenizer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "formats/gguf.h"
#include "formats/gguf_writer.h"
#include "text/tokenizer/byte_tokenizer.h"
#include "text/tokenizer/tokenizer.h"

namespace deepscaler {
namespace {

const std::filesystem::path kGoldens = std::filesystem::path(DEEPSCALER_GOLDENS) / "tokenizer";

std::filesystem::path written(const TokenizerDefinition& definition, int64_t vocabulary,
                              const std::filesystem::path& path) {
  GgufKeys keys;
  write_gguf_tokenizer(definition, vocabulary, keys);
  GgufWriter(path, keys, {}).commit();
  return path;
}

class GgufTokenizerKeys : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Families, GgufTokenizerKeys, testing::Values("smollm", "qwen2", "llama3"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(GgufTokenizerKeys, AreThoseOfTheReference) {
  const TemporaryFolder folder;
  const GgufFile theirs(kGoldens / GetParam() / "tokenizer.gguf");
  const auto tokens = static_cast<int64_t>(theirs.strings("tokenizer.ggml.tokens").size());
  TokenizerDefinition definition = read_hf_tokenizer(kGoldens / GetParam());
  definition.chat_template = theirs.string("tokenizer.chat_template");  // which the folder has not
  const GgufFile ours(written(definition, tokens, folder / "t.gguf"));
  for (const auto key : theirs.keys()) {
    if (!key.starts_with("tokenizer.")) continue;
    ASSERT_NE(ours.find(key), nullptr) << key;
    EXPECT_EQ(ours.find(key)->type, theirs.find(key)->type) << key;
    EXPECT_TRUE(std::ranges::equal(ours.find(key)->bytes, theirs.find(key)->bytes)) << key;
  }
}

TEST_P(GgufTokenizerKeys, GiveTheTokensOfTheFolder) {
  const TemporaryFolder folder;
  const Tokenizer original = Tokenizer::load(kGoldens / GetParam());
  const Tokenizer back = Tokenizer::load(
      written(read_hf_tokenizer(kGoldens / GetParam()), original.size() + 5, folder / "t.gguf"));
  EXPECT_EQ(back.size(), original.size()) << "ids without a token";
  for (const char* text :
       {"", "What is 12 + 345?", " caf\u00e9, \u4f60\u597d\n\n  <|im_start|>user <think> don't",
        "a\u0301bc\t\t1234567 [PAD3]"}) {
    EXPECT_EQ(back.encode(text), original.encode(text)) << text;
    EXPECT_EQ(back.decode(back.encode(text)), original.decode(original.encode(text)));
  }
  EXPECT_EQ(back.bos(), original.bos());
  EXPECT_EQ(back.eos(), original.eos());
  EXPECT_EQ(back.pad(), original.pad());
  EXPECT_EQ(back.chat_template(), original.chat_template());
}

std::string error_of(const TokenizerDefinition& definition, int64_t vocabulary) {
  try {
    GgufKeys keys;
    write_gguf_tokenizer(definition, vocabulary, keys);
    return "no error";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(GgufTokenizerKeys, RefuseWhatTheyCantSay) {
  TokenizerDefinition definition = read_hf_tokenizer(kGoldens / "smollm");
  const int64_t tokens = std::ssize(definition.tokens);
  definition.where = "t";
  EXPECT_EQ(error_of(definition, tokens), "no error");
  EXPECT_EQ(error_of(definition, tokens - 1),
            fmt::format("t: has {} tokens, and the model {}; tokenizer and weights must be of one model",
                        tokens, tokens - 1));
  definition.prefix = {3};
  EXPECT_EQ(
      error_of(definition, tokens),
      "t: puts other tokens around a text than bos and eos; a GGUF file can't say so; use the Hugging Face "
      "folder");
  definition.prefix = {};
  definition.pre_tokenizer.emplace_back(SplitRule{.pattern = "x"});
  EXPECT_EQ(
      error_of(definition, tokens),
      "t: its pre-tokenizer has no name in GGUF files; those of GPT-2, SmolLM, Qwen and Llama 3 have one");
}

}  // namespace
}  // namespace deepscaler
