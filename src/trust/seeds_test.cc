#include "trust/seeds.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace deepscaler {
namespace {

std::string refusal(const std::string& text) {
  try {
    (void)parse_seeds(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Seeds, ReadsRangesAndLists) {
  EXPECT_EQ(parse_seeds("1..3,7"), (std::vector<int64_t>{1, 2, 3, 7}));
  EXPECT_EQ(parse_seeds("0"), std::vector<int64_t>{0});
  for (const char* text : {"", "1,", "3..1", "a", "-1", "1...3", "1..", "1 2"}) {
    EXPECT_EQ(refusal(text),
              fmt::format("--seeds {}: is no list of seeds; give a range or a list, as 1..5 or 1,3,8", text));
  }
  EXPECT_EQ(refusal("1..3,2"), "--seeds 1..3,2: has 2 twice; give a range or a list, as 1..5 or 1,3,8");
  EXPECT_EQ(refusal("0..9999999999"),
            "--seeds 0..9999999999: has more than 1000 seeds; give a range or a list, as 1..5 or 1,3,8");
}

// Right answers by problem and sample.
SeedRun run_of(int64_t seed, const std::vector<std::vector<bool>>& right) {
  EvalReport report;
  for (const auto& samples : right) {
    EvalProblem problem;
    for (const bool correct : samples) problem.samples.push_back({.correct = correct});
    report.problems.push_back(problem);
  }
  return {seed, {{"start", report}}};
}

TEST(Seeds, TableHasBothIntervals) {
  const std::vector<SeedRun> runs = {run_of(1, {{true}, {true}, {false}, {false}}),
                                     run_of(2, {{true}, {true}, {true}, {false}}),
                                     run_of(3, {{true}, {false}, {false}, {false}})};
  const std::vector<SeedRow> rows = seed_table(runs);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].by_seed, (std::vector<double>{0.5, 0.75, 0.25}));
  // 0.25 / sqrt(3) * 4.30265 on both sides.
  EXPECT_NEAR(rows[0].over_seeds.low, 0.5 - 0.62103, 1e-4);
  EXPECT_NEAR(rows[0].over_seeds.high, 0.5 + 0.62103, 1e-4);
  EXPECT_EQ(rows[0].over_problems.problems, 4);
  const double shares[] = {1, 2.0 / 3, 1.0 / 3, 0};
  EXPECT_EQ(rows[0].over_problems.low, share_interval(shares).low);
  const std::string text = seed_table_text(runs);
  EXPECT_TRUE(text.starts_with(
      "pass@1, %          seed 1   seed 2   seed 3          95 % over seeds       95 % over problems\n"
      "start                50.0     75.0     25.0        50.0 [0.0, 100.0]        50.0 [17.8, 82.2]\n"))
      << text;
}

TEST(Seeds, OneSeedSaysNothingOfOthers) {
  const std::vector<SeedRow> rows = seed_table({run_of(1, {{true}, {false}})});
  EXPECT_EQ(rows[0].over_seeds.low, 0);
  EXPECT_EQ(rows[0].over_seeds.high, 1);
  const std::vector<SeedRow> equal = seed_table({run_of(1, {{true}, {false}}), run_of(2, {{false}, {true}})});
  EXPECT_EQ(equal[0].over_seeds.low, 0);
  EXPECT_EQ(equal[0].over_seeds.high, 1);
}

}  // namespace
}  // namespace deepscaler
