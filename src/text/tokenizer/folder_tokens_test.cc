// Tokens of the files beside tokenizer.json; the values are those of transformers 5.24.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

using nlohmann::json;
using Ids = std::vector<TokenId>;

// The byte tokenizer with <|endoftext|> (256), <|im_start|> and <|im_end|> (258).
class FolderTokens : public testing::Test {
 protected:
  FolderTokens() {
    byte_tokenizer().save(folder_.path());
    json tokenizer = json::parse(read_file(folder_ / "tokenizer.json"));
    for (const auto& [id, content] : {std::pair(257, "<|im_start|>"), std::pair(258, "<|im_end|>")}) {
      json token = tokenizer["added_tokens"][0];
      token["id"] = id;
      token["content"] = content;
      tokenizer["added_tokens"].push_back(token);
    }
    write("tokenizer.json", tokenizer);
    write("tokenizer_config.json", {{"eos_token", "<|im_end|>"}});
  }
  void write(const char* file, const json& content) { write_file_atomically(folder_ / file, content.dump()); }
  [[nodiscard]] Tokenizer load() const { return Tokenizer::load(folder_.path()); }
  std::string refusal() {
    try {
      (void)load();
      return "accepted";
    } catch (const Error& error) {
      return std::string(error.what()).substr(folder_.path().string().size() + 1);
    }
  }
  static json flags(const char* content, bool special, bool strips = false) {
    return {{"content", content}, {"special", special},  {"lstrip", strips},
            {"rstrip", strips},   {"normalized", false}, {"single_word", false}};
  }

  TemporaryFolder folder_;
};

TEST_F(FolderTokens, StandInFourPlaces) {
  EXPECT_EQ(load().encode("a<tool>b").size(), 8u);
  for (const json& config : {json{{"added_tokens_decoder", {{"259", flags("<tool>", true)}}}},
                             json{{"added_tokens_decoder", {{"259", {{"content", "<tool>"}}}}}},
                             json{{"added_tokens_decoder", {{"257", flags("<tool>", false)}}}},
                             json{{"additional_special_tokens", {"<tool>"}}},
                             json{{"additional_special_tokens", {flags("<tool>", true)}}},
                             json{{"extra_special_tokens", {"<tool>"}}},
                             json{{"extra_special_tokens", {{"tool_token", "<tool>"}}}}}) {
    json with_eos = config;
    with_eos["eos_token"] = "<|im_end|>";
    write("tokenizer_config.json", with_eos);
    EXPECT_EQ(load().encode("a<tool>b"), (Ids{'a', 259, 'b'})) << config;
  }
  write("tokenizer_config.json", {{"eos_token", "<|im_end|>"}});
  write("added_tokens.json", {{"<x>", 259}, {"<tool>", 260}});
  EXPECT_EQ(load().encode("a<x><tool>b"), (Ids{'a', 259, 260, 'b'}));
  EXPECT_FALSE(load().is_special(260));
}

TEST_F(FolderTokens, FlagsOfTheConfigWin) {
  EXPECT_EQ(load().encode("a <|im_end|> b"), (Ids{'a', 32, 258, 32, 'b'}));
  write("tokenizer_config.json",
        {{"eos_token", "<|im_end|>"}, {"added_tokens_decoder", {{"258", flags("<|im_end|>", true, true)}}}});
  EXPECT_EQ(load().encode("a <|im_end|> b"), (Ids{'a', 258, 'b'}));
  // But for one: a special token stays special.
  write("tokenizer_config.json", {{"added_tokens_decoder", {{"257", flags("<|im_start|>", false)}}}});
  EXPECT_TRUE(load().is_special(257));
}

TEST_F(FolderTokens, TheMapOfOlderReleasesWins) {
  write("special_tokens_map.json", {{"eos_token", {{"content", "<|endoftext|>"}, {"lstrip", false}}},
                                    {"additional_special_tokens", {"<tool>"}}});
  EXPECT_EQ(load().eos(), 256);
  EXPECT_EQ(load().encode("<tool>"), (Ids{259}));
  // It is not looked at beside an added_tokens_decoder.
  write("tokenizer_config.json", {{"eos_token", "<|im_end|>"}, {"added_tokens_decoder", json::object()}});
  EXPECT_EQ(load().eos(), 258);
}

TEST_F(FolderTokens, ANamedTokenIsSpecialAndIsAddedWhereItIsUnknown) {
  write("tokenizer_config.json", {{"eos_token", "<nope>"}, {"pad_token", nullptr}});
  EXPECT_EQ(load().eos(), 259);
  EXPECT_EQ(load().encode("a<nope>b"), (Ids{'a', 259, 'b'}));
  EXPECT_EQ(load().decode(Ids{'a', 259}, {.skip_special_tokens = true}), "a");
  write("tokenizer_config.json", {{"eos_token", "a"}});
  EXPECT_EQ(load().decode(Ids{'b', 'a', 'n'}, {.skip_special_tokens = true}), "bn");
}

TEST_F(FolderTokens, WhatIsNoTokenIsRefused) {
  const std::string remedy = "; get the tokenizer's files again";
  write("tokenizer_config.json", {{"eos_token", 3}});
  EXPECT_EQ(refusal(),
            "tokenizer_config.json: 'eos_token' holds something that is no token; write it as a string");
  write("tokenizer_config.json", {{"added_tokens_decoder", {{"x", flags("<t>", true)}}}});
  EXPECT_EQ(refusal(),
            "tokenizer_config.json: 'added_tokens_decoder' has the key 'x', which is no id" + remedy);
  write("tokenizer_config.json", {{"added_tokens_decoder", {{"99999999", flags("<t>", true)}}}});
  EXPECT_EQ(refusal(),
            "tokenizer_config.json: 'added_tokens_decoder' gives token '<t>' the id 99999999, out of range" +
                remedy);
  write("tokenizer_config.json", {{"additional_special_tokens", 3}});
  EXPECT_EQ(refusal(), "tokenizer_config.json: 'additional_special_tokens' is not a list of tokens" + remedy);
}

// What is written is read as the same.
TEST_F(FolderTokens, AreWritten) {
  write("tokenizer_config.json",
        {{"eos_token", "<|im_end|>"}, {"added_tokens_decoder", {{"259", flags("<tool>", true, true)}}}});
  const TemporaryFolder copy;
  load().save(copy.path());
  EXPECT_EQ(Tokenizer::load(copy.path()).encode("a <tool> b"), (Ids{'a', 259, 'b'}));
}

}  // namespace
}  // namespace deepscaler
