// A stage of generalized knowledge distillation: the policy comes near to a teacher's whole distribution at
// each token of completions, which are the policy's own, the teacher's, or the data's (GKD: Agarwal et al.,
// 2024, algorithm 1). No gradient passes through sampling. The loss is in train/divergence.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "run/stages/fixed_model.h"
#include "run/stages/listed_teacher.h"
#include "run/stages/passes_stage.h"
#include "train/divergence.h"
#include "train/sft.h"

namespace deepscaler {

// Whose completions a step learns from where they are not the policy's own.
enum class OtherCompletions { kData, kTeacher };

struct GkdTeacherConfig {
  std::string model;  // a path, "stage NAME", or "data": its opinions stand beside the completions

  [[nodiscard]] bool is_in_data() const { return model == "data"; }
};

struct GkdConfig {
  PassesConfig passes;
  GkdTeacherConfig teacher;
  DivergenceConfig divergence;
  double student_share = 0.5;  // of steps: GKD's lambda
  OtherCompletions others = OtherCompletions::kData;
  SamplingConfig sampling;
  ExamplesConfig examples;  // whose completions are learned

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
  void validate(const StageConfig& stage, const std::string& where) const override;
  [[nodiscard]] std::vector<std::string*> files() override;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> earlier_stages() const override;
  [[nodiscard]] std::optional<int64_t> steps() const override { return config.passes.steps; }
  [[nodiscard]] double tokens_of_step() const override;
  [[nodiscard]] StageNeeds needs(const ModelConfig& model) const override;
  [[nodiscard]] std::unique_ptr<Stage> make(const StageConfig& stage,
                                            const StageContext& context) const override;

  GkdConfig config;
};

class GkdStage final : public PassesStage {
 public:
  GkdStage(const GkdConfig& config, const StageConfig& stage, const StageContext& context);

  [[nodiscard]] int64_t problems() const override { return std::ssize(examples_); }
  [[nodiscard]] std::string data_hash() const override;
  [[nodiscard]] StageStep step(int64_t stage_step, int64_t run_step) override;

 private:
  using Completions = std::vector<Generation>;

  void load(const DataConfig& data);
  void require_room_for_responses() const;
  [[nodiscard]] bool is_on_policy(int64_t stage_step) const;
  // A completion of each example of the batch, by that model.
  [[nodiscard]] Completions sample(Engine& engine, const std::vector<int64_t>& batch, int64_t run_step) const;
  // The examples of the batch with these completions, or with none given with their own. Views.
  [[nodiscard]] std::vector<TokenGroup> groups_of(const std::vector<int64_t>& batch,
                                                  const Completions& completions) const;

  // The loss of a step over these groups, with `learned` tokens.
  [[nodiscard]] std::unique_ptr<DivergenceLoss> loss_of(const std::vector<TokenGroup>& groups,
                                                        int64_t learned);

  const GkdConfig& config_;
  std::vector<Demonstration> examples_;  // with nothing in the loss where no completion of them is learned
  std::optional<FixedModel> teacher_;    // else the data have
  std::map<std::string, std::vector<TopTokens>> opinions_;  // ListedTeacher::opinions
};

}  // namespace deepscaler
