#include "eval/summary.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "eval/markdown.h"
#include "eval/votes.h"

namespace deepscaler {
namespace {

EvalSample sample(const std::string& extracted, bool correct, int64_t tokens = 10) {
  return {.text = "\\boxed{" + extracted + "}",
          .extracted = extracted,
          .reason = correct ? "equal" : "different",
          .correct = correct,
          .tokens = tokens};
}

EvalSample undecided() { return {.text = "?", .extracted = "?", .reason = "work_limit", .undecided = true}; }

EvalProblem problem(const std::string& id, std::vector<std::string> answers,
                    std::vector<EvalSample> samples) {
  return {.id = id, .set = "s", .problem = "p", .answers = std::move(answers), .samples = std::move(samples)};
}

EvalReport report_of(std::vector<EvalProblem> problems, int64_t samples) {
  EvalReport report = {.program = "1", .verifier = "1+abc", .problems = std::move(problems)};
  report.settings.config.samples = samples;
  for (const EvalProblem& p : report.problems) {
    if (report.settings.sets.empty() || report.settings.sets.back().name != p.set) {
      report.settings.sets.push_back({.name = p.set});
    }
    ++report.settings.sets.back().problems;
  }
  return report;
}

std::vector<std::string> answers_of(const std::vector<Vote>& votes) {
  std::vector<std::string> answers;
  for (const Vote& vote : votes) answers.push_back(vote.answer);
  return answers;
}

TEST(Votes, EqualAnswersAreOneAnswer) {
  const auto votes = votes_of(problem(
      "a", {"0.5"},
      {sample("\\frac12", true), sample("7", false), sample("0.5", true), sample("\\frac{14}{2}", false),
       sample("7\\text{ cm}", false), sample("8", false), sample("", false), undecided()}));
  EXPECT_EQ(answers_of(votes), (std::vector<std::string>{"\\frac12", "7", "\\frac12", "7", "7", "8", ""}));
  EXPECT_TRUE(votes[2].right);
  EXPECT_FALSE(votes[3].right);
}

// With several references right answers may differ from each other.
TEST(Votes, RightAnswersMayDifferWhereReferencesDo) {
  const auto votes =
      votes_of(problem("a", {"3", "-3"}, {sample("3", true), sample("-3", true), sample("3.0", true)}));
  EXPECT_EQ(answers_of(votes), (std::vector<std::string>{"3", "-3", "3"}));
}

TEST(Summary, CountsByHand) {
  const EvalReport report = report_of(
      {problem("a", {"1"},
               {sample("1", true, 10), sample("1", true, 20), sample("2", false, 60), sample("1", true, 30)}),
       problem("b", {"1"},
               {sample("2", false, 40), sample("2", false, 40), sample("1", true, 20), undecided()})},
      4);
  const EvalOverview overview = summarize(report);
  ASSERT_EQ(overview.sets.size(), 1u);
  const EvalSummary& s = overview.sets[0];
  EXPECT_EQ(s.problems, 2);
  EXPECT_EQ(s.samples, 8);
  ASSERT_EQ(s.pass.size(), 3u);  // k = 1, 2, 4
  EXPECT_DOUBLE_EQ(s.pass[0].estimate.mean, (3.0 / 4 + 1.0 / 3) / 2);
  EXPECT_DOUBLE_EQ(s.pass[1].estimate.mean, (1 + 2.0 / 3) / 2);
  EXPECT_DOUBLE_EQ(s.pass[2].estimate.mean, 1);  // only the first problem has four decided samples
  EXPECT_EQ(s.pass[2].estimate.problems, 1);
  ASSERT_EQ(s.majority.size(), 2u);  // k = 2, 4
  EXPECT_DOUBLE_EQ(s.majority[0].estimate.mean, (0.75 + 0) / 2);
  EXPECT_DOUBLE_EQ(s.majority[1].estimate.mean, 1);
  EXPECT_DOUBLE_EQ(*s.mean_length_right, 20);
  EXPECT_DOUBLE_EQ(*s.mean_length_wrong, 140.0 / 3);
  EXPECT_DOUBLE_EQ(s.undecided_share, 1.0 / 8);
  EXPECT_TRUE(overview.average_pass.empty());
  EXPECT_EQ(s.pass[0].estimate.mean, report.pass_at_1().mean);
}

TEST(Summary, SetsHaveRowsAndAnAverage) {
  EvalReport report =
      report_of({problem("a", {"1"}, {sample("1", true)}), problem("b", {"1"}, {sample("2", false)}),
                 problem("a", {"1"}, {sample("1", true)})},
                1);
  report.problems[2].set = "t";
  report.settings.sets = {{.name = "s", .problems = 2}, {.name = "t", .problems = 1}};
  const EvalOverview overview = summarize(report);
  ASSERT_EQ(overview.average_pass.size(), 1u);
  EXPECT_DOUBLE_EQ(overview.average_pass[0].estimate.mean, 0.75);
  EXPECT_FALSE(overview.sets[1].mean_length_wrong.has_value());
  const std::string text = summary_markdown(overview);
  EXPECT_NE(text.find("| average | "), std::string::npos) << text;
  EXPECT_NE(text.find("| t       | 1        | 100.0 ["), std::string::npos) << text;
  EXPECT_EQ(text.find("pass@k"), std::string::npos) << text;  // one sample: nothing to say
}

TEST(Markdown, CellsStayCells) {
  EXPECT_EQ(markdown_table({{"a", "b"}, {"x|y\nz", "\xC3\xA9"}}),
            "| a      | b   |\n|--------|-----|\n| x\\|y z | \xC3\xA9   |\n");
  EvalReport report = report_of({problem("a", {"1|2"}, {sample("1|2", true)})}, 1);
  report.problems[0].prompt = "```\nfenced";
  const std::string text = report_markdown(report);
  EXPECT_NE(text.find("\n````\n```\nfenced\n````\n"), std::string::npos) << text;
  EXPECT_NE(text.find("| 1\\|2"), std::string::npos) << text;
}

TEST(Report, ReadsBackWhatItWrote) {
  const TemporaryFolder folder;
  EvalReport report = report_of({problem("a", {"1"}, {sample("1", true, 7), undecided()})}, 2);
  report.settings.model = "m";
  report.settings.config.sampling.top_p = 0.95f;
  report.problems[0].samples[1].text = "</script>\n\xE2\x82\xAC";
  write_report(folder / "r.json", report);
  const EvalReport again = read_report(folder / "r.json");
  write_report(folder / "again.json", again);
  EXPECT_EQ(read_file(folder / "r.json"), read_file(folder / "again.json"));
  EXPECT_EQ(again.problems[0].samples[1].text, report.problems[0].samples[1].text);
  EXPECT_TRUE(differences(report.settings, again.settings).empty());

  write_file_atomically(folder / "other.json", "{\"a\": 1}");
  try {
    (void)read_report(folder / "other.json");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), (folder / "other.json").string() +
                                             ": is no report of an evaluation; name a JSON file that "
                                             "`deepscaler eval` wrote");
  }
}

}  // namespace
}  // namespace deepscaler
