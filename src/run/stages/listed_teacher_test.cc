#include "run/stages/listed_teacher.h"

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

using nlohmann::json;

// A policy with a token for every byte and one for the end.
class ListedTeacherTest : public testing::Test {
 protected:
  static Model policy() {
    return Model(read_hf_config(std::filesystem::path(DEEPSCALER_GOLDENS) / "../../recipes/tiny-model"));
  }
  ListedTeacher read(const json& line, double temperature = 1) {
    write_file_atomically(path_, line.dump() + "\n");
    return read_listed_teacher(
        {path_.string()}, temperature,
        {.models = models_, .encoder = encoder_, .section = "stage.0", .carried = carried_});
  }
  std::string refusal(const char* key, const json& value, double temperature = 1) {
    json line = line_;
    line[key] = value;
    try {
      (void)read(line, temperature);
    } catch (const Error& error) {
      return std::string(error.what()).substr(path_.string().size());
    }
    return "no error";
  }

  const TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_ / "listed.jsonl";
  const std::map<std::string, double> carried_;
  const Tokenizer tokenizer_ = byte_tokenizer();
  const PromptEncoder encoder_{tokenizer_, {}};
  Models models_{std::make_unique<Engine>(policy(), EngineOptions{})};
  const json line_ = json::parse(R"({"prompt_token_ids": [97, 98], "token_ids": [99, 256], "text": "c",
    "top_token_ids": [[99, 100], [256, 1]], "top_logprobs": [[-0.25, -2.5], [-0.125, -7]], "temperature": 1.0})");
};

constexpr const char* kRemedy = "; give lines as `deepscaler score --top-tokens` writes them";
constexpr const char* kOther = "; score it with a teacher of the policy's vocabulary";

TEST_F(ListedTeacherTest, HasAnOpinionOnEachLearnedToken) {
  const ListedTeacher teacher = read(line_);
  ASSERT_EQ(teacher.completions.size(), 1u);
  const Demonstration& d = teacher.completions[0];
  EXPECT_EQ(d.tokens, (std::vector<TokenId>{97, 98, 99, 256}));
  EXPECT_EQ(d.in_loss, (std::vector<uint8_t>{0, 0, 1, 1}));
  const auto& opinions = teacher.opinions.at(d.where);
  ASSERT_EQ(opinions.size(), 2u);
  EXPECT_EQ(opinions[1].tokens, (std::vector<int32_t>{256, 1}));
  EXPECT_EQ(opinions[1].log_probs, (std::vector<float>{-0.125f, -7}));
}

TEST_F(ListedTeacherTest, ATemperatureIsThatOfTheLines) {
  json line = line_;
  line["temperature"] = 0.7f;
  EXPECT_EQ(read(line, 0.7).completions.size(), 1u) << "a float's digits";
  EXPECT_EQ(refusal("temperature", 0.5),
            ":1: its log-probabilities are at temperature 0.5, and divergence_temperature is 1; set "
            "divergence_temperature to that of the lines, or score them anew");
  line.erase("temperature");
  EXPECT_EQ(read(line).completions.size(), 1u);
}

TEST_F(ListedTeacherTest, WhatIsNoSuchLineIsNamed) {
  const std::string remedy = kRemedy, other = kOther;
  EXPECT_EQ(refusal("prompt_token_ids", json::array()), ":1: \"prompt_token_ids\" is empty" + remedy);
  EXPECT_EQ(refusal("token_ids", json::array()), ":1: \"token_ids\" is empty" + remedy);
  EXPECT_EQ(refusal("token_ids", {99, 999}),
            ":1: it has the token 999, which is not in the policy's vocabulary" + other);
  EXPECT_EQ(refusal("text", "7"),
            ":1: its \"text\" is not what its \"token_ids\" are to the policy's tokenizer" + other);
  EXPECT_EQ(refusal("top_token_ids", nullptr),
            ":1: \"top_token_ids\" does not have one list for each of \"token_ids\"" + remedy);
  EXPECT_EQ(refusal("top_logprobs", json::parse("[[-1]]")),
            ":1: \"top_logprobs\" does not have one list for each of \"token_ids\"" + remedy);
  EXPECT_EQ(
      refusal("top_token_ids", json::parse("[[99], [256, 1]]")),
      ":1: \"top_token_ids\" and \"top_logprobs\" do not have lists of one length for token 1" + remedy);
  EXPECT_EQ(refusal("top_token_ids", json::parse("[[99, 99], [256, 1]]")),
            ":1: \"top_token_ids\" names a token twice at one place" + remedy);
  EXPECT_EQ(refusal("top_token_ids", json::parse("[[99, -1], [256, 1]]")),
            ":1: \"top_token_ids\" holds something that is no list of token numbers" + remedy);
  EXPECT_EQ(refusal("top_token_ids", json::parse("[[99, 400], [256, 1]]")),
            ":1: it has the token 400, which is not in the policy's vocabulary" + other);
  EXPECT_EQ(refusal("top_logprobs", json::parse("[[-1, 0.5], [-1, -2]]")),
            ":1: \"top_logprobs\" holds something that is no list of log-probabilities" + remedy);
  json line = line_;
  line.erase("top_logprobs");
  try {
    (void)read(line);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), path_.string() + ":1: has no \"top_logprobs\"" + remedy);
  }
  write_file_atomically(path_, "\n");
  EXPECT_THROW(
      (void)read_listed_teacher({path_.string()}, 1,
                                {.models = models_, .encoder = encoder_, .section = "", .carried = carried_}),
      Error);
}

}  // namespace
}  // namespace deepscaler
