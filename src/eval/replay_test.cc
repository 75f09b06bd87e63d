// Samples of other programs, graded again by several graders.
#include "eval/replay.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "eval/grader_comparison.h"
#include "eval/hendrycks.h"
#include "eval/report.h"

namespace deepscaler {
namespace {

class ReplayTest : public testing::Test {
 protected:
  std::vector<ReplayedProblem> read(const std::string& text, const std::vector<Problem>& data = {}) {
    write_file_atomically(file_, text);
    return read_replay(file_, data);
  }
  std::string refusal(const std::string& text, const std::vector<Problem>& data = {}) {
    try {
      (void)read(text, data);
    } catch (const Error& error) {
      return std::string(error.what()).substr(file_.string().size());
    }
    return "no error";
  }

  const TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_ / "samples.jsonl";
};

TEST_F(ReplayTest, RecordsOfManyProgramsAreRead) {
  // Any record with a reference and a response; those of one question are samples of one problem.
  auto problems = read(
      "{\"question\": \"1+1?\", \"answer\": \"2\", \"response\": \"a\"}\n"
      "{\"question\": \"1+2?\", \"answer\": 3, \"response\": \"b\"}\n"
      "{\"question\": \"1+1?\", \"answer\": \"2\", \"response\": \"c\"}\n");
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0].responses, (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(problems[0].problem.problem, "1+1?");
  EXPECT_EQ(problems[1].problem.answers, std::vector<std::string>{"3"});

  // Lists of samples, without a question.
  problems = read(
      "[{\"target\": \"2\", \"completions\": [\"a\", \"b\"]}, {\"target\": \"2\", \"completions\": "
      "[\"c\"]}]");
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0].responses.size(), 2u);

  // lm-eval.
  problems = read(
      "{\"doc_id\": 7, \"doc\": {\"question\": \"How many?\", \"answer\": \"6 + 12 = 18\\n#### 18\"}, "
      "\"target\": \"18\", \"resps\": [[\"It is 18.\", \"17\"]], \"filtered_resps\": [\"18\"]}\n");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].problem.id, "7");
  EXPECT_EQ(problems[0].problem.answers, std::vector<std::string>{"18"});
  EXPECT_EQ(problems[0].responses, (std::vector<std::string>{"It is 18.", "17"}));

  // A line for each filter of a task: the samples count once.
  const std::string line =
      "{\"doc_id\": 7, \"doc\": {\"question\": \"How many?\"}, \"target\": \"18\", \"resps\": [[\"a\", "
      "\"b\"]], \"filter\": \"";
  problems = read(line + "strict-match\"}\n" + line + "flexible-extract\"}\n");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].responses, (std::vector<std::string>{"a", "b"}));

  // A sample log of ours, whose problems are in a data set.
  const std::vector<Problem> data = {{.id = "p", .problem = "1+1?", .answers = {"2"}}};
  problems =
      read("{\"settings\": {}}\n{\"problem\": 0, \"id\": \"p\", \"sample\": 0, \"text\": \"a\"}\n", data);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].problem.answers, std::vector<std::string>{"2"});

  // A report of ours.
  EvalReport report;
  report.settings.sets = {{"s", 1, "0"}};
  report.problems.push_back(
      {.id = "p", .set = "s", .answers = {"2"}, .samples = {{.text = "a"}, {.text = "b"}}});
  write_report(file_, report);
  problems = read_replay(file_, {});
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].responses, (std::vector<std::string>{"a", "b"}));
}

TEST_F(ReplayTest, WhatIsMissingIsNamed) {
  const std::string remedy =
      "; a record needs \"response\" (or \"text\", \"completion\", \"resps\", ...), and its \"answer\" where "
      "no --data is given";
  EXPECT_EQ(refusal("{\"id\": 1, \"answer\": \"2\"}\n"),
            ":1: holds no response, only 'id', 'answer'" + remedy);
  EXPECT_EQ(refusal("{\"answer\": \"2\", \"response\": 5}\n"),
            ":1: has a response that is '5', not a text" + remedy);
  EXPECT_EQ(refusal("3\n"), ":1: is not a JSON object" + remedy);
  EXPECT_EQ(refusal("{\"response\": \"5\"}\n"),
            ":1: holds no reference answer; name the data set with --data, or add \"answer\"");
  EXPECT_EQ(refusal("{\"response\": \"5\", \"answer\": \"\"}\n"),
            ":1: has an empty reference answer; leave the record out, or correct it");
  EXPECT_EQ(refusal(""), ": holds no samples; name a file of samples");
  const std::vector<Problem> data = {{.id = "p", .problem = "1+1?", .answers = {"2"}}};
  EXPECT_EQ(refusal("{\"id\": \"q\", \"response\": \"5\"}\n", data),
            ":1: 'q' is the id of no problem in --data; name the data set that the samples are of");
  EXPECT_EQ(
      refusal("{\"response\": \"5\"}\n", data),
      ":1: has neither an \"id\" nor a \"problem\" by which to find it in --data; name the data set that the "
      "samples are of");
}

// The rules of math_equivalence.py, one by one; what it was written for first.
TEST(Hendrycks, RewritesAsTheOriginal) {
  const std::pair<const char*, const char*> equal[] = {{"\\dfrac12", "\\frac{1}{2}"},
                                                       {"\\frac1{72}", "\\frac{1}{72}"},
                                                       {"0.5", "\\frac{1}{2}"},
                                                       {"1/2", "\\frac{1}{2}"},
                                                       {"-3/4", "\\frac{-3}{4}"},
                                                       {"x = 5", "5"},
                                                       {"\\sqrt3", "\\sqrt{3}"},
                                                       {".5", "0.5"},
                                                       {"10\\text{ cm}", "10"},
                                                       {"\\left(1, 2\\right)", "(1,2)"},
                                                       {"90^\\circ", "90"},
                                                       {"50\\%", "50"},
                                                       {"\\$5", "5"}};
  for (const auto& [a, b] : equal) EXPECT_TRUE(hendrycks_equal(a, b)) << a << " " << b;
  const std::pair<const char*, const char*> different[] = {{"1,000", "1000"},
                                                           {"\\frac{2}{4}", "\\frac{1}{2}"},
                                                           {"5.0", "5"},
                                                           {"(2,1)", "(1,2)"},
                                                           {"abc = 5", "5"}};
  for (const auto& [a, b] : different) EXPECT_FALSE(hendrycks_equal(a, b)) << a << " " << b;
  EXPECT_TRUE(hendrycks_equal("\\sqrt", "\\sqrt")) << "where the original fails, it compares the texts";
  EXPECT_FALSE(hendrycks_form("\\frac"));
}

TEST(Graders, DifferWhereTheirRulesDo) {
  const auto verdicts = [](const std::string& answer, const std::string& response) {
    std::string right;
    for (const NamedGrader& grader : named_graders()) {
      if (!grader.grade({.answers = {answer}}, response).correct) continue;
      right += fmt::format("{}{}", right.empty() ? "" : " ", grader.name);
    }
    return right;
  };
  EXPECT_EQ(verdicts("\\frac{1}{2}", "so \\boxed{\\frac{1}{2}}"),
            "ours ours-anywhere hendrycks boxed-string");
  EXPECT_EQ(verdicts("\\frac{1}{2}", "so \\boxed{1/2}"), "ours ours-anywhere hendrycks");
  EXPECT_EQ(verdicts("\\frac{1}{2}", "so \\boxed{\\frac{2}{4}}"), "ours ours-anywhere");
  EXPECT_EQ(verdicts("1200", "The answer is 1,200."), "ours-anywhere last-number");
  EXPECT_EQ(verdicts("3", "First \\boxed{3}, but then 4"), "ours ours-anywhere hendrycks boxed-string");
  EXPECT_EQ(verdicts("5", "It costs $5."), "ours-anywhere last-number");
  EXPECT_EQ(verdicts("2", ""), "");
}

TEST(Graders, AreFoundByName) {
  const auto refusal = [](const std::vector<std::string>& names) -> std::string {
    try {
      (void)find_graders(names);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(refusal({"ours", "hendriks"}),
            "--graders: there is no grader \"hendriks\"; did you mean \"hendrycks\"?");
  EXPECT_EQ(refusal({"ours", "ours"}), "--graders: \"ours\" is named twice; name it once");
}

TEST(Graders, TheTableSaysWhatTheGraderMoves) {
  std::vector<ReplayedProblem> problems;
  for (const char* response : {"\\boxed{1/2}", "\\boxed{2/4}", "\\boxed{3}", "none", "\\boxed{0.50}"}) {
    problems.push_back({{.id = response, .answers = {"\\frac{1}{2}"}}, {response, "\\boxed{\\frac{1}{2}}"}});
  }
  int64_t done = 0;
  const std::string names[] = {"ours", "hendrycks"};
  const GraderComparison comparison =
      compare_graders(problems, find_graders(names), [&](int64_t n) { done = n; });
  EXPECT_EQ(done, 5);
  ASSERT_EQ(comparison.rows.size(), 2u);
  EXPECT_DOUBLE_EQ(comparison.rows[0].pass_at_1.mean, 0.8);
  EXPECT_FALSE(comparison.rows[0].change);
  EXPECT_DOUBLE_EQ(comparison.rows[1].pass_at_1.mean, 0.6);
  EXPECT_DOUBLE_EQ(comparison.rows[1].change->mean, -0.2);
  EXPECT_EQ(comparison.rows[1].gained, 0);
  EXPECT_EQ(comparison.rows[1].lost, 2);
  EXPECT_DOUBLE_EQ(comparison.rows[1].no_answer_share, 0.1);
  EXPECT_TRUE(grader_table(comparison).starts_with("| grader "));
}

}  // namespace
}  // namespace deepscaler
