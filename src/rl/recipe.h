// A recipe: one TOML file that describes a run, from the model to the last stage. The binding of each
// section is also its documentation (`deepscaler train --help-recipe`).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/problem.h"
#include "data/prompt.h"
#include "eval/evaluate.h"
#include "rl/advantage.h"
#include "rl/policy_loss.h"
#include "train/optimizer.h"
#include "train/sft.h"
#include "train/step.h"

namespace deepscaler {

// Where a run begins: a model on disk, or random weights for a config (tests, teaching).
struct ModelConfigSection {
  std::string path;           // HF folder or GGUF file
  std::string random;         // folder with the config.json of a model whose weights the run draws
  std::string dtype = "f32";  // what the products of generation and of the forward pass compute in
  int64_t kv_memory_mib = 2048;
};

// Problems from files, or made by the generators; files come first.
struct DataConfig {
  std::vector<std::string> files;
  std::vector<std::string> kinds;
  int64_t count = 0;      // generated problems
  int64_t seed = 1;       // of the generators
  bool held_out = false;  // take the generators' test problems, which training never sees
};

// What a rollout is made of.
struct SamplingConfig {
  int64_t problems_per_step = 8;
  int64_t samples_per_problem = 8;
  int64_t max_response_tokens = 512;
  float temperature = 1;
  // As in infer/sampling.h. They draw from another distribution than the one whose log-probabilities are
  // recorded and trained on, so they must be asked for twice.
  float top_p = 1;
  int64_t top_k = 0;
  float min_p = 0;
  bool off_policy_sampling = false;
};

// How rewards become a gradient.
struct LossConfig {
  int64_t mini_batches = 1;  // of a rollout, each an optimizer step
  AdvantageKind advantage = AdvantageKind::kGroupStd;
  double advantage_eps = 1e-6;
  LossAggregation aggregation = LossAggregation::kTokenMean;
  ClipBounds clip;
};

struct RewardConfig {
  float max_undecided_share = 0.1f;  // of a step's samples; the run stops above it
};

struct GrpoConfig {
  int64_t steps = 0;
  SamplingConfig sampling;
  LossConfig loss;
  RewardConfig reward;
};

struct StageConfig {
  std::string kind;  // "sft" or "grpo"
  std::string name;  // in tables and logs
  DataConfig data;
  OptimizerConfig optimizer;
  bool eval = true;  // evaluate after the stage
  SftConfig sft;
  GrpoConfig grpo;
};

struct EvalSection {
  DataConfig data;
  EvalConfig sampling;
};

struct Recipe {
  int64_t seed = 0;
  int64_t token_budget = 2048;  // rows of a micro-batch
  Recompute recompute = Recompute::kNone;
  ModelConfigSection model;
  PromptConfig prompt;
  EvalSection eval;
  std::vector<StageConfig> stages;
};

void bind(ConfigSection& section, Recipe& recipe);

// Throws Error for a recipe that parses but can't run: no stages, a stage without data, ...
void validate(const Recipe& recipe, const std::string& where);

// The problems of a data section, in a fixed order. Throws Error for files that can't be read, for
// none at all, and for answers that the verifier can't read, naming the first of them and their number.
[[nodiscard]] std::vector<Problem> load_problems(const DataConfig& config);

}  // namespace deepscaler
