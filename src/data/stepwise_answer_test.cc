#include "data/stepwise_answer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

// The response with [+] and [-] behind the tokens at which steps end.
std::string marked(const StepwiseAnswer& answer, const Tokenizer& tokenizer) {
  std::string text;
  for (size_t i = 0; i < answer.response.size(); ++i) {
    text += tokenizer.token_bytes(answer.response[i]);
    if (answer.is_end[i]) text += answer.is_right[i] ? "[+]" : "[-]";
  }
  return text;
}

class StepwiseAnswerTest : public testing::Test {
 protected:
  [[nodiscard]] std::string read(const std::string& record, const std::string& separator = "\n") const {
    try {
      const auto answer =
          read_stepwise_answer(nlohmann::ordered_json::parse(record), "a.jsonl:3", encoder_, separator);
      return tokenizer_.decode(answer.prompt) + "|" + marked(answer, tokenizer_);
    } catch (const Error& error) {
      return error.what();
    }
  }

  const Tokenizer tokenizer_ = byte_tokenizer();
  const PromptEncoder encoder_{tokenizer_, {.text = "{problem}?"}};
};

TEST_F(StepwiseAnswerTest, ReadsTrls) {
  EXPECT_EQ(read(R"({"prompt": "1+1", "completions": ["a", " b\n", "", "c"], "labels": [true, 0, true, 1]})"),
            "1+1?|a\n[+]b\n[-]c<|endoftext|>[+]");
  EXPECT_EQ(read(R"({"prompt": "1+1", "completions": ["a", "b"], "labels": [true, false]})", "\n\n"),
            "1+1?|a\n\n[+]b<|endoftext|>[-]");
}

TEST_F(StepwiseAnswerTest, ReadsMathShepherds) {
  EXPECT_EQ(read(R"({"input": "What is 1+1? Step 1: One. ки\nStep 2: The answer is: 3 ки",
                     "label": "What is 1+1? Step 1: One. +\nStep 2: The answer is: 3 -", "task": "GSM8K"})"),
            "What is 1+1??|Step 1: One.\n[+]Step 2: The answer is: 3<|endoftext|>[-]");
}

// The labeller went along the second completion, wrote one of his own, and found an error in the last one.
TEST_F(StepwiseAnswerTest, ReadsPrm800ks) {
  EXPECT_EQ(read(R"({"question": {"problem": "1+1"}, "label": {"finish_reason": "found_error", "steps": [
      {"completions": [{"text": "x", "rating": -1}, {"text": "a", "rating": 0}], "human_completion": null,
       "chosen_completion": 1},
      {"completions": [{"text": "x", "rating": -1}], "human_completion": {"text": "b", "rating": null},
       "chosen_completion": null},
      {"completions": [{"text": "c", "rating": -1}], "human_completion": null,
       "chosen_completion": null}]}})"),
            "1+1?|a\n[+]b\n[+]c<|endoftext|>[-]");
}

TEST_F(StepwiseAnswerTest, SaysWhatIsWrong) {
  const std::string format =
      "; a line is {\"prompt\": ..., \"completions\": [steps], \"labels\": [true or false]}, or a record of "
      "Math-Shepherd or PRM800K";
  for (const auto& [record, text] : std::map<std::string, std::string>{
           {R"([1])", "it is not a JSON object"},
           {R"({"prompt": "a"})", "it has no \"completions\", \"input\" or \"question\""},
           {R"({"completions": ["a"], "labels": [true]})", "its \"prompt\" is neither a text nor messages"},
           {R"({"prompt": "a", "completions": ["a"], "labels": []})",
            "its \"completions\" and \"labels\" are no lists of one length"},
           {R"({"prompt": "a", "completions": [1], "labels": [true]})",
            "one of its \"completions\" is not a text"},
           {R"({"prompt": "a", "completions": ["a"], "labels": [2]})",
            "one of its \"labels\" is neither true nor false"},
           {R"({"prompt": "a", "completions": [" "], "labels": [true]})", "none of its steps has a text"},
           {R"({"input": "a", "label": 1})", "its \"input\" and \"label\" are no texts"},
           {R"({"input": "a", "label": "a"})", "its \"input\" has no \"Step 1:\""},
           {R"({"input": "Step 1: a ки", "label": "Step 1: b +"})",
            "its \"label\" is not its \"input\" with + or - for each \"ки\""},
           {R"({"input": "Step 1: a ки b", "label": "Step 1: a + b"})",
            "its \"input\" goes on behind the last \"ки\""},
           {R"({"question": 1})", "its \"question\" has no \"problem\""},
           {R"({"question": {"problem": "a"}})", "its \"label\" has no \"steps\""},
           {R"({"question": {"problem": "a"}, "label": {"steps": [{"chosen_completion": 2}]}})",
            "a \"chosen_completion\" is none of its \"completions\""}}) {
    EXPECT_EQ(read(record), "a.jsonl:3: " + text + format) << record;
  }
}

// In a step's text it would end the answer twice, or too early.
TEST_F(StepwiseAnswerTest, AnEndTokenInTheTextIsRefused) {
  for (const char* steps : {R"("a", "b<|endoftext|>")", R"("a<|endoftext|>", "b")"}) {
    EXPECT_EQ(
        read(fmt::format(R"({{"prompt": "1+1", "completions": [{}], "labels": [true, true]}})", steps)),
        "a.jsonl:3: its steps hold <|endoftext|>, which ends an answer; leave it out: it is added behind "
        "the last step")
        << steps;
  }
}

TEST_F(StepwiseAnswerTest, AnswersThatNobodyRatedAreLeftOut) {
  const TemporaryFolder folder;
  const auto file = folder / "steps.jsonl";
  const std::string unrated = R"({"question": {"problem": "a"}, "label": {"steps": []}})";
  const std::vector<std::filesystem::path> files = {file};
  write_file_atomically(file, unrated + "\n" + R"({"prompt": "a", "completions": ["b"], "labels": [1]})");
  EXPECT_EQ(read_stepwise_answers(files, encoder_, "\n").size(), 1u);
  write_file_atomically(file, unrated);
  EXPECT_THROW((void)read_stepwise_answers(files, encoder_, "\n"), Error);
}

// A tokenizer that merges ":" with "\n", and the line break with others: the label stands at the token with
// the separator's last byte. Steps tokenized one by one would have other tokens.
TEST(StepEnds, SurviveATokenizersMerges) {
  const Tokenizer tokenizer =
      Tokenizer::load(std::filesystem::path(DEEPSCALER_GOLDENS) / "tokenizer" / "qwen2");
  const PromptEncoder encoder(tokenizer, {.text = "{problem}"});
  const nlohmann::ordered_json record = {
      {"prompt", "p"}, {"completions", {"f(x):", "y", "z"}}, {"labels", {true, false, true}}};
  const auto one = read_stepwise_answer(record, "a", encoder, "\n");
  EXPECT_TRUE(marked(one, tokenizer).starts_with("f(x):\n[+]y\n[-]z")) << marked(one, tokenizer);
  const auto merged = std::ranges::find(one.is_end, uint8_t{1}) - one.is_end.begin();
  EXPECT_EQ(tokenizer.token_bytes(one.response[static_cast<size_t>(merged)]), "):\n");
  for (const char* separator : {"\n\n", "\n\n\n", " ки\n"}) {
    const auto answer = read_stepwise_answer(record, "a", encoder, separator);
    const std::string text = separator;
    EXPECT_TRUE(marked(answer, tokenizer).starts_with("f(x):" + text + "[+]y" + text + "[-]z"))
        << marked(answer, tokenizer);
    EXPECT_EQ(answer.is_end.back(), 1);
  }
}

// Where two steps end in one token, a wrong one makes the label wrong.
TEST(StepEnds, MayShareAToken) {
  const Tokenizer tokenizer =
      Tokenizer::load(std::filesystem::path(DEEPSCALER_GOLDENS) / "tokenizer" / "qwen2");
  const PromptEncoder encoder(tokenizer, {.text = "{problem}"});
  const nlohmann::ordered_json record = {
      {"prompt", "p"}, {"completions", {"7", "ente", "7"}}, {"labels", {true, false, true}}};
  const auto answer = read_stepwise_answer(record, "a", encoder, "d");
  EXPECT_TRUE(marked(answer, tokenizer).starts_with("7dented[-]7")) << marked(answer, tokenizer);
}

TEST(StepEnds, ATextThatTheTokenizerChangesIsRefused) {
  const Tokenizer tokenizer =
      Tokenizer::load(std::filesystem::path(DEEPSCALER_GOLDENS) / "tokenizer" / "qwen2");
  const PromptEncoder encoder(tokenizer, {.text = "{problem}"});
  const nlohmann::ordered_json record = {
      {"prompt", "p"}, {"completions", {"e\u0301", "b"}}, {"labels", {true, false}}};
  try {
    (void)read_stepwise_answer(record, "a.jsonl:3", encoder, "\n");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "a.jsonl:3: the model's tokenizer changes the text of its steps, whose ends are then lost; "
                 "write the text as the tokenizer does, in Unicode's form NFC");
  }
}

}  // namespace
}  // namespace deepscaler
