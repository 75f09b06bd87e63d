#include "generate/generation_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "generate/tiny_generation_test.h"

namespace deepscaler {
namespace {

using nlohmann::ordered_json;

class GenerationFileTest : public testing::Test {
 protected:
  GenerationFileTest() {
    job_ = {.prompts = tiny_.prompts({"1 + 1", "1 + 2", "7"}), .samples = 3};
    job_.settings.options.sampling.max_response_tokens = 6;
    job_.prompts[1].id = R"({"name":"b"})";
  }

  // The file of the job, begun anew or gone on with.
  std::string fill(bool resume = false) {
    GenerationFile file(path_, job_, tiny_.engine.generator(), tiny_.encoder);
    if (resume) file.resume();
    file.fill();
    EXPECT_EQ(file.responses(), file.all_responses());
    return read_file(path_);
  }
  // What is said of the file's bytes, and that they stay.
  std::string refusal(const std::string& bytes) {
    write_file_atomically(path_, bytes);
    std::string message = "accepted";
    try {
      GenerationFile(path_, job_, tiny_.engine.generator(), tiny_.encoder).resume();
    } catch (const Error& error) {
      message = std::string(error.what()).substr(path_.string().size());
    }
    EXPECT_EQ(read_file(path_), bytes);
    return message;
  }
  static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line + "\n");
    return lines;
  }
  static std::string together(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line;
    return text;
  }

  TinyGeneration tiny_;
  GenerationJob job_;
  const TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_ / "out.jsonl";
};

constexpr const char* kRemedy = "; use the same input and settings, or another --output";

TEST_F(GenerationFileTest, ALineSaysWhatWasMadeOfWhat) {
  const auto lines = lines_of(fill());
  ASSERT_EQ(lines.size(), 9u);
  const auto line = ordered_json::parse(lines[4]);
  std::vector<std::string> keys;
  for (const auto& [key, value] : line.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"index", "id", "sample", "text", "prompt_token_ids", "token_ids",
                                            "logprobs", "finish_reason", "prompt_opened_thinking",
                                            "temperature", "dtype", "kernels", "model", "sampling"}));
  EXPECT_EQ(line["index"], 1);
  EXPECT_EQ(line["id"].dump(), R"({"name":"b"})");
  EXPECT_EQ(line["sample"], 1);
  EXPECT_EQ(line["prompt_token_ids"], tiny_.tokenizer.encode("1 + 2"));
  EXPECT_EQ(line["token_ids"].size(), line["logprobs"].size());
  EXPECT_EQ(line["text"], tiny_.tokenizer.decode(line["token_ids"].get<std::vector<TokenId>>(),
                                                 {.skip_special_tokens = true}));
  EXPECT_EQ(line["sampling"].dump(), R"({"max_tokens":6,"seed":0})");
}

// What is graded is said in each line, and a file goes on as it was begun.
TEST_F(GenerationFileTest, ResponsesToProblemsAreGraded) {
  const std::string plain = fill();
  for (const char* answer : {"2", "3", "7"}) {
    job_.problems.push_back({.id = answer, .problem = "what", .answers = {answer}});
  }
  const auto lines = lines_of(fill());
  const auto line = ordered_json::parse(lines[0]);
  EXPECT_EQ(line["problem"], "what");
  EXPECT_EQ(line["correct"], false) << "it is noise";
  EXPECT_EQ(refusal(plain), ":1: was not graded, and this run grades" + std::string(kRemedy));
  job_.problems.clear();
  EXPECT_EQ(refusal(together(lines)), ":1: was graded, and this run grades nothing" + std::string(kRemedy));
}

TEST_F(GenerationFileTest, GoesOnFromAnyPart) {
  job_.settings.options.sampling.max_response_tokens = 2;
  const std::string whole = fill();
  for (size_t cut = 0; cut <= whole.size(); cut += 131) {
    write_file_atomically(path_, whole.substr(0, cut));
    EXPECT_EQ(fill(/*resume=*/true), whole) << cut;
  }
  std::filesystem::remove(path_);
  EXPECT_EQ(fill(/*resume=*/true), whole) << "nothing is there";
  // A file that isn't gone on with is replaced by the first response.
  write_file_atomically(path_, "old\n");
  EXPECT_EQ(fill(), whole);
}

TEST_F(GenerationFileTest, WhatIsThereIsKeptAndAllComesInOrder) {
  const std::string whole = fill();
  auto lines = lines_of(whole);
  std::ranges::reverse(lines);
  lines.resize(5);
  lines[2].insert(lines[2].size() - 2, R"(,"mine":1)");  // a mark, to see whether the line is kept
  write_file_atomically(path_, together(lines));
  std::vector<int64_t> counts;
  GenerationFile file(path_, job_, tiny_.engine.generator(), tiny_.encoder);
  file.resume();
  EXPECT_EQ(file.responses(), 5);
  int64_t tokens = 0;
  file.fill({.finished = [&](int64_t responses) { counts.push_back(responses); },
             .tokens = [&](int64_t count) { tokens += count; }});
  EXPECT_EQ(counts, (std::vector<int64_t>{6, 7, 8, 9}));
  auto expected = lines_of(whole);
  int64_t new_tokens = 0;
  for (size_t i = 0; i < 4; ++i) new_tokens += std::ssize(ordered_json::parse(expected[i])["token_ids"]);
  EXPECT_EQ(tokens, new_tokens);
  expected[6] = lines[2];
  EXPECT_EQ(read_file(path_), together(expected));
}

TEST_F(GenerationFileTest, MoreSamplesAndMorePromptsGoOn) {
  GenerationJob more = job_;
  more.samples = 4;
  for (const Prompt& prompt : tiny_.prompts({"8"})) more.prompts.push_back(prompt);
  (void)fill();
  job_ = more;
  const std::string grown = fill(/*resume=*/true);
  EXPECT_EQ(lines_of(grown).size(), 16u);
  std::filesystem::remove(path_);
  EXPECT_EQ(grown, fill());
}

TEST_F(GenerationFileTest, LinesOfAnotherJobAreRefused) {
  const std::string whole = fill();
  const auto lines = lines_of(whole);
  const GenerationJob ours = job_;

  job_.settings.options.seed = 1;
  EXPECT_EQ(refusal(whole),
            std::string(":1: was made with 0 for sampling/seed, and this run has 1") + kRemedy);
  job_ = ours;
  job_.settings.stop = {"\n"};
  EXPECT_EQ(refusal(whole),
            std::string(":1: was made with nothing for sampling/stop/0, and this run has \"\\n\"") + kRemedy);
  job_ = ours;
  job_.settings.options.logit_bias = {{50, -100}};
  job_.settings.logit_bias = {"50=-1e2"};
  EXPECT_EQ(refusal(whole),
            std::string(":1: was made with nothing for sampling/logit_bias/0, and this run has \"50=-1e2\"") +
                kRemedy);
  job_ = ours;
  job_.prompts[1].id = "2";
  EXPECT_EQ(refusal(lines[0] + lines[3]),
            std::string(":2: has another prompt or id than prompt 1 + 2") + kRemedy);
  job_ = ours;
  job_.prompts.pop_back();
  EXPECT_EQ(refusal(lines[8]), std::string(":1: belongs to prompt 2, and there are 2") + kRemedy);
  job_ = ours;
  job_.samples = 2;
  EXPECT_EQ(refusal(lines[2]), std::string(":1: is sample 2 of 2") + kRemedy);
  job_ = ours;
  EXPECT_EQ(refusal(lines[0] + lines[1] + lines[0]),
            ":3: is sample 0 of prompt 0 a second time; remove one of the two lines");
  EXPECT_EQ(refusal("{\"problem\": 1}\n"),
            std::string(":1: has no number \"index\", so it is no line of `generate`") + kRemedy);
  EXPECT_EQ(refusal("[]\n"),
            std::string(":1: has no number \"index\", so it is no line of `generate`") + kRemedy);
  EXPECT_EQ(refusal(lines[0] + "years of work"),
            std::string(": ends in a line that is no line of `generate`") + kRemedy);
}

TEST_F(GenerationFileTest, AnErrorLeavesWhatIsThere) {
  write_file_atomically(path_, "old\n");
  job_.settings.options.sampling.max_response_tokens = 300;
  try {
    (void)fill();
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "prompt 1 + 1: a prompt of 5 tokens and 300 new ones exceed the context of 256 by 49; shorten "
        "the prompt or allow fewer new tokens");
  }
  EXPECT_EQ(read_file(path_), "old\n");
}

TEST_F(GenerationFileTest, ATextEndsBeforeAStopString) {
  job_.samples = 1;
  const auto first = ordered_json::parse(lines_of(fill())[0]);
  const auto tokens = first["token_ids"].get<std::vector<TokenId>>();
  const auto plain = std::ranges::find_if(tokens, [](TokenId token) { return token < 128; });
  ASSERT_NE(plain, tokens.end());
  job_.settings.stop = {std::string(1, static_cast<char>(*plain))};
  const auto stopped = ordered_json::parse(lines_of(fill())[0]);
  EXPECT_EQ(stopped["token_ids"], std::vector<TokenId>(tokens.begin(), plain + 1));
  EXPECT_EQ(stopped["finish_reason"], "stop");
  EXPECT_EQ(stopped["text"], tiny_.tokenizer.decode(std::vector<TokenId>(tokens.begin(), plain)));
  EXPECT_EQ(stopped["sampling"]["stop"], job_.settings.stop);
}

}  // namespace
}  // namespace deepscaler
