#include "infer/sampler.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

#include "ops/rows/lm_head.h"

namespace deepscaler {
namespace {

// A token that may be drawn, with its probability up to a common factor: the most likely one has 1.
struct Candidate {
  int32_t token;
  float logit;
  double weight;
};

// Kernels may take a NaN for the other operand of a maximum, so the sums do not tell.
bool all_finite(std::span<const float> logits) {
  bool finite = true;
  for (float logit : logits) finite &= std::isfinite(logit);
  return finite;
}

bool changes_logits(const GenerationOptions& options) {
  return options.sampling.repetition_penalty != 1 || !options.logit_bias.empty() ||
         options.presence_penalty != 0 || options.frequency_penalty != 0;
}

void penalize_seen(float penalty, const SampledContext& context, std::vector<float>& logits) {
  std::vector<int32_t> seen(context.prompt.begin(), context.prompt.end());
  seen.insert(seen.end(), context.response.begin(), context.response.end());
  std::ranges::sort(seen);
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  for (int32_t token : seen) {
    float& logit = logits[static_cast<size_t>(token)];
    logit = logit > 0 ? logit / penalty : logit * penalty;
  }
}

void penalize_said(const GenerationOptions& options, std::span<const int32_t> response,
                   std::vector<float>& logits) {
  std::vector<int32_t> said(response.begin(), response.end());
  std::ranges::sort(said);
  for (size_t first = 0, end = 0; first < said.size(); first = end) {
    while (end < said.size() && said[end] == said[first]) ++end;
    logits[static_cast<size_t>(said[first])] -=
        options.presence_penalty + static_cast<float>(end - first) * options.frequency_penalty;
  }
}

// Steps 1 and 2 of infer/sampling.h, and what follows them.
void change_logits(const GenerationOptions& options, const SampledContext& context,
                   std::vector<float>& logits) {
  for (const LogitBias& bias : options.logit_bias) logits[static_cast<size_t>(bias.token)] += bias.bias;
  if (options.sampling.repetition_penalty != 1) {
    penalize_seen(options.sampling.repetition_penalty, context, logits);
  }
  if (options.presence_penalty != 0 || options.frequency_penalty != 0) {
    penalize_said(options, context.response, logits);
  }
}

// The k-th largest logit, or no limit where all are kept.
float top_k_limit(std::span<const float> logits, int64_t top_k) {
  if (top_k == 0 || top_k >= std::ssize(logits)) return -std::numeric_limits<float>::infinity();
  std::vector<float> sorted(logits.begin(), logits.end());
  std::nth_element(sorted.begin(), sorted.begin() + (top_k - 1), sorted.end(), std::greater<>());
  return sorted[static_cast<size_t>(top_k - 1)];
}

// The tokens that steps 4 to 6 leave, in order of token numbers. Steps 5 and 6 look at tokens from the
// most likely one on, so only those are sorted that could pass: tokens with less than (1 - top_p) / V
// each have less than 1 - top_p together, so the others reach top_p without them.
std::vector<Candidate> candidates(std::span<const float> logits, const GenerationOptions& options) {
  const SoftmaxNormalizer normalizer = softmax_normalizer(logits, options.sampling.temperature);
  const float inverse_temperature = 1.0f / options.sampling.temperature;
  const float limit = top_k_limit(logits, options.sampling.top_k);
  const bool all_ranks = limit == -std::numeric_limits<float>::infinity();
  double least = options.sampling.min_p / 2;  // the exact comparison follows
  if (all_ranks && options.sampling.top_p < 1) {
    const double share =
        (1 - static_cast<double>(options.sampling.top_p)) / static_cast<double>(logits.size());
    least = std::max(least, share / 2 * std::exp(normalizer.log_sum));
  }
  const double least_exponent = least > 0 ? std::log(least) : -std::numeric_limits<double>::infinity();

  std::vector<Candidate> kept;
  double total = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    const double exponent = static_cast<double>(logits[i] * inverse_temperature) - normalizer.maximum;
    if (logits[i] < limit || (all_ranks && exponent < least_exponent)) continue;
    const double weight = std::exp(exponent);
    kept.push_back({static_cast<int32_t>(i), logits[i], weight});
    total += weight;
  }
  if (all_ranks) total = std::exp(normalizer.log_sum);
  std::ranges::sort(kept, [](const Candidate& a, const Candidate& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
  });

  double above = 0;
  size_t count = 0;
  for (; count < kept.size(); ++count) {
    const double weight = kept[count].weight;
    const bool enough =
        options.sampling.top_p < 1 && above >= static_cast<double>(options.sampling.top_p) * total;
    if (count > 0 && (enough || weight < static_cast<double>(options.sampling.min_p))) break;
    above += weight;
  }
  kept.resize(count);
  std::ranges::sort(kept, {}, &Candidate::token);
  return kept;
}

int32_t draw(const std::vector<Candidate>& candidates, float uniform) {
  double total = 0, passed = 0;
  for (const Candidate& candidate : candidates) total += candidate.weight;
  for (const Candidate& candidate : candidates) {
    passed += candidate.weight;
    if (passed > static_cast<double>(uniform) * total) return candidate.token;
  }
  return candidates.back().token;
}

int32_t choose(std::span<const float> logits, const GenerationOptions& options, float uniform) {
  if (options.sampling.temperature == 0) return most_likely_token(logits);
  if (options.sampling.top_k == 0 && options.sampling.top_p == 1 && options.sampling.min_p == 0) {
    return sample_token(logits, options.sampling.temperature, uniform);
  }
  return draw(candidates(logits, options), uniform);
}

// The allowed tokens as a vocabulary of their own: the others have no part in any step.
int32_t choose_allowed(std::span<const float> logits, std::span<const int32_t> allowed,
                       const GenerationOptions& options, float uniform) {
  std::vector<float> left;
  left.reserve(allowed.size());
  for (int32_t token : allowed) left.push_back(logits[static_cast<size_t>(token)]);
  return allowed[static_cast<size_t>(choose(left, options, uniform))];
}

}  // namespace

SampledToken draw_token(std::span<const float> logits, const GenerationOptions& options,
                        const SampledContext& context, float uniform) {
  const float temperature = options.sampling.temperature == 0 ? 1 : options.sampling.temperature;
  if (!all_finite(logits)) return {0, std::numeric_limits<float>::quiet_NaN()};
  const SoftmaxNormalizer normalizer = softmax_normalizer(logits, temperature);
  std::vector<float> changed;
  std::span<const float> chosen_from = logits;
  if (changes_logits(options)) {
    changed.assign(logits.begin(), logits.end());
    change_logits(options, context, changed);
    chosen_from = changed;
  }
  const int32_t token = context.allowed ? choose_allowed(chosen_from, *context.allowed, options, uniform)
                                        : choose(chosen_from, options, uniform);
  return {token, normalizer.log_prob(logits[static_cast<size_t>(token)], temperature)};
}

TokenRanking rank_token(std::span<const float> logits, int32_t token, int64_t count, float temperature) {
  if (temperature == 0) temperature = 1;
  const SoftmaxNormalizer normalizer = softmax_normalizer(logits, temperature);
  TokenRanking ranking = {normalizer.log_prob(logits[static_cast<size_t>(token)], temperature), {}};
  std::vector<int32_t> tokens(logits.size());
  std::iota(tokens.begin(), tokens.end(), 0);
  const auto kept = tokens.begin() + std::min(count, std::ssize(tokens));
  std::partial_sort(tokens.begin(), kept, tokens.end(), [&](int32_t a, int32_t b) {
    const float of_a = logits[static_cast<size_t>(a)], of_b = logits[static_cast<size_t>(b)];
    return of_a != of_b ? of_a > of_b : a < b;
  });
  for (auto it = tokens.begin(); it != kept; ++it) {
    ranking.top.push_back({*it, normalizer.log_prob(logits[static_cast<size_t>(*it)], temperature)});
  }
  return ranking;
}

}  // namespace deepscaler
