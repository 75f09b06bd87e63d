// Tokenizers of GGUF files as other people write them (tests/goldens/make_gguf_variant_goldens.py).
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "text/tokenizer/tokenizer.h"

namespace deepscaler {
namespace {

using Ids = std::vector<TokenId>;

Tokenizer load(const std::string& name) {
  return Tokenizer::load(std::filesystem::path(DEEPSCALER_GOLDENS) / "gguf" / "variants" / (name + ".gguf"));
}

// Byte symbols are 0 to 255, "ab" is 256, then <|endoftext|>, <|im_start|>, <|im_end|>, <think>, <|eom_id|>.
TEST(GgufTokenizer, ControlTokensAreFoundWhateverTheirType) {
  for (const char* name : {"plain", "types_normal", "types_unused", "types_missing", "merges_header"}) {
    const Tokenizer tokenizer = load(name);
    EXPECT_EQ(tokenizer.encode("<|im_start|>ab<think><|im_end|>"), (Ids{258, 256, 260, 259})) << name;
    EXPECT_EQ(tokenizer.encode("<x>"), (Ids{'<', 'x', '>'})) << name;
    EXPECT_TRUE(tokenizer.is_special(258)) << name;
    EXPECT_TRUE(tokenizer.is_special(257)) << name << ": the eos";
    EXPECT_FALSE(tokenizer.is_special(260)) << name << ": shown in texts";
    EXPECT_FALSE(tokenizer.is_added(256)) << name << ": made by a merge";
    EXPECT_EQ(tokenizer.ends_by_name(), (Ids{257, 259, 261})) << name;
  }
}

TEST(GgufTokenizer, PreTokenizersGoByTheirOtherNamesToo) {
  EXPECT_EQ(load("pre_llama3").encode("12345"), load("pre_llama-v3").encode("12345"));
  // A mark belongs to its word in qwen35 alone: "ab" merges within a word.
  const std::string text = "\u0301ab";
  EXPECT_EQ(load("pre_qwen35").encode("a\u0301b"), load("plain").encode("a\u0301b"));
  EXPECT_EQ(load("pre_default").encode(text + "..1234"), load("pre_missing").encode(text + "..1234"));
  EXPECT_EQ(load("pre_smaug-bpe").encode("ab"), (Ids{256}));
}

}  // namespace
}  // namespace deepscaler
