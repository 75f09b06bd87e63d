// What an evaluation's scores say, and how surely. Pure functions.
//
// The unit is the problem: samples of one problem are not independent, so every interval comes from
// one number a problem (E. Miller, "Adding error bars to evals", arXiv:2411.00640, sections 2 and 4).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace deepscaler {

struct Interval {
  double mean = 0;
  double low = 0, high = 0;  // 95 % confidence
  double standard_error = 0;
  int64_t problems = 0;  // that it rests on
};

// Whether each sample of each problem was right. A problem without decided samples has an empty row.
using Outcomes = std::vector<std::vector<bool>>;

// pass@1: the mean over problems of the share of right samples (share_interval). Problems without
// samples are left out; 0 in [0, 1] where no problem has any.
[[nodiscard]] Interval mean_interval(const Outcomes& outcomes);

// The mean of two or more independent numbers, such as one a seed, with Student's interval. No bounds are
// known, so the interval may reach beyond [0, 1].
[[nodiscard]] Interval student_interval(std::span<const double> values);

// The change of pass@1 from `before` to `after`, over the problems that have samples in both
// (difference_interval). Both list the same problems in the same order. 0 in [-1, 1] where fewer than two
// problems have samples in both.
[[nodiscard]] Interval paired_difference(const Outcomes& before, const Outcomes& after);

// The probability that at least one of k samples is right, estimated without bias from n >= k samples
// of which `right` are (M. Chen et al., "Evaluating large language models trained on code",
// arXiv:2107.03374, equation 1).
[[nodiscard]] double pass_at_k(int64_t n, int64_t right, int64_t k);

// A sample's answer in a form in which equal answers are equal strings (empty: none, it does not
// vote), and whether it is right.
struct Vote {
  std::string answer;
  bool right = false;
};

// The probability that the most frequent answer among k samples is right ("self-consistency",
// X. Wang et al., arXiv:2203.11171): the mean over the consecutive groups of k in `votes`. A tie is
// drawn by lot, so a tie counts the share of the tied answers that are right. 0 without any answer.
[[nodiscard]] double majority_at_k(std::span<const Vote> votes, int64_t k);

// The mean of one number in [0, 1] a problem (a share of right samples, pass@k, maj@k), with the Wilson
// interval for the sample size that the spread of these numbers amounts to (C. Franco et al., "Comparative
// study of confidence intervals for proportions in complex sample surveys", J. Survey Statistics and
// Methodology 7, 2019). Unlike mean +- 2 errors it stays in [0, 1] and keeps its width where all problems
// agree.
[[nodiscard]] Interval share_interval(std::span<const double> by_problem);

// The unweighted mean of one or more estimates in [0, 1] from different problems, such as the data sets of a
// benchmark. Their intervals combine by the distances of their ends ("MOVER": G. Zou and A. Donner,
// Statistics in Medicine 27, 2008, 1693-1702).
[[nodiscard]] Interval average_interval(std::span<const Interval> estimates);

// The mean of after - before over two or more problems, in the same order in both, with Student's interval
// (Miller, section 4.2: pairing removes the problems' own difficulty). Where all problems changed alike, for
// instance not at all, their spread says nothing. The interval is then as wide as Wilson's for a share of
// which no problem was an example.
[[nodiscard]] Interval difference_interval(std::span<const double> before, std::span<const double> after);

}  // namespace deepscaler
