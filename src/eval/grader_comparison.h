// Several graders on the same samples: what the grader alone moves.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "eval/graders.h"
#include "eval/replay.h"
#include "eval/statistics.h"

namespace deepscaler {

struct GraderRow {
  std::string grader;
  Interval pass_at_1;              // over decided samples
  std::optional<Interval> change;  // from the first grader, on the same problems; none for the first itself
  int64_t gained = 0, lost = 0;    // samples that are right here and not by the first grader, and the reverse
  double undecided_share = 0;
  double no_answer_share = 0;
};

struct GraderComparison {
  std::vector<const NamedGrader*> graders;
  std::vector<GraderRow> rows;
  // [problem][response][grader]
  std::vector<std::vector<std::vector<GraderVerdict>>> verdicts;
};

// `progress` is called, on this thread, with the number of problems graded so far. Throws Interrupted when
// the user asks to stop.
[[nodiscard]] GraderComparison compare_graders(std::span<const ReplayedProblem> problems,
                                               std::vector<const NamedGrader*> graders,
                                               const std::function<void(int64_t)>& progress);

// A table in Markdown, a row a grader.
[[nodiscard]] std::string grader_table(const GraderComparison& comparison);

}  // namespace deepscaler
