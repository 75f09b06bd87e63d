#include "eval/results_files.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "eval/replay.h"
#include "formats/json_text.h"

namespace deepscaler {
namespace {

EvalSample sample(const std::string& text, bool correct, bool undecided = false) {
  return {
      .text = text, .extracted = text, .reason = "", .correct = correct, .undecided = undecided, .tokens = 3};
}

// Two sets of two problems: three of four samples right, then one of three that could be decided.
EvalReport two_sets() {
  EvalReport report;
  report.program = "1.0";
  report.verifier = "v";
  report.settings.model = "m";
  report.settings.config.samples = 2;
  report.settings.sets = {{"AIME 2024", 2, "aa"}, {"MATH-500", 2, "bb"}};
  const auto add = [&](const char* set, const char* id, std::vector<EvalSample> samples) {
    report.problems.push_back({.id = id,
                               .set = set,
                               .problem = std::string("question ") + id,
                               .answers = {"7"},
                               .prompt = "p",
                               .samples = std::move(samples)});
  };
  add("AIME 2024", "a", {sample("7", true), sample("7", true)});
  add("AIME 2024", "b", {sample("7", true), sample("8", false)});
  add("MATH-500", "c", {sample("7", true), sample("?", false, true)});
  add("MATH-500", "d", {sample("1", false), sample("2", false)});
  return report;
}

TEST(ResultsFiles, LmEvalsHaveTheFiguresAndTheSamplesThatAreReadBack) {
  const TemporaryFolder folder;
  find_results_form("lm-eval").write(folder.path(), two_sets());
  const auto results = read_json_file(folder / "results.json");
  EXPECT_EQ(results["results"]["aime_2024"]["exact_match,none"], 0.75);
  EXPECT_EQ(results["results"]["math_500"]["exact_match,none"], 0.5);
  EXPECT_GT(results["results"]["aime_2024"]["exact_match_stderr,none"], 0);
  EXPECT_EQ(results["n-samples"]["aime_2024"]["effective"], 2);
  const auto problems = read_replay(folder / "samples_math_500.jsonl", {});
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0].problem.problem, "question c");
  EXPECT_EQ(problems[0].problem.answers, std::vector<std::string>{"7"});
  EXPECT_EQ(problems[0].responses, std::vector<std::string>{"7"});
  EXPECT_EQ(problems[1].responses, (std::vector<std::string>{"1", "2"}));
}

TEST(ResultsFiles, LightevalsHaveTheFiguresAndTheirMean) {
  const TemporaryFolder folder;
  find_results_form("lighteval").write(folder.path(), two_sets());
  const auto results = read_json_file(folder / "results.json")["results"];
  EXPECT_EQ(results["aime_2024|0"]["pass@k:k=1&n=2"], 0.75);
  EXPECT_EQ(results["all"]["pass@k:k=1&n=2"], 0.625);
}

TEST(ResultsFiles, RefusesAnUnknownForm) {
  try {
    (void)find_results_form("lmeval");
    FAIL() << "taken";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "--format: there is no form lmeval; did you mean \"lm-eval\"?");
  }
}

}  // namespace
}  // namespace deepscaler
