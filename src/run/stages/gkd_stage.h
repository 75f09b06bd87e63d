// A stage of generalized knowledge distillation: the policy comes near to a teacher's whole distribution at
// each token of completions, which are the policy's own, the teacher's, or the data's (GKD: Agarwal et al.,
// 2024, algorithm 1). No gradient passes through sampling. The loss is in train/divergence.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "run/stages/fixed_model.h"
#include "run/stages/stage_config.h"
#include "train/divergence.h"
#include "train/sft.h"

namespace deepscaler {

// Whose completions a step learns from where they are not the policy's own.
enum class OtherCompletions { kData, kTeacher };

struct GkdTeacherConfig {
  std::string model;  // a path or "stage NAME"
};

struct GkdConfig {
  PassesConfig passes;
  GkdTeacherConfig teacher;
  DivergenceConfig divergence;
  double student_share = 0.5;  // of steps: GKD's lambda
  OtherCompletions others = OtherCompletions::kData;
  SamplingConfig sampling;
  int64_t max_tokens = 0;  // of an example whose completion is learned; 0: the model's context
  TooLong too_long = TooLong::kSkip;

  [[nodiscard]] bool learns_from_data() const {
    return student_share < 1 && others == OtherCompletions::kData;
  }
  [[nodiscard]] bool samples() const { return student_share > 0 || others == OtherCompletions::kTeacher; }
};

void bind(ConfigSection& section, GkdConfig& config);

class GkdSettings final : public StageSettings {
 public:
  [[nodiscard]] std::unique_ptr<StageSettings> clone() const override {
    return std::make_unique<GkdSettings>(*this);
  }
  void bind(ConfigSection& section) override { deepscaler::bind(section, config); }
  void validate(const StageConfig& stage, const std::string& where) const override {
    require_no_choice_of_problems(stage, where);
  }
  [[nodiscard]] std::vector<std::string*> files() override { return {&config.teacher.model}; }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> earlier_stages() const override;
  [[nodiscard]] std::optional<int64_t> steps() const override { return config.passes.steps; }
  [[nodiscard]] double tokens_of_step() const override;
  [[nodiscard]] StageNeeds needs(const ModelConfig& model) const override;
  [[nodiscard]] std::unique_ptr<Stage> make(const StageConfig& stage,
                                            const StageContext& context) const override;

  GkdConfig config;
};

class GkdStage final : public Stage {
 public:
  GkdStage(const GkdConfig& config, const StageConfig& stage, const StageContext& context);

  [[nodiscard]] int64_t steps() const override { return config_.passes.steps_over(problems()); }
  [[nodiscard]] int64_t problems() const override { return std::ssize(examples_); }
  [[nodiscard]] std::string data_hash() const override;
  [[nodiscard]] StageStep step(int64_t stage_step, int64_t run_step) override;

 private:
  using Completions = std::vector<Generation>;

  void require_room_for_responses() const;
  [[nodiscard]] bool is_on_policy(int64_t stage_step) const;
  // A completion of each example of the batch, by that model.
  [[nodiscard]] Completions sample(Engine& engine, const std::vector<int64_t>& batch, int64_t run_step) const;
  // The examples of the batch with these completions, or with none given with their own. Views.
  [[nodiscard]] std::vector<TokenGroup> groups_of(const std::vector<int64_t>& batch,
                                                  const Completions& completions) const;

  const GkdConfig& config_;
  const StageConfig& stage_;
  StageContext context_;
  std::vector<Demonstration> examples_;  // with nothing in the loss where no completion of them is learned
  FixedModel teacher_;
};

}  // namespace deepscaler
