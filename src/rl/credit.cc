#include "rl/credit.h"

#include <vector>

#include "base/config.h"
#include "rl/loss/top_entropy.h"

namespace deepscaler {
namespace {

std::vector<RolloutSample*> samples_with_loss(std::span<RolloutGroup* const> groups,
                                              const LossConfig& config) {
  std::vector<RolloutSample*> samples;
  for (RolloutGroup* group : groups) {
    for (RolloutSample& sample : group->samples) {
      if (tokens_with_loss(sample, config) > 0) samples.push_back(&sample);
    }
  }
  return samples;
}

double weight_of(const RolloutGroup& group, const LossConfig& config) {
  if (config.uncertainty_sharpness == 0) return 1;
  const auto pass_rate = group.pass_rate();
  return pass_rate ? uncertainty_weight(*pass_rate, config.uncertainty_sharpness) : 1;
}

}  // namespace

int64_t tokens_with_loss(const RolloutSample& sample, const LossConfig& config) {
  return config.mask_truncated && sample.truncated() ? 0 : std::ssize(sample.generation.tokens);
}

void set_advantages(std::span<RolloutGroup* const> groups, const LossConfig& config) {
  std::vector<GroupRewards> rewards;
  for (const RolloutGroup* group : groups) {
    rewards.push_back({group->rewards(), {}});
    for (const auto& sample : group->samples)
      rewards.back().tokens.push_back(tokens_with_loss(sample, config));
  }
  const auto values = advantages(rewards, config.advantage, config.advantage_eps);
  for (size_t g = 0; g < groups.size(); ++g) {
    const auto weight = static_cast<float>(weight_of(*groups[g], config));
    for (size_t i = 0; i < values[g].size(); ++i) {
      RolloutSample& sample = groups[g]->samples[i];
      sample.streams.advantages.assign(sample.generation.tokens.size(), weight * values[g][i]);
    }
  }
}

void bind(ConfigSection& s, TeacherConfig& c) {
  s.field("model", c.model, "\"stage NAME\" (what that earlier stage ended with), or the path of a model")
      .required();
  s.field("coefficient", c.coefficient, "of log teacher - log pi, which is added to a token's advantage")
      .above(0);
  s.field("discount", c.discount, "share of the next token's credit that a token gets; 0 is its own alone")
      .range(0, 1);
}

void add_teacher_credit(std::span<RolloutGroup* const> groups, const TeacherConfig& config) {
  for (RolloutGroup* group : groups) {
    for (RolloutSample& sample : group->samples) {
      TokenStreams& streams = sample.streams;
      double credit = 0;
      for (size_t t = streams.advantages.size(); t-- > 0;) {
        const double gain =
            static_cast<double>(streams.teacher_log_probs[t]) - sample.generation.log_probs[t];
        credit = gain + static_cast<double>(config.discount) * credit;
        streams.advantages[t] += static_cast<float>(static_cast<double>(config.coefficient) * credit);
      }
    }
  }
}

void keep_uncertain_tokens(Engine& policy, std::span<RolloutGroup* const> groups, const LossConfig& config,
                           float temperature) {
  if (config.top_entropy_share >= 1 || groups.empty()) return;
  const GroupScores scores = policy.score(token_groups(groups), temperature);
  for (size_t g = 0; g < groups.size(); ++g) {
    for (size_t r = 0; r < scores[g].size(); ++r) {
      auto& entropies = groups[g]->samples[r].streams.entropies;
      entropies.clear();
      for (const TokenScore& score : scores[g][r]) entropies.push_back(score.entropy);
    }
  }
  const std::vector<RolloutSample*> samples = samples_with_loss(groups, config);
  std::vector<float> all;
  for (const RolloutSample* sample : samples) {
    all.insert(all.end(), sample->streams.entropies.begin(), sample->streams.entropies.end());
  }
  if (all.empty()) return;
  const double threshold = entropy_threshold(all, config.top_entropy_share);
  for (RolloutSample* sample : samples) {
    TokenStreams& streams = sample->streams;
    for (size_t t = 0; t < streams.advantages.size(); ++t) {
      if (streams.entropies[t] < threshold) streams.advantages[t] = 0;
    }
  }
}

void mark_high_covariance(std::span<RolloutGroup* const> groups, const LossConfig& config, const Rng& rng) {
  const CovarianceChoice choice = find_policy_loss(config.policy).covariance;
  if (choice == CovarianceChoice::kNone) return;
  const std::vector<RolloutSample*> samples = samples_with_loss(groups, config);
  std::vector<TokenCredit> tokens;
  for (RolloutSample* sample : samples) {
    const TokenStreams& streams = sample->streams;
    for (size_t t = 0; t < streams.advantages.size(); ++t) {
      tokens.push_back({streams.advantages[t], sample->generation.log_probs[t]});
    }
    sample->streams.high_covariance.assign(streams.advantages.size(), 0);
  }
  const std::vector<size_t> chosen = choose_by_covariance(tokens, choice, config.covariance, rng);
  auto next = chosen.begin();
  size_t first = 0;
  for (RolloutSample* sample : samples) {
    auto& marks = sample->streams.high_covariance;
    for (; next != chosen.end() && *next < first + marks.size(); ++next) marks[*next - first] = 1;
    first += marks.size();
  }
}

}  // namespace deepscaler
