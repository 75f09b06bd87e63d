#include "data/problem_set.h"

#include <gtest/gtest.h>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

class ProblemSetTest : public testing::Test {
 protected:
  ProblemSetTest() {
    write_file_atomically(folder_ / "p.jsonl",
                          "{\"id\": \"a\", \"problem\": \"1+1=\", \"answer\": 2, \"pass_rate\": 0}\n"
                          "{\"id\": \"b\", \"problem\": \"10+10=\", \"answer\": 20, \"pass_rate\": 0.25}\n"
                          "{\"id\": \"c\", \"problem\": \"100+100=\", \"answer\": 200}\n");
  }
  // The ids that a data section with these keys keeps, or the error.
  std::string kept(const std::string& keys) {
    DataConfig config;
    try {
      read_config_text("files = [\"" + (folder_ / "p.jsonl").string() + "\"]\n" + keys, "r.toml", {},
                       [&](ConfigSection& s) { bind(s, config); });
      auto problems = load_problems(config, "data", UnreadableAnswers::kRefuse);
      const Tokenizer tokenizer = byte_tokenizer();
      leave_out_short(problems, PromptEncoder(tokenizer, {.text = "{problem}"}), config, "data");
      std::string ids;
      for (const Problem& problem : problems) ids += problem.id;
      return ids;
    } catch (const Error& error) {
      return error.what();
    }
  }

  TemporaryFolder folder_;
};

TEST_F(ProblemSetTest, KeepsThePassRatesThatAreAskedFor) {
  EXPECT_EQ(kept(""), "abc");
  EXPECT_EQ(kept("pass_rate = [0, 1]"), "ab");
  EXPECT_EQ(kept("pass_rate = [0.1, 0.25]"), "b");
  EXPECT_EQ(
      kept("pass_rate = [0.5, 0.9]"),
      "data.pass_rate: of 3 problems 1 have no \"pass_rate\" and 2 have one outside of [0.5, 0.9]; widen it");
  EXPECT_EQ(
      kept("pass_rate = [0.5]"),
      "r.toml:2: \"pass_rate\" is not two numbers from 0 to 1, the lower one first; write it as [0.1, 0.9]");
  EXPECT_EQ(
      kept("pass_rate = [0.5, 0.1]"),
      "r.toml:2: \"pass_rate\" is not two numbers from 0 to 1, the lower one first; write it as [0.1, 0.9]");
}

TEST_F(ProblemSetTest, LeavesOutShortPrompts) {
  EXPECT_EQ(kept("min_prompt_tokens = 4"), "abc");
  EXPECT_EQ(kept("min_prompt_tokens = 5"), "bc");
  EXPECT_EQ(kept("min_prompt_tokens = 9"),
            "data.min_prompt_tokens: none of 3 problems has a prompt of 9 tokens; lower it");
}

TEST_F(ProblemSetTest, APassRateIsANumberFromZeroToOne) {
  write_file_atomically(folder_ / "p.jsonl", "{\"problem\": \"1+1=\", \"answer\": 2, \"pass_rate\": 25}\n");
  EXPECT_EQ(kept(""), (folder_ / "p.jsonl:1").string() +
                          ": \"pass_rate\" is '25', not a number from 0 to 1; correct it, or leave it out");
}

}  // namespace
}  // namespace deepscaler
