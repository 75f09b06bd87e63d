#include "rl/critic.h"

#include <utility>

#include "base/config.h"

namespace deepscaler {

void bind(ConfigSection& s, CriticConfig& c) {
  s.field(
      "model", c.model,
      "what the critic begins with: \"start\" (the layers of the policy that the stage starts from), \"stage "
      "NAME\" (the critic or else the reward model that this earlier stage made, or else what it ended "
      "with), "
      "or the path of a model");
  s.field(
       "value_clip", c.value_clip,
       "how far a value may move from that of the rollout before its loss has no gradient; 0: as far as it "
       "will")
      .at_least(0);
  s.field("pretraining_steps", c.pretraining_steps,
          "first steps of the stage in which the critic alone learns, from whole returns (lambda 1)")
      .at_least(0);
  s.field("warmup_steps", c.warmup_steps, "steps after them in which the critic alone learns").at_least(0);
  s.section("optimizer", c.optimizer, "how the critic's gradients become updates");
  s.require(c.optimizer.start == OptimizerStart::kReset, "optimizer",
            "has start = \"keep\", and a critic's optimizer always begins anew", "leave start out");
}

void CriticSums::add(const CriticSums& other) {
  loss += other.loss;
  clipped += other.clipped;
  tokens += other.tokens;
}

CriticLoss::CriticLoss(double clip, std::vector<std::vector<CriticTarget>> targets)
    : clip_(clip > 0 ? std::optional(clip) : std::nullopt), targets_(std::move(targets)) {
  for (const auto& group : targets_) {
    for (const CriticTarget& target : group) tokens_ += static_cast<double>(target.returns.size());
  }
}

void CriticLoss::evaluate(std::span<const PredictedToken> tokens, std::span<const float> values,
                          std::span<float> derivatives) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    const CriticTarget& target = targets_[tokens[i].group][tokens[i].response];
    const auto token = static_cast<size_t>(tokens[i].token);
    const ValueTerm term = value_term(values[i], target.old_values[token], target.returns[token], clip_);
    derivatives[i] = static_cast<float>(term.derivative / tokens_);
    sums_.loss += term.loss / tokens_;
    sums_.clipped += term.clipped;
    ++sums_.tokens;
  }
}

void score_values(Engine& critic, std::span<RolloutGroup* const> groups) {
  GroupValues values = critic.values(token_groups(groups), TokenRow::kBefore);
  for (size_t g = 0; g < groups.size(); ++g) {
    for (size_t r = 0; r < values[g].size(); ++r) {
      groups[g]->samples[r].streams.values = std::move(values[g][r]);
    }
  }
  critic.release_workspace();
}

}  // namespace deepscaler
