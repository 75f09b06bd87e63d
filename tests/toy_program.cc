// toy_program RECIPE FOLDER: a program that links the library and brings a stage kind, a policy loss and a
// reward of its own, as CONTRIBUTING.md says; and carries out a recipe with them. For
// tests/toy_kinds_test.cc.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "base/rng.h"
#include "base/signals.h"
#include "rl/loss/policy_losses.h"
#include "rl/reward/reward.h"
#include "run/loop.h"

namespace deepscaler {
namespace {

// A stage that trains nothing and leaves problems with worked solutions: `lines_per_step` of its own a step,
// the digits of a random number.
class CopyistSettings final : public StageSettings {
 public:
  [[nodiscard]] std::unique_ptr<StageSettings> clone() const override {
    return std::make_unique<CopyistSettings>(*this);
  }
  void bind(ConfigSection& s) override {
    s.field("steps", steps_, "steps, each of which writes").at_least(1).required();
    s.field("lines_per_step", lines_per_step, "problems a step writes").at_least(1);
  }
  [[nodiscard]] bool writes_data() const override { return true; }
  [[nodiscard]] std::optional<int64_t> steps() const override { return steps_; }
  [[nodiscard]] StageNeeds needs(const ModelConfig&) const override { return {}; }
  [[nodiscard]] std::unique_ptr<Stage> make(const StageConfig& stage,
                                            const StageContext& context) const override;

  int64_t lines_per_step = 2;

 private:
  int64_t steps_ = 0;
};

class Copyist final : public Stage {
 public:
  Copyist(const CopyistSettings& settings, const DataConfig& data, const StageContext& context)
      : settings_(settings),
        context_(context),
        problems_(load_problems(data, context.section + ".data", UnreadableAnswers::kRefuse)) {}
  [[nodiscard]] int64_t steps() const override { return *settings_.steps(); }
  [[nodiscard]] int64_t problems() const override { return std::ssize(problems_); }
  [[nodiscard]] std::string data_hash() const override { return hash_problems(problems_); }
  [[nodiscard]] StageStep step(int64_t stage_step, int64_t run_step) override {
    StageStep result;
    const Rng rng(context_.seed, {hash_name("copyist"), static_cast<uint64_t>(run_step)});
    for (int64_t i = 0; i < settings_.lines_per_step; ++i) {
      const Problem& problem = problems_[rng.below(problems_.size(), i)];
      const nlohmann::json line = {{"id", std::to_string(stage_step) + "-" + std::to_string(i)},
                                   {"problem", problem.problem},
                                   {"answer", problem.answers[0]},
                                   {"solution", "\\boxed{" + problem.answers[0] + "}"}};
      result.output += line.dump() + "\n";
    }
    return result;
  }

 private:
  const CopyistSettings& settings_;
  StageContext context_;
  std::vector<Problem> problems_;
};

std::unique_ptr<Stage> CopyistSettings::make(const StageConfig& stage, const StageContext& context) const {
  return std::make_unique<Copyist>(*this, stage.data, context);
}

// REINFORCE: the log-probability times the advantage, without a ratio.
PolicyTerm reinforce(const PolicyInput& i) {
  return {.loss = -i.advantage * i.log_prob, .derivative = -i.advantage};
}

// The share of the response that is a digit.
std::vector<std::optional<double>> digits(const RewardInput& input) {
  std::vector<std::optional<double>> rewards;
  for (const RolloutSample& sample : input.group.samples) {
    const auto count = std::ranges::count_if(sample.text, [](unsigned char c) { return std::isdigit(c); });
    rewards.emplace_back(sample.text.empty() ? 0 : static_cast<double>(count) / std::ssize(sample.text));
  }
  return rewards;
}

int run(const char* recipe_file, const char* folder) {
  add_stage_kind({"copyist", "writes problems for later stages", make_stage_settings<CopyistSettings>});
  add_policy_loss({.name = "reinforce", .term = reinforce});
  add_reward_kind({"digits", "weight of the share of digits", digits});
  install_stop_signals();
  const auto recipe = read_config<Recipe>(recipe_file);
  validate(recipe, recipe_file);
  return run_recipe(recipe, folder).complete ? 0 : 3;
}

}  // namespace
}  // namespace deepscaler

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    return deepscaler::run(argv[1], argv[2]);
  } catch (const deepscaler::Error& error) {
    std::fprintf(stderr, "toy_program: %s\n", error.what());
    return 1;
  }
}
