#include "eval/grader_comparison.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/parallel.h"
#include "base/signals.h"
#include "eval/markdown.h"

namespace deepscaler {
namespace {

std::string percent(double share) { return fmt::format("{:.1f}", 100 * share); }

std::string percent(const Interval& e, bool signs) {
  return signs ? fmt::format("{:+.1f} [{:+.1f}, {:+.1f}]", 100 * e.mean, 100 * e.low, 100 * e.high)
               : fmt::format("{:.1f} [{:.1f}, {:.1f}]", 100 * e.mean, 100 * e.low, 100 * e.high);
}

Outcomes outcomes_of(const GraderComparison& comparison, size_t grader) {
  Outcomes outcomes;
  for (const auto& responses : comparison.verdicts) {
    outcomes.emplace_back();
    for (const auto& verdicts : responses) {
      if (!verdicts[grader].undecided) outcomes.back().push_back(verdicts[grader].correct);
    }
  }
  return outcomes;
}

GraderRow row_of(const GraderComparison& comparison, size_t grader) {
  GraderRow row;
  row.grader = comparison.graders[grader]->name;
  const Outcomes outcomes = outcomes_of(comparison, grader);
  row.pass_at_1 = mean_interval(outcomes);
  if (grader > 0) row.change = paired_difference(outcomes_of(comparison, 0), outcomes);
  double samples = 0;
  for (const auto& responses : comparison.verdicts) {
    for (const auto& verdicts : responses) {
      const GraderVerdict &here = verdicts[grader], &first = verdicts[0];
      row.gained += here.correct && !first.correct;
      row.lost += first.correct && !here.correct;
      row.undecided_share += here.undecided;
      row.no_answer_share += here.extracted.empty();
      ++samples;
    }
  }
  if (samples > 0) {
    row.undecided_share /= samples;
    row.no_answer_share /= samples;
  }
  return row;
}

}  // namespace

GraderComparison compare_graders(std::span<const ReplayedProblem> problems,
                                 std::vector<const NamedGrader*> graders,
                                 const std::function<void(int64_t)>& progress) {
  GraderComparison comparison{.graders = std::move(graders), .rows = {}, .verdicts = {}};
  comparison.verdicts.resize(problems.size());
  constexpr int64_t kTogether = 64;  // problems between two reports of progress
  const int64_t count = std::ssize(problems);
  for (int64_t first = 0; first < count; first += kTogether) {
    throw_if_stop_requested();
    const int64_t last = std::min(count, first + kTogether);
    parallel_for(last - first, [&](int64_t i) {
      const ReplayedProblem& replayed = problems[static_cast<size_t>(first + i)];
      auto& of_problem = comparison.verdicts[static_cast<size_t>(first + i)];
      for (const std::string& response : replayed.responses) {
        auto& verdicts = of_problem.emplace_back();
        for (const NamedGrader* grader : comparison.graders) {
          verdicts.push_back(grader->grade(replayed.problem, response));
        }
      }
    });
    progress(last);
  }
  for (size_t g = 0; g < comparison.graders.size(); ++g) comparison.rows.push_back(row_of(comparison, g));
  return comparison;
}

std::string grader_table(const GraderComparison& comparison) {
  std::vector<std::vector<std::string>> rows = {{"grader", "pass@1, %", "change, points", "right only here",
                                                 "right only there", "no answer, %", "undecided, %"}};
  for (const GraderRow& row : comparison.rows) {
    const bool other = row.change.has_value();
    rows.push_back({row.grader, percent(row.pass_at_1, false), other ? percent(*row.change, true) : "",
                    other ? std::to_string(row.gained) : "", other ? std::to_string(row.lost) : "",
                    percent(row.no_answer_share), percent(row.undecided_share)});
  }
  return markdown_table(rows);
}

}  // namespace deepscaler
