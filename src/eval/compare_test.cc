#include "eval/compare.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace deepscaler {
namespace {

// A report on problems "0", "1", ... whose samples are right as `right` says.
EvalReport report_of(const Outcomes& right) {
  EvalReport report = {.verifier = "v1"};
  report.settings.model_hash = "m";
  report.settings.sets = {{"s", std::ssize(right), "0123456789abcdef"}};
  for (size_t p = 0; p < right.size(); ++p) {
    EvalProblem& problem = report.problems.emplace_back(EvalProblem{.id = std::to_string(p), .set = "s"});
    for (bool correct : right[p]) problem.samples.push_back({.correct = correct});
  }
  return report;
}

std::string error_of(const EvalReport& before, const EvalReport& after) {
  try {
    (void)compare(before, after, OtherSettings::kRefuse);
    return "no error";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Compare, PairsByProblemWhateverTheOrder) {
  const EvalReport before = report_of({{true, false}, {false, false}, {true, true}});
  EvalReport after = report_of({{true, true}, {false, true}, {true, true}});
  std::swap(after.problems[0], after.problems[2]);
  after.settings.model_hash = "m2";
  after.settings.config.seed = 4;
  const EvalComparison c = compare(before, after, OtherSettings::kRefuse);
  ASSERT_EQ(c.sets.size(), 1u);
  EXPECT_DOUBLE_EQ(c.sets[0].before.mean, 0.5);
  EXPECT_DOUBLE_EQ(c.sets[0].difference.mean, (0.5 + 0.5 + 0) / 3);
  EXPECT_EQ(c.sets[0].difference.problems, 3);
  EXPECT_NEAR(c.sets[0].difference.standard_error, 1.0 / 6, 1e-12);
  ASSERT_EQ(c.other_differences.size(), 2u);
  EXPECT_EQ(c.other_differences[0].name, "model_hash");
  EXPECT_EQ(c.other_differences[1].after, "4");
  EXPECT_FALSE(c.average_difference.has_value());
}

TEST(Compare, WhatIsNotComparableIsRefusedByName) {
  const EvalReport report = report_of({{true}, {false}});
  EvalReport other = report;
  other.settings.config.sampling.temperature = 1;
  other.settings.prompt = "{problem}!";
  other.verifier = "v2";
  EXPECT_EQ(error_of(report, other),
            "compare: the two differ in more than the model: prompt (\"\" before, \"{problem}!\" after), "
            "temperature "
            "(0.6 before, 1.0 after), verifier (v1 before, v2 after); evaluate again with the same "
            "settings (kept samples are graded anew), or add --allow-settings");
  EXPECT_EQ(compare(report, other, OtherSettings::kAllow).other_differences.size(), 3u);

  other = report;
  other.settings.sets = {{"s", 2, "ffffffffffffffff"}, {"t", 5, "0"}};
  EXPECT_EQ(error_of(report, other),
            "compare: the two are not of the same problems: set s (2 problems, sha256 0123456789ab before, 2 "
            "problems, sha256 ffffffffffff after), set t (none before, 5 problems, sha256 0 after); evaluate "
            "both on "
            "the same data");
}

}  // namespace
}  // namespace deepscaler
