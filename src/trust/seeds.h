// One recipe with several seeds: how much of a result is the recipe's, and how much the seed's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eval/statistics.h"
#include "run/evaluations.h"

namespace deepscaler {

// "1..5", "1,3,8" or "1..3,7": in the order given. Throws Error for other text, and for a seed given twice.
[[nodiscard]] std::vector<int64_t> parse_seeds(const std::string& text);

struct SeedRun {
  int64_t seed = 0;
  std::vector<RunEvaluation> evaluations;  // as RunResult has them
};

// pass@1 at one evaluation of the recipe, in [0, 1].
struct SeedRow {
  std::string title;
  std::vector<double> by_seed;
  // What another seed on these problems gives: Student's over seeds. As wide as can be for a single seed.
  Interval over_seeds;
  // What these seeds give on other problems: each problem is the mean over seeds.
  Interval over_problems;
};

// One row an evaluation. Two or more runs need the same evaluations on the same problems (a CHECK).
[[nodiscard]] std::vector<SeedRow> seed_table(const std::vector<SeedRun>& runs);

// The table for people, in percent.
[[nodiscard]] std::string seed_table_text(const std::vector<SeedRun>& runs);

}  // namespace deepscaler
