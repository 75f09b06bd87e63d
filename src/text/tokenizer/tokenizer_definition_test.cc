#include "text/tokenizer/tokenizer_definition.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "formats/mutation.h"
#include "text/tokenizer/tokenizer.h"

namespace deepscaler {
namespace {

using nlohmann::json;

// The smallest tokenizer.json that is accepted.
json smallest() {
  return json::parse(R"({
    "added_tokens": [{"id": 3, "content": "<e>", "special": true}],
    "normalizer": null,
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
    "post_processor": null,
    "decoder": {"type": "ByteLevel"},
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}
  })");
}

std::string error_of(const json& tokenizer) {
  try {
    (void)parse_tokenizer_json(tokenizer.dump(), "t");
    return "no error";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(TokenizerDefinition, TheSmallestIsAccepted) {
  const Tokenizer tokenizer(parse_tokenizer_json(smallest().dump(), "t"));
  EXPECT_EQ(tokenizer.encode("abba<e>"), (std::vector<TokenId>{2, 1, 0, 3}));
}

TEST(TokenizerDefinition, WhatIsNotKnownIsRefusedByName) {
  const auto with = [](const char* pointer, json value) {
    json tokenizer = smallest();
    tokenizer[json::json_pointer(pointer)] = std::move(value);
    return error_of(tokenizer);
  };
  const std::string unknown =
      " is not supported; use a byte-level BPE tokenizer of a model family this program knows";
  EXPECT_EQ(with("/model/type", "Unigram"), "t: model: type '\"Unigram\"'" + unknown);
  EXPECT_EQ(with("/model/dropout", 0.1), "t: model: dropout = '0.1'" + unknown);
  EXPECT_EQ(with("/model/byte_fallback", true), "t: model: byte_fallback = 'true'" + unknown);
  EXPECT_EQ(with("/normalizer", {{"type", "Lowercase"}}), "t: normalizer: normalizer 'Lowercase'" + unknown);
  EXPECT_EQ(with("/pre_tokenizer", {{"type", "Metaspace"}}),
            "t: pre_tokenizer: pre-tokenizer 'Metaspace'" + unknown);
  EXPECT_EQ(with("/pre_tokenizer", nullptr), "t: a pre-tokenizer without a ByteLevel node" + unknown);
  EXPECT_EQ(with("/pre_tokenizer/add_prefix_space", true),
            "t: pre_tokenizer: add_prefix_space = true" + unknown);
  EXPECT_EQ(with("/pre_tokenizer", json::parse(R"({"type":"Sequence","pretokenizers":[{"type":"Split",
                 "pattern":{"Regex":"a"},"behavior":"MergedWithNext"}]})")),
            "t: pre_tokenizer.pretokenizers[0]: behavior 'MergedWithNext'" + unknown);
  EXPECT_EQ(with("/post_processor", {{"type", "BertProcessing"}}),
            "t: post_processor: post-processor 'BertProcessing'" + unknown);
  EXPECT_EQ(with("/decoder", {{"type", "WordPiece"}}), "t: decoder: decoder 'WordPiece'" + unknown);
}

TEST(TokenizerDefinition, WhatOtherProgramsWriteIsRead) {
  json tokenizer = smallest();
  tokenizer["decoder"] =
      json::parse(R"({"type": "Sequence", "decoders": [{"type": "ByteLevel"}, {"type": "Fuse"}]})");
  tokenizer["model"]["merges"] = {"#version: 0.2", "a b"};
  EXPECT_EQ(error_of(tokenizer), "no error");
  tokenizer["decoder"]["decoders"][1]["type"] = "Strip";
  EXPECT_NE(error_of(tokenizer).find("decoder.decoders[1]: decoder 'Strip'"), std::string::npos);
}

TEST(TokenizerDefinition, WhatDoesNotFitTogetherIsDamage) {
  const auto with = [](const char* pointer, json value) {
    json tokenizer = smallest();
    tokenizer[json::json_pointer(pointer)] = std::move(value);
    return error_of(tokenizer);
  };
  const std::string damaged = "; the file is damaged; get it again";
  EXPECT_EQ(with("/model/vocab/c", 2), "t: id 2 stands for 'ab' and 'c'" + damaged);
  EXPECT_EQ(with("/model/vocab/c", 2000000000), "t: token 'c' has the id 2000000000, out of range" + damaged);
  EXPECT_EQ(with("/model/vocab/c", -1), "t: token 'c' has the id -1, out of range" + damaged);
  EXPECT_EQ(with("/model/vocab/c", "x"), "t: model.vocab: token 'c' has no id" + damaged);
  EXPECT_EQ(with("/model/vocab", nullptr), "t: model.vocab: is not an object" + damaged);
  EXPECT_EQ(with("/model/merges/0", "a c"), "t: a merge names 'c', which is no token" + damaged);
  EXPECT_EQ(with("/model/merges/0", "b a"), "t: a merge names 'ba', which is no token" + damaged);
  EXPECT_EQ(with("/model/merges/0", "a b c"),
            "t: merge 'a b c' is not two tokens with a space between" + damaged);
  EXPECT_EQ(with("/model/merges/0", json::array({"a"})), "t: model.merges[0]: is not two tokens" + damaged);
  EXPECT_EQ(with("/added_tokens/0/content", "a"), "t: token 'a' has two ids, 0 and 3" + damaged);
  EXPECT_EQ(with("/added_tokens/0/id", "3"), "t: added_tokens[0].id: is not an id" + damaged);
  EXPECT_EQ(with("/post_processor", json::parse(R"({"type":"TemplateProcessing","special_tokens":
                 {"x":{"ids":[99]}},"single":[{"SpecialToken":{"id":"x"}}]})")),
            "t: post_processor.special_tokens.x.ids[0]: is no token" + damaged);
}

TEST(TokenizerDefinition, DamagedFilesNeverDoWorseThanAnError) {
  const std::string small = smallest().dump();
  const std::string real = read_file(DEEPSCALER_GOLDENS "/tokenizer/options/tokenizer.json");
  int refused = 0;
  const auto feed = [&](const std::string& text) {
    try {
      (void)Tokenizer(parse_tokenizer_json(text, "t")).encode("ab <e> abba");
    } catch (const Error&) {
      ++refused;
    }
  };
  for (uint64_t i = 0; i < 10000; ++i) feed(mutated(small, i));
  for (uint64_t i = 0; i < 200; ++i) feed(mutated(real, i));
  EXPECT_GT(refused, 5000);
}

}  // namespace
}  // namespace deepscaler
