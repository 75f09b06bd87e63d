#include "trust/seeds.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <numeric>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace deepscaler {
namespace {

constexpr int64_t kMostSeeds = 1000;

std::optional<int64_t> whole(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

[[noreturn]] void refuse_seeds(const std::string& text, const std::string& what) {
  throw Error("--seeds " + text, what, "give a range or a list, as 1..5 or 1,3,8");
}

// The share of right samples of each problem, as the mean over the runs; problems that no run has decided on
// are left out.
std::vector<double> shares_of_problems(const std::vector<SeedRun>& runs, size_t evaluation) {
  std::vector<double> sums, counts;
  for (const SeedRun& run : runs) {
    const Outcomes outcomes = run.evaluations[evaluation].report.outcomes();
    sums.resize(std::max(sums.size(), outcomes.size()));
    counts.resize(sums.size());
    for (size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i].empty()) continue;
      const auto right = static_cast<double>(std::ranges::count(outcomes[i], true));
      sums[i] += right / static_cast<double>(outcomes[i].size());
      ++counts[i];
    }
  }
  std::vector<double> shares;
  for (size_t i = 0; i < sums.size(); ++i) {
    if (counts[i] > 0) shares.push_back(sums[i] / counts[i]);
  }
  return shares;
}

std::string interval_text(const Interval& interval) {
  return fmt::format("{:.1f} [{:.1f}, {:.1f}]", 100 * interval.mean, 100 * std::max(interval.low, 0.0),
                     100 * std::min(interval.high, 1.0));
}

}  // namespace

std::vector<int64_t> parse_seeds(const std::string& text) {
  std::vector<int64_t> seeds;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    const std::string_view part = std::string_view(text).substr(at, end - at);
    const size_t dots = part.find("..");
    const auto first = whole(part.substr(0, dots));
    const auto last = dots == std::string_view::npos ? first : whole(part.substr(dots + 2));
    if (!first || !last || *last < *first) refuse_seeds(text, "is no list of seeds");
    if (*last - *first >= kMostSeeds) refuse_seeds(text, fmt::format("has more than {} seeds", kMostSeeds));
    for (int64_t seed = *first; seed <= *last; ++seed) {
      if (std::ranges::find(seeds, seed) != seeds.end())
        refuse_seeds(text, fmt::format("has {} twice", seed));
      seeds.push_back(seed);
    }
    at = end + 1;
  }
  return seeds;
}

std::vector<SeedRow> seed_table(const std::vector<SeedRun>& runs) {
  DEEPSCALER_CHECK(!runs.empty(), "no runs");
  std::vector<SeedRow> rows;
  for (size_t e = 0; e < runs[0].evaluations.size(); ++e) {
    SeedRow row = {
        .title = runs[0].evaluations[e].title, .by_seed = {}, .over_seeds = {}, .over_problems = {}};
    for (const SeedRun& run : runs) {
      DEEPSCALER_CHECK(run.evaluations.size() == runs[0].evaluations.size(), "seed {} has other evaluations",
                       run.seed);
      row.by_seed.push_back(run.evaluations[e].report.pass_at_1().mean);
    }
    // Seeds that happen to agree say as little of others as one does: their spread is not known.
    if (std::ranges::adjacent_find(row.by_seed, std::not_equal_to<>()) != row.by_seed.end())
      row.over_seeds = student_interval(row.by_seed);
    else
      row.over_seeds = {.mean = row.by_seed[0], .low = 0, .high = 1};
    const std::vector<double> shares = shares_of_problems(runs, e);
    row.over_problems = shares.empty() ? Interval{.mean = 0, .low = 0, .high = 1} : share_interval(shares);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string seed_table_text(const std::vector<SeedRun>& runs) {
  const std::vector<SeedRow> rows = seed_table(runs);
  std::string text = fmt::format("{:<16}", "pass@1, %");
  for (const SeedRun& run : runs) text += fmt::format(" {:>8}", fmt::format("seed {}", run.seed));
  text += fmt::format("   {:>22}   {:>22}\n", "95 % over seeds", "95 % over problems");
  for (const SeedRow& row : rows) {
    text += fmt::format("{:<16}", row.title);
    for (const double share : row.by_seed) text += fmt::format(" {:>8.1f}", 100 * share);
    text +=
        fmt::format("   {:>22}   {:>22}\n", interval_text(row.over_seeds), interval_text(row.over_problems));
  }
  return text;
}

}  // namespace deepscaler
