#include "generate/prompts.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

class PromptsTest : public testing::Test {
 protected:
  std::vector<Prompt> read(const std::string& lines) const {
    write_file_atomically(file_, lines);
    return read_prompts(file_, encoder_);
  }
  // What is wrong with the lines, without the file's name.
  std::string refusal(const std::string& lines) const {
    try {
      (void)read(lines);
    } catch (const Error& error) {
      return std::string(error.what()).substr(file_.string().size());
    }
    return "accepted";
  }

  const TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_ / "p.jsonl";
  const Tokenizer tokenizer_ = byte_tokenizer();
  const PromptEncoder encoder_{tokenizer_, {}};
};

TEST_F(PromptsTest, TextAndTokensAreTakenAsTheyAre) {
  const auto prompts = read(
      "{\"prompt\": \"1 + 1\", \"id\": {\"b\": 1, \"a\": 2}}\n\n"
      "{\"token_ids\": [60, 116, 104, 105, 110, 107, 62]}\n");
  ASSERT_EQ(prompts.size(), 2u);
  EXPECT_EQ(prompts[0].tokens, tokenizer_.encode("1 + 1"));
  EXPECT_EQ(prompts[0].id, R"({"b":1,"a":2})");
  EXPECT_FALSE(prompts[0].opened_thinking);
  EXPECT_EQ(prompts[1].tokens, tokenizer_.encode("<think>"));
  EXPECT_EQ(prompts[1].id, "null");
  EXPECT_TRUE(prompts[1].opened_thinking);
  EXPECT_EQ(prompts[1].where, file_.string() + ":3");
}

TEST_F(PromptsTest, RandomNumbersGoByTheIdElseByTheTokens) {
  const auto prompts = read(
      "{\"prompt\": \"a\", \"id\": {\"x\": 1, \"y\": 2}}\n{\"prompt\": \"b\", \"id\": {\"y\": 2, \"x\": 1}}\n"
      "{\"prompt\": \"a\"}\n{\"prompt\": \"b\"}\n{\"token_ids\": [97], \"id\": null}\n");
  EXPECT_EQ(stream_of(prompts[0]), stream_of(prompts[1])) << "the order of an id's keys is no part of it";
  EXPECT_EQ(stream_of(prompts[2]), stream_of(prompts[4]));
  EXPECT_NE(stream_of(prompts[2]), stream_of(prompts[3]));
  EXPECT_NE(stream_of(prompts[2]), stream_of(prompts[0]));
}

TEST_F(PromptsTest, WhatIsNoPromptIsNamed) {
  const std::string forms =
      R"(; a line is {"prompt": text}, {"messages": [...]} or {"token_ids": [...]}, with an optional "id")";
  EXPECT_EQ(refusal("\n"), ": has no prompts; give at least one line");
  EXPECT_EQ(refusal("[1]\n"), ":1: is not an object" + forms);
  EXPECT_EQ(refusal("{\"prompt\": \"a\"}\n{\"id\": 1}\n"),
            ":2: needs one of prompt, messages and token_ids" + forms);
  EXPECT_EQ(refusal("{\"prompt\": \"a\", \"token_ids\": [1]}\n"),
            ":1: needs one of prompt, messages and token_ids" + forms);
  EXPECT_EQ(refusal("{\"prompt\": 1}\n"), ":1: its prompt is not a string" + forms);
  EXPECT_EQ(refusal("{\"prompt\": \"\"}\n"), ":1: its prompt has no tokens" + forms);
  EXPECT_EQ(refusal("{\"messages\": {}}\n"), ":1: its messages are not a list" + forms);
  EXPECT_EQ(refusal("{\"messages\": []}\n"), ":1: its list of messages is empty" + forms);
  EXPECT_EQ(refusal("{\"token_ids\": 1}\n"),
            ":1: \"token_ids\" is not a list of token numbers; give whole numbers from 0");
  for (const char* token : {"-1", "1.5", "\"a\"", "2147483648"}) {
    EXPECT_EQ(refusal(std::string("{\"token_ids\": [") + token + "]}\n"),
              ":1: \"token_ids\" holds something that is no token number; give whole numbers from 0");
  }
  EXPECT_EQ(refusal("{\"prompt\": \"a\", \"ide\": 1}\n"), ":1: unknown key 'ide'; did you mean \"id\"?");
  EXPECT_EQ(refusal("{\"prompt\": \"a\", \"documents\": []}\n"),
            ":1: has \"documents\" without \"messages\"; only a chat template reads it");
}

}  // namespace
}  // namespace deepscaler
