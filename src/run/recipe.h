// A recipe: one TOML file that describes a run, from the model to the last stage. The binding of each
// section is also its documentation (`deepscaler train --help-recipe`).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/problem_set.h"
#include "data/prompt.h"
#include "eval/settings.h"
#include "model/device.h"
#include "model/lora.h"
#include "run/stages/stage_config.h"

namespace deepscaler {

// Where a run begins: a model on disk, or random weights for a config (tests, teaching).
struct ModelConfigSection {
  std::string path;           // HF folder or GGUF file
  std::string random;         // folder with the config.json of a model whose weights the run draws
  std::string dtype = "f32";  // what the products of generation and of the forward pass compute in
  int64_t kv_memory_mib = 2048;
};

struct EvalSection {
  DataConfig data = {.held_out = true};
  int64_t every = 0;  // steps of a stage; 0: only before the first stage and after each
  std::optional<int64_t> max_prompt_tokens;
  EvalConfig config;
};

// Which checkpoints are written and kept. No key here changes weights or logs.
struct OutputConfig {
  int64_t save_every = 20;  // steps of the run
  int64_t keep_last = 2;
  int64_t keep_full_every = 0;  // steps of the run; 0: no more than the last ones are kept whole
  bool keep_best = true;
};

struct Recipe {
  int64_t seed = 0;
  int64_t token_budget = 2048;  // rows of a micro-batch
  Recompute recompute = Recompute::kNone;
  GradientSum gradients = GradientSum::kFloat;
  ModelConfigSection model;
  LoraConfig lora;  // of the policy, through all stages; model is its base
  PromptConfig prompt;
  EvalSection eval;
  OutputConfig output;
  std::vector<StageConfig> stages;

  // The folder or file of the model to start from, or of the config of a random one.
  [[nodiscard]] const std::string& start() const { return model.path.empty() ? model.random : model.path; }
  [[nodiscard]] int64_t evaluates_every(size_t stage) const {
    return stages[stage].eval.every.value_or(eval.every);
  }
  [[nodiscard]] int64_t evaluation_samples(size_t stage) const {
    return stages[stage].eval.samples.value_or(eval.config.samples);
  }
};

void bind(ConfigSection& section, Recipe& recipe);

// The number of the nearest stage of that name before stage `number`; nothing where there is none.
[[nodiscard]] std::optional<size_t> earlier_stage(const Recipe& recipe, size_t number,
                                                  const std::string& name);

// Throws Error for a recipe that parses but can't run: no stages, a stage without data, ...
void validate(const Recipe& recipe, const std::string& where);

}  // namespace deepscaler
