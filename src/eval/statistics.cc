#include "eval/statistics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>

#include "base/error.h"

namespace deepscaler {
namespace {

// 97.5 % quantile of the standard normal distribution.
constexpr double kZ = 1.959963984540054;

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Standard error of the mean of independent values; 0 for a single one.
double standard_error_of(std::span<const double> values, double mean) {
  if (values.size() < 2) return 0;
  double squares = 0;
  for (double value : values) squares += (value - mean) * (value - mean);
  const auto n = static_cast<double>(values.size());
  return std::sqrt(squares / (n * (n - 1)));
}

// 97.5 % quantile of Student's distribution: from tables up to 4 degrees of freedom, then by Abramowitz and
// Stegun 26.7.5, which is within 0.1 % there.
double student_quantile(double freedom) {
  constexpr double kTable[] = {12.7062, 4.30265, 3.18245, 2.77645};
  if (freedom <= 4) return kTable[static_cast<size_t>(freedom) - 1];
  const double x = kZ, x3 = x * x * x, x5 = x3 * x * x, x7 = x5 * x * x, x9 = x7 * x * x;
  const double g1 = (x3 + x) / 4;
  const double g2 = (5 * x5 + 16 * x3 + 3 * x) / 96;
  const double g3 = (3 * x7 + 19 * x5 + 17 * x3 - 15 * x) / 384;
  const double g4 = (79 * x9 + 776 * x7 + 1482 * x5 - 1920 * x3 - 945 * x) / 92160;
  const double v = freedom;
  return x + g1 / v + g2 / (v * v) + g3 / (v * v * v) + g4 / (v * v * v * v);
}

double share_right(const std::vector<bool>& samples) {
  return static_cast<double>(std::count(samples.begin(), samples.end(), true)) /
         static_cast<double>(samples.size());
}

double majority_of(std::span<const Vote> votes) {
  struct Tally {
    int64_t count = 0;
    bool right = false;
  };
  std::map<std::string, Tally> tallies;
  int64_t most = 0;
  for (const auto& vote : votes) {
    if (vote.answer.empty()) continue;
    Tally& tally = tallies[vote.answer];
    tally.right = tally.right || vote.right;
    most = std::max(most, ++tally.count);
  }
  int64_t winners = 0, right_winners = 0;
  for (const auto& [answer, tally] : tallies) {
    if (tally.count < most) continue;
    ++winners;
    right_winners += tally.right;
  }
  return winners == 0 ? 0 : static_cast<double>(right_winners) / static_cast<double>(winners);
}

}  // namespace

Interval mean_interval(const Outcomes& outcomes) {
  std::vector<double> shares;
  for (const auto& problem : outcomes)
    if (!problem.empty()) shares.push_back(share_right(problem));
  if (shares.empty()) return {.mean = 0, .low = 0, .high = 1};
  return share_interval(shares);
}

Interval student_interval(std::span<const double> values) {
  DEEPSCALER_CHECK(values.size() >= 2, "{} values", values.size());
  const double mean = mean_of(values), error = standard_error_of(values, mean);
  const double width = student_quantile(static_cast<double>(values.size() - 1)) * error;
  return {mean, mean - width, mean + width, error, std::ssize(values)};
}

Interval paired_difference(const Outcomes& before, const Outcomes& after) {
  DEEPSCALER_CHECK(before.size() == after.size(), "{} and {} problems", before.size(), after.size());
  std::vector<double> shares_before, shares_after;
  for (size_t i = 0; i < before.size(); ++i) {
    if (before[i].empty() || after[i].empty()) continue;
    shares_before.push_back(share_right(before[i]));
    shares_after.push_back(share_right(after[i]));
  }
  if (shares_before.size() < 2) return {.mean = 0, .low = -1, .high = 1};
  return difference_interval(shares_before, shares_after);
}

double pass_at_k(int64_t n, int64_t right, int64_t k) {
  DEEPSCALER_CHECK(0 < k && k <= n && 0 <= right && right <= n, "n {} right {} k {}", n, right, k);
  if (n - right < k) return 1;
  // C(n - right, k) / C(n, k) as a product, which neither overflows nor cancels.
  double all_wrong = 1;
  for (int64_t i = n - right + 1; i <= n; ++i)
    all_wrong *= 1 - static_cast<double>(k) / static_cast<double>(i);
  return 1 - all_wrong;
}

double majority_at_k(std::span<const Vote> votes, int64_t k) {
  const auto size = static_cast<size_t>(k);
  DEEPSCALER_CHECK(k > 0 && size <= votes.size(), "k {} of {} samples", k, votes.size());
  const size_t groups = votes.size() / size;
  double sum = 0;
  for (size_t group = 0; group < groups; ++group) sum += majority_of(votes.subspan(group * size, size));
  return sum / static_cast<double>(groups);
}

Interval share_interval(std::span<const double> by_problem) {
  DEEPSCALER_CHECK(!by_problem.empty(), "no problems");
  const double p = mean_of(by_problem), error = standard_error_of(by_problem, p);
  const auto problems = static_cast<double>(by_problem.size());
  // As many independent yes-or-no problems have this standard error.
  const double n = error > 0 ? p * (1 - p) / (error * error) : problems;
  const double shrink = 1 + kZ * kZ / n;
  const double center = (p + kZ * kZ / (2 * n)) / shrink;
  const double half_width = kZ / shrink * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  // At 0 and 1 the end is that number, not what rounding leaves beside it.
  return {p, p > 0 ? std::max(0.0, center - half_width) : 0, p < 1 ? std::min(1.0, center + half_width) : 1,
          error, static_cast<int64_t>(by_problem.size())};
}

Interval average_interval(std::span<const Interval> estimates) {
  DEEPSCALER_CHECK(!estimates.empty(), "no estimates");
  double mean = 0, below = 0, above = 0, variance = 0;
  Interval average;
  for (const Interval& e : estimates) {
    mean += e.mean;
    below += (e.mean - e.low) * (e.mean - e.low);
    above += (e.high - e.mean) * (e.high - e.mean);
    variance += e.standard_error * e.standard_error;
    average.problems += e.problems;
  }
  const auto n = static_cast<double>(estimates.size());
  average.mean = mean / n;
  average.low = average.mean - std::sqrt(below) / n;
  average.high = average.mean + std::sqrt(above) / n;
  average.standard_error = std::sqrt(variance) / n;
  return average;
}

Interval difference_interval(std::span<const double> before, std::span<const double> after) {
  DEEPSCALER_CHECK(before.size() == after.size() && before.size() >= 2, "{} and {} problems", before.size(),
                   after.size());
  std::vector<double> differences(before.size());
  std::transform(after.begin(), after.end(), before.begin(), differences.begin(), std::minus<>());
  const double mean = mean_of(differences), error = standard_error_of(differences, mean);
  const auto problems = static_cast<double>(before.size());
  Interval interval = {mean, mean, mean, error, static_cast<int64_t>(before.size())};
  if (error > 0) {
    const double half_width = student_quantile(problems - 1) * error;
    interval.low -= half_width;
    interval.high += half_width;
  } else {
    const double unseen = kZ * kZ / (problems + kZ * kZ);
    interval.low -= unseen;
    interval.high += unseen;
  }
  interval.low = std::max(-1.0, interval.low);
  interval.high = std::min(1.0, interval.high);
  return interval;
}

}  // namespace deepscaler
