#include "eval/votes.h"

#include <span>
#include <string>

#include "verify/grade.h"

namespace deepscaler {
namespace {

// The verifier forgives what the reference has and the answer lacks (a unit), not the reverse. As votes
// the two are the same answer, so either direction counts.
bool are_equal(const std::string& a, const std::string& b) {
  const auto takes = [](const std::string& reference, const std::string& answer) {
    return grade(std::span(&reference, 1), "\\boxed{" + answer + "}").correct;
  };
  return a == b || takes(a, b) || takes(b, a);
}

}  // namespace

std::vector<Vote> votes_of(const EvalProblem& problem) {
  std::vector<Vote> votes;
  std::vector<Vote> candidates;  // the first vote for each answer
  for (const EvalSample& sample : problem.samples) {
    if (sample.undecided) continue;
    Vote vote = {.answer = sample.extracted, .right = sample.correct};
    if (!vote.answer.empty()) {
      bool is_new = true;
      for (const Vote& candidate : candidates) {
        if (candidate.right != vote.right) continue;
        if ((vote.right && problem.answers.size() == 1) || are_equal(candidate.answer, vote.answer)) {
          vote.answer = candidate.answer;
          is_new = false;
          break;
        }
      }
      if (is_new) candidates.push_back(vote);
    }
    votes.push_back(std::move(vote));
  }
  return votes;
}

}  // namespace deepscaler
