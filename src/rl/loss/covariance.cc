#include "rl/loss/covariance.h"

#include <algorithm>
#include <utility>

namespace deepscaler {
namespace {

std::vector<double> covariances(std::span<const TokenCredit> tokens) {
  double advantages = 0, log_probs = 0;
  for (const TokenCredit& token : tokens) {
    advantages += token.advantage;
    log_probs += token.log_prob;
  }
  const auto count = static_cast<double>(tokens.size());
  std::vector<double> result;
  for (const TokenCredit& token : tokens) {
    result.push_back((token.advantage - advantages / count) * (token.log_prob - log_probs / count));
  }
  return result;
}

}  // namespace

std::vector<size_t> choose_by_covariance(std::span<const TokenCredit> tokens, CovarianceChoice choice,
                                         const CovarianceConfig& config, const Rng& rng) {
  if (tokens.empty() || choice == CovarianceChoice::kNone) return {};
  const std::vector<double> values = covariances(tokens);
  const auto wanted =
      std::max<size_t>(1, static_cast<size_t>(config.share * static_cast<double>(tokens.size())));
  std::vector<size_t> candidates;
  for (size_t i = 0; i < values.size(); ++i) {
    const bool within = values[i] > config.low && values[i] < config.high;
    if (choice == CovarianceChoice::kLargest || within) candidates.push_back(i);
  }
  const size_t count = std::min(wanted, candidates.size());
  if (choice == CovarianceChoice::kLargest) {
    std::ranges::stable_sort(candidates, [&](size_t a, size_t b) { return values[a] > values[b]; });
  } else {
    for (size_t i = 0; i < count; ++i) {  // the beginning of a Fisher-Yates shuffle
      std::swap(candidates[i], candidates[i + rng.below(candidates.size() - i, i)]);
    }
  }
  candidates.resize(count);
  std::ranges::sort(candidates);
  return candidates;
}

}  // namespace deepscaler
