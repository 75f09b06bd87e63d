// What the loop does with a rollout: which groups cost a pass, which are replaced, what stops it.
#include "rl/grpo.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/signals.h"
#include "rl/loss/policy_losses.h"

namespace deepscaler {
namespace {

constexpr int64_t kSamples = 3;
const std::filesystem::path kModel = std::filesystem::path(DEEPSCALER_GOLDENS) / "trl";

// A step over made-up answers, whose log-probabilities are the model's own; rewards by problem and sample.
class GrpoTest : public testing::Test {
 protected:
  GrpoTest() {
    for (int i = 0; i < 20; ++i) problems_.push_back({.id = std::to_string(i), .problem = "", .answers = {}});
    config_.rollout.problems_per_step = 3;
    config_.rollout.samples_per_problem = kSamples;
    config_.reward.max_undecided_share = 0.5f;
  }

  using Rewards = std::function<std::optional<double>(int64_t problem, int64_t sample)>;
  GrpoStepResult step(const Rewards& rewards, int64_t stage_step = 0) {
    const GrpoSources sources = {.generate = [this](const auto& problems) { return generate(problems); },
                                 .grade =
                                     [&](auto& groups) {
                                       for (RolloutGroup& group : groups) {
                                         for (int64_t s = 0; s < kSamples; ++s) {
                                           group.samples[s].reward =
                                               rewards(group.problem - problems_.data(), s);
                                         }
                                       }
                                     }};
    const std::vector<float> before = weights();
    auto result = grpo_step(
        config_, optimizer_config_,
        {.problems = problems_, .seed = 1, .stage_step = stage_step, .carried = carried_},
        {.policy = policy_, .reference = config_.loss.uses_reference() ? &reference_ : nullptr}, sources);
    changed_ = before != weights();
    return result;
  }
  [[nodiscard]] std::vector<float> weights() const {
    return {policy_.model().weights(), policy_.model().weights() + policy_.model().table().size()};
  }
  [[nodiscard]] double gradient_norm() { return global_norm(policy_.gradients()); }
  void begin_again() {
    policy_.copy_weights_from(reference_.model());
    policy_.begin_optimizer(optimizer_config_);
  }

  std::vector<RolloutGroup> generate(const std::vector<const Problem*>& problems) {
    ++generated_;
    std::vector<RolloutGroup> groups;
    for (const Problem* problem : problems) {
      const auto number = static_cast<int32_t>(problem - problems_.data());
      RolloutGroup group{problem, {{3, 4 + number, 5}}, std::vector<RolloutSample>(kSamples)};
      for (int32_t s = 0; s < kSamples; ++s) {
        for (int32_t t = 0; t < 4 + s; ++t) {
          group.samples[s].generation.tokens.push_back(
              3 + (7 * number + 5 * s + 3 * t + (s == 2 ? truncated_shift_ : 0)) % 60);
        }
        group.samples[s].generation.finish_reason = s == 2 ? FinishReason::kLength : FinishReason::kStop;
        group.samples[s].verdict.correct = s < right_;
      }
      groups.push_back(std::move(group));
    }
    std::vector<TokenGroup> tokens;
    for (const RolloutGroup& group : groups) {
      tokens.push_back({group.prompt.tokens, {}});
      for (const RolloutSample& sample : group.samples) {
        tokens.back().responses.emplace_back(sample.generation.tokens);
      }
    }
    const GroupScores scores = policy_.score(tokens, 1);
    for (size_t g = 0; g < groups.size(); ++g) {
      for (size_t s = 0; s < kSamples; ++s) {
        for (const TokenScore& score : scores[g][s]) {
          groups[g].samples[s].generation.log_probs.push_back(score.log_prob);
        }
      }
    }
    return groups;
  }

  std::vector<Problem> problems_;
  GrpoConfig config_;
  OptimizerConfig optimizer_config_ = {.lr = 1e-2f, .weight_decay = 0};
  Engine policy_{Model::load(kModel), {}}, reference_{Model::load(kModel), {}};
  int32_t truncated_shift_ = 0;
  int64_t right_ = 0;  // answers of each group that the verifier accepts
  CarriedNumbers carried_;
  int generated_ = 0;
  bool changed_ = false;
};

// The clipped loss, at a token of which the user asks to stop.
int64_t tokens_until_stop = 0;
PolicyTerm stopping_loss(const PolicyInput& input) {
  if (--tokens_until_stop == 0) std::raise(SIGTERM);
  return find_policy_loss("clip").term(input);
}

double by_sample(int64_t, int64_t sample) { return static_cast<double>(sample); }
double all_equal(int64_t, int64_t) { return 1; }

TEST_F(GrpoTest, EqualGroupsCostNoPassWithoutKlAndEntropy) {
  auto result = step(all_equal);
  EXPECT_FALSE(result.metrics.get("entropy")) << "a token was trained on";
  EXPECT_EQ(gradient_norm(), 0);
  EXPECT_EQ(result.metrics.get("frac_reward_zero_std"), 1);

  config_.loss.entropy_coefficient = 0.01f;
  result = step(all_equal);
  EXPECT_TRUE(result.metrics.get("entropy"));
  EXPECT_GT(gradient_norm(), 0);

  config_.loss.entropy_coefficient = 0;
  config_.loss.kl_coefficient = 0.1f;
  result = step(all_equal, 1);
  EXPECT_GT(*result.metrics.get("kl"), 0) << "the entropy bonus has moved the policy";
  EXPECT_GT(gradient_norm(), 0);
}

TEST_F(GrpoTest, EqualGroupsStillCountInTheDenominators) {
  optimizer_config_.lr = 0;
  std::optional<int64_t> first;
  const auto only_the_first_differs = [&](int64_t problem, int64_t sample) {
    if (!first) first = problem;
    return problem == *first ? by_sample(0, sample) : 1.0;
  };
  (void)step(only_the_first_differs);
  const double of_three = gradient_norm();
  config_.rollout.problems_per_step = 1;  // the same first problem; all groups have as many tokens
  (void)step(only_the_first_differs);
  EXPECT_GT(of_three, 0);
  EXPECT_NEAR(of_three, gradient_norm() / 3, 1e-6 * of_three);
}

TEST_F(GrpoTest, TheFirstUpdateIsExactlyOnPolicyAndLaterOnesAreNot) {
  config_.loss.mini_batches = 3;
  config_.loss.epochs = 2;
  const auto result = step(by_sample);
  EXPECT_EQ(result.metrics.get("sampling/sampling_logp_difference/max"), 0);
  EXPECT_GT(*result.metrics.get("clip_ratio/region_mean"), 0) << "later updates are off policy";
  EXPECT_EQ(policy_.updates(), 6);
  EXPECT_TRUE(changed_);
}

TEST_F(GrpoTest, DynamicSamplingReplacesEqualGroupsUpToItsLimit) {
  config_.rollout.resample_rounds = 2;
  std::vector<int64_t> order;
  const auto mixed = [&](int64_t problem, int64_t sample) -> std::optional<double> {
    if (sample == 0) order.push_back(problem);
    // The first, third and fourth problem drawn have equal rewards.
    const auto place = std::ranges::find(order, problem) - order.begin();
    return place == 0 || place == 2 || place == 3 ? 1.0 : by_sample(0, sample);
  };
  auto result = step(mixed);
  EXPECT_EQ(generated_, 3);  // 3 problems, then 2 in place of two, then 1
  ASSERT_EQ(result.groups.size(), 6u);
  EXPECT_EQ(result.metrics.get("dropped/equal_groups"), 3);
  EXPECT_EQ(std::ranges::count(result.groups, false, &RolloutGroup::dropped), 3);
  EXPECT_EQ(result.metrics.get("frac_reward_zero_std"), 0.5);

  generated_ = 0;
  result = step(all_equal, 1);
  EXPECT_EQ(generated_, 3);
  EXPECT_EQ(result.groups.size(), 9u);
  EXPECT_FALSE(result.metrics.get("entropy"));
}

TEST_F(GrpoTest, FewerGroupsThanMiniBatchesAreFewerUpdates) {
  config_.rollout.resample_rounds = 1;
  config_.loss.mini_batches = 3;
  optimizer_config_.weight_decay = 0.1f;
  std::optional<int64_t> first;
  auto result = step([&](int64_t problem, int64_t sample) {
    if (!first) first = problem;
    return problem == *first ? by_sample(0, sample) : 1.0;
  });
  EXPECT_EQ(policy_.updates(), 1) << "one group is kept";
  EXPECT_EQ(result.metrics.get("sampling/sampling_logp_difference/max"), 0);
  result = step(all_equal, 1);
  EXPECT_EQ(policy_.updates(), 1);
  EXPECT_FALSE(changed_);
  EXPECT_FALSE(result.metrics.get("grad_norm"));
}

TEST_F(GrpoTest, AReserveThatIsUsedUpEndsTheRounds) {
  problems_.resize(4);
  config_.rollout.resample_rounds = 5;
  const auto result = step(all_equal);
  EXPECT_EQ(result.groups.size(), 4u);
  EXPECT_EQ(generated_, 2);  // 3 problems, then the one that is left
}

TEST_F(GrpoTest, TheUndecidedLimitIsTheStepsNotARounds) {
  config_.rollout.resample_rounds = 1;
  config_.reward.max_undecided_share = 0.2f;
  std::vector<int64_t> order;
  // The first group has equal rewards; in the one that replaces it a third is undecided: 1 of 12 samples.
  const auto result = step([&](int64_t problem, int64_t sample) -> std::optional<double> {
    if (sample == 0) order.push_back(problem);
    if (problem == order[0]) return 1;
    if (order.size() == 4 && sample == 2) return std::nullopt;
    return by_sample(0, sample);
  });
  EXPECT_EQ(result.groups.size(), 4u);
}

TEST_F(GrpoTest, UndecidedSamplesGetNoAdvantageAndTooManyStopTheRun) {
  const auto result = step([](int64_t, int64_t sample) -> std::optional<double> {
    return sample == 0 ? std::nullopt : std::optional(by_sample(0, sample));
  });
  for (const RolloutGroup& group : result.groups) {
    EXPECT_EQ(group.samples[0].streams.advantages.front(), 0);
    EXPECT_GT(group.samples[2].streams.advantages.front(), 0);
  }
  EXPECT_NEAR(*result.metrics.get("completions/undecided_ratio"), 1.0 / 3, 1e-12);
  const auto undecided = [](int64_t, int64_t sample) -> std::optional<double> {
    return sample == 0 ? std::optional(1.0) : std::nullopt;
  };
  const int64_t updates = policy_.updates();
  try {
    (void)step(undecided, 1);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "rollout: 6 of 9 samples are undecided, most by the reward accuracy; look at the answers "
                 "that the verifier can't decide, "
                 "or raise reward.max_undecided_share");
  }
  EXPECT_EQ(policy_.updates(), updates);
}

TEST_F(GrpoTest, MaskedTruncatedResponsesHaveNoLoss) {
  optimizer_config_.lr = 0;
  const auto gradient = [&](int32_t shift) {
    truncated_shift_ = shift;  // other tokens in the truncated samples
    (void)step(by_sample);
    return std::vector<float>(policy_.gradients().begin(), policy_.gradients().end());
  };
  EXPECT_NE(gradient(0), gradient(1));
  config_.loss.mask_truncated = true;
  EXPECT_EQ(gradient(0), gradient(1));
  EXPECT_GT(gradient_norm(), 0);
}

TEST_F(GrpoTest, TheReferenceIsRefreshedEveryNSteps) {
  config_.loss.kl_coefficient = 0.1f;
  config_.loss.reference_every_rollouts = 2;
  (void)step(by_sample, 0);
  EXPECT_GT(*step(by_sample, 1).metrics.get("kl"), 0);
  EXPECT_EQ(*step(by_sample, 2).metrics.get("kl"), 0) << "the reference is the policy now";
  EXPECT_GT(*step(by_sample, 3).metrics.get("kl"), 0);
}

TEST_F(GrpoTest, TheMostUncertainTokensAloneHaveAPolicyLoss) {
  config_.loss.top_entropy_share = 0.25;
  const auto result = step(by_sample);
  std::vector<float> credited, others;
  for (const RolloutGroup& group : result.groups) {
    for (const size_t s : {0, 2}) {  // the sample between them has no advantage
      const TokenStreams& streams = group.samples[s].streams;
      for (size_t t = 0; t < streams.advantages.size(); ++t) {
        (streams.advantages[t] == 0 ? others : credited).push_back(streams.entropies[t]);
      }
    }
  }
  ASSERT_FALSE(credited.empty());
  EXPECT_LT(credited.size(), others.size());
  EXPECT_GE(std::ranges::min(credited), std::ranges::max(others));
  EXPECT_EQ(result.metrics.get("sampling/sampling_logp_difference/max"), 0);
}

TEST_F(GrpoTest, AGroupsWeightFallsWithItsPassRatesDistanceFromOneHalf) {
  config_.loss.advantage = AdvantageKind::kGroupMean;
  const auto advantage = [&](double sharpness, int64_t right) {
    config_.loss.uncertainty_sharpness = sharpness;
    right_ = right;
    const auto result = step(by_sample);
    return result.groups[0].samples[2].streams.advantages[0];
  };
  EXPECT_EQ(advantage(0, 0), 1);
  EXPECT_FLOAT_EQ(advantage(2, 0), 0.25f);
  EXPECT_FLOAT_EQ(advantage(2, 1), static_cast<float>(uncertainty_weight(1.0 / 3, 2)));
}

TEST_F(GrpoTest, TokensOfHighCovarianceAreMarkedForTheLossesThatAsk) {
  config_.loss.covariance = {.share = 0.1, .low = -100, .high = 100};
  const auto marked = [&](const char* policy) {
    config_.loss.policy = policy;
    int64_t count = 0;
    for (const RolloutGroup& group : step(by_sample).groups) {
      for (const RolloutSample& sample : group.samples) {
        count += std::ranges::count(sample.streams.high_covariance, 1);
      }
    }
    return count;
  };
  EXPECT_EQ(marked("clip"), 0);
  EXPECT_EQ(marked("kl-cov"), 4);  // a tenth of 3 groups of 4 + 5 + 6 tokens
  EXPECT_EQ(marked("clip-cov"), 4);
}

TEST_F(GrpoTest, WhatClipCovChoosesHasNoGradient) {
  config_.loss.policy = "clip-cov";
  config_.loss.covariance = {.share = 1, .low = -100, .high = 100};  // all tokens
  (void)step(by_sample);
  EXPECT_EQ(gradient_norm(), 0);
}

TEST_F(GrpoTest, KlCovHoldsItsTokensBackOnceThePolicyHasMoved) {
  config_.loss.policy = "kl-cov";
  config_.loss.covariance.share = 1;
  config_.loss.epochs = 2;
  const auto loss = [&](float coefficient) {
    begin_again();
    config_.loss.kl_cov_coefficient = coefficient;
    return *step(by_sample).metrics.get("loss");
  };
  EXPECT_GT(loss(1), loss(0));
}

TEST_F(GrpoTest, SapoHasTheTemperaturesOfTheRecipe) {
  config_.loss.policy = "sapo";
  config_.loss.epochs = 2;
  const auto loss = [&](SapoTemperatures temperatures) {
    begin_again();
    config_.loss.sapo = temperatures;
    return *step(by_sample).metrics.get("loss");
  };
  const double plain = loss({});
  EXPECT_NE(loss({.positive = 3}), plain);
  EXPECT_NE(loss({.negative = 3}), plain);
}

TEST_F(GrpoTest, TheEntropyCoefficientFollowsItsTarget) {
  config_.loss.entropy = {.target = 100, .step = 0.125, .max = 0.3};
  config_.loss.mini_batches = 2;
  auto result = step(by_sample);
  EXPECT_EQ(result.metrics.get("entropy_coef"), 0.25);  // two updates
  carried_ = result.carried;
  result = step(by_sample, 1);
  EXPECT_EQ(result.metrics.get("entropy_coef"), 0.3);
  carried_ = result.carried;
  config_.loss.entropy.target = 1e-3;
  result = step(all_equal, 2);
  EXPECT_NEAR(*result.metrics.get("entropy_coef"), 0.05, 1e-12);
  EXPECT_EQ(gradient_norm(), 0) << "above the target there is no bonus";
  config_.loss.entropy.target = 100;
  carried_.clear();
  config_.loss.entropy_coefficient = 0.125f;
  result = step(all_equal, 3);
  EXPECT_GT(gradient_norm(), 0);
  EXPECT_EQ(result.metrics.get("entropy_coef"), 0.3);
}

TEST_F(GrpoTest, EveryPolicyLossAndAdvantageTrains) {
  for (const PolicyLoss& policy : policy_losses()) {
    for (AdvantageKind advantage :
         {AdvantageKind::kGroupStd, AdvantageKind::kLeaveOneOut, AdvantageKind::kGroupMeanScaled,
          AdvantageKind::kBatchWhitened, AdvantageKind::kBatchWhitenedBaseline}) {
      config_.loss.policy = policy.name;
      config_.loss.advantage = advantage;
      const auto result = step(by_sample);
      EXPECT_GT(*result.metrics.get("grad_norm"), 0);
      EXPECT_EQ(result.metrics.get("sampling/sampling_logp_difference/max"), 0);
    }
  }
}

// In child processes, because the flag stays set once raised. Three mini-batches have 15 tokens each.
class GrpoDeathTest : public GrpoTest {
 protected:
  // The updates that the step made, as the process's exit code, and 100 more where it was left.
  [[noreturn]] void stop_at_token(int64_t token) {
    install_stop_signals();
    add_policy_loss({.name = "stopping", .term = stopping_loss});
    config_.loss.policy = "stopping";
    config_.loss.mini_batches = 3;
    tokens_until_stop = token;
    int code = 0;
    try {
      (void)step(by_sample);
    } catch (const Interrupted&) {
      code = 100;
    }
    std::_Exit(code + static_cast<int>(policy_.updates()));
  }
};

TEST_F(GrpoDeathTest, AStepIsLeftUntilItHasChangedWeights) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(stop_at_token(5), testing::ExitedWithCode(100), "stopping");
  EXPECT_EXIT(stop_at_token(20), testing::ExitedWithCode(3), "stopping: finishes the step");
}

}  // namespace
}  // namespace deepscaler
