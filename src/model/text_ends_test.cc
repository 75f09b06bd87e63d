// Where a response ends, by each of the places that say it.
#include "model/text_ends.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "formats/gguf.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

using nlohmann::json;

constexpr const char* kChatMl =
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}";

// The byte tokenizer with <|endoftext|> (256), <|im_start|> (257) and <|im_end|> (258).
Tokenizer tokenizer_with(const json& config) {
  const TemporaryFolder folder;
  byte_tokenizer().save(folder.path());
  json all = config;
  all["added_tokens_decoder"] = {{"257", {{"content", "<|im_start|>"}, {"special", true}}},
                                 {"258", {{"content", "<|im_end|>"}, {"special", true}}}};
  write_file_atomically(folder / "tokenizer_config.json", all.dump());
  return Tokenizer::load(folder.path());
}

std::string ends(std::vector<int32_t> of_config, const json& tokenizer_config) {
  ModelConfig config;
  config.vocabulary = 259;
  config.eos = std::move(of_config);
  const Tokenizer tokenizer = tokenizer_with(tokenizer_config);
  std::string text;
  for (const TextEnd& end : find_text_ends(config, tokenizer)) {
    text += (text.empty() ? "" : "; ") + text_end_text(end, tokenizer);
  }
  return text;
}

TEST(TextEnds, AreWhatAnyPlaceNames) {
  EXPECT_EQ(ends({258}, {{"eos_token", "<|im_end|>"}, {"chat_template", kChatMl}}),
            "258 <|im_end|> (config, tokenizer, chat template)");
  EXPECT_EQ(ends({256}, {{"eos_token", "<|im_end|>"}}),
            "256 <|endoftext|> (config); 258 <|im_end|> (tokenizer)");
  EXPECT_EQ(ends({256}, {{"eos_token", "<|endoftext|>"}, {"chat_template", kChatMl}}),
            "256 <|endoftext|> (config, tokenizer); 258 <|im_end|> (chat template)");
  EXPECT_EQ(ends({}, {{"eos_token", "<|im_end|>"}}), "258 <|im_end|> (tokenizer)");
  EXPECT_EQ(ends({}, {{"chat_template", "{{ messages[1].content }}\n"}}), "");
  EXPECT_EQ(ends({}, {{"chat_template", "{{ raise_exception('no') }}"}}), "");
}

TEST(TextEnds, WellKnownNamesCountInGgufFiles) {
  const auto path = std::filesystem::path(DEEPSCALER_GOLDENS) / "gguf" / "variants" / "plain.gguf";
  const Tokenizer tokenizer = Tokenizer::load(path);
  const auto found = find_text_ends(read_gguf_config(GgufFile(path)), tokenizer);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(text_end_text(found[0], tokenizer), "257 <|endoftext|> (config, tokenizer, its name)");
  EXPECT_EQ(text_end_text(found[1], tokenizer), "259 <|im_end|> (chat template, its name)");
  EXPECT_EQ(text_end_text(found[2], tokenizer), "261 <|eom_id|> (its name)");
}

// A response's text is without the tokens that end it, whatever their flags say.
TEST(TextEnds, AreNoPartOfAText) {
  Tokenizer tokenizer = byte_tokenizer();
  ModelConfig config;
  config.vocabulary = 257;
  config.eos = {'!'};
  settle_text_ends(config, tokenizer, "m");
  EXPECT_EQ(tokenizer.ends(), (std::vector<TokenId>{'!', 256}));
  EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{'a', '!'}, {.skip_special_tokens = true}), "a");
  EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{'a', '!'}), "a!");
}

}  // namespace
}  // namespace deepscaler
