#include "rl/loss/gae.h"

#include <algorithm>
#include <cmath>

#include "base/config.h"

namespace deepscaler {
namespace {

constexpr ConfigName<KlEstimator> kKlNames[] = {
    {"k1", KlEstimator::kK1}, {"k2", KlEstimator::kK2}, {"k3", KlEstimator::kK3}};

}  // namespace

void bind(ConfigSection& s, GaeConfig& c) {
  s.field("gamma", c.gamma, "share of the next state's value that a state has").range(0, 1);
  s.field("lambda", c.lambda, "1: whole returns less the value; 0: one step ahead").range(0, 1);
  s.field("critic_lambda", c.critic_lambda, "lambda of the critic's targets; not set: lambda").range(0, 1);
  s.field("length_alpha", c.length_alpha,
          "lambda of a response of l tokens is 1 - 1 / max(1, length_alpha l); not set: lambda for all")
      .above(0);
  s.field("whiten", c.whiten, "give the advantages of a rollout mean 0 and variance 1");
  s.field("kl_coefficient", c.kl_coefficient,
          "of the divergence from the reference in the rewards of tokens, 0 for none; with kl_target that of "
          "the "
          "first step")
      .at_least(0);
  s.choice("kl", c.kl, "estimator of that divergence", kKlNames);
  s.field("kl_target", c.kl_target,
          "divergence, in nats a token, to which the coefficient is adapted; not set: the coefficient stays")
      .above(0);
  s.field("kl_horizon", c.kl_horizon, "responses over which the coefficient follows its target").above(0);
  s.require(!c.kl_target || c.kl_coefficient > 0, "kl_target", "adapts a coefficient of 0",
            "set kl_coefficient");
}

double policy_lambda(const GaeConfig& config, int64_t tokens) {
  if (!config.length_alpha) return config.lambda;
  return 1 - 1 / std::max(1.0, *config.length_alpha * static_cast<double>(tokens));
}

double critic_lambda(const GaeConfig& config) { return config.critic_lambda.value_or(config.lambda); }

std::vector<double> gae(const GaeInput& input, double gamma, double lambda) {
  std::vector<double> advantages(input.values.size(), 0.0);
  double next_value = 0, next_advantage = 0;
  for (size_t t = input.values.size(); t-- > 0;) {
    if (!input.mask.empty() && input.mask[t] == 0) continue;
    const double value = input.values[t];
    const double delta = input.rewards[t] + gamma * next_value - value;
    next_advantage = delta + gamma * lambda * next_advantage;
    next_value = value;
    advantages[t] = next_advantage;
  }
  return advantages;
}

void whiten(std::span<const std::span<double>> batch) {
  double sum = 0, count = 0;
  for (const auto& numbers : batch) {
    for (const double x : numbers) sum += x;
    count += static_cast<double>(numbers.size());
  }
  if (count < 2) return;
  const double mean = sum / count;
  double squares = 0;
  for (const auto& numbers : batch) {
    for (const double x : numbers) squares += (x - mean) * (x - mean);
  }
  const double scale = 1 / std::sqrt(squares / (count - 1) + 1e-8);
  for (const auto& numbers : batch) {
    for (double& x : numbers) x = (x - mean) * scale;
  }
}

ValueTerm value_term(double value, double old_value, double target, std::optional<double> clip) {
  const double error = value - target;
  ValueTerm term = {.loss = error * error / 2, .derivative = error};
  if (!clip) return term;
  const double clipped_error = std::clamp(value, old_value - *clip, old_value + *clip) - target;
  const double clipped_loss = clipped_error * clipped_error / 2;
  if (clipped_loss > term.loss) return {.loss = clipped_loss, .derivative = 0, .clipped = true};
  return term;
}

double adapted_kl_coefficient(const GaeConfig& config, double coefficient, double kl, int64_t responses) {
  if (!config.kl_target) return coefficient;
  const double error = std::clamp(kl / *config.kl_target - 1, -0.2, 0.2);
  return coefficient * (1 + error * static_cast<double>(responses) / config.kl_horizon);
}

}  // namespace deepscaler
