// A recipe: one TOML file that describes a run, from the model to the last stage. The binding of each
// section is also its documentation (`deepscaler train --help-recipe`).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/problem.h"
#include "data/prompt.h"
#include "eval/evaluate.h"
#include "rl/curriculum.h"
#include "rl/grpo_loss.h"
#include "rl/reward.h"
#include "rl/rollout.h"
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

  [[nodiscard]] bool empty() const { return files.empty() && kinds.empty(); }
};

struct GrpoConfig {
  int64_t steps = 0;
  SamplingConfig sampling;
  LossConfig loss;
  RewardConfig reward;
};

// How a stage departs from [eval].
struct StageEvalConfig {
  bool at_end = true;
  std::optional<int64_t> every, samples;
};

struct StageConfig {
  std::string kind;  // "sft" or "grpo"
  std::string name;  // in tables and logs
  DataConfig data;
  OptimizerConfig optimizer;
  UntilConfig until;
  StageEvalConfig eval;
  SftConfig sft;
  GrpoConfig grpo;

  // Where it is stated; a number of epochs depends on the data.
  [[nodiscard]] std::optional<int64_t> steps() const { return kind == "sft" ? sft.steps : grpo.steps; }
  [[nodiscard]] const std::string& title() const { return name.empty() ? kind : name; }
};

struct EvalSection {
  DataConfig data;
  int64_t every = 0;  // steps of a stage; 0: only before the first stage and after each
  EvalConfig sampling;
};

// Which checkpoints are written and kept. No key of it changes weights or logs.
struct OutputConfig {
  int64_t save_every = 20;  // steps of the run
  int64_t keep_last = 2;
  bool keep_best = true;
};

struct Recipe {
  int64_t seed = 0;
  int64_t token_budget = 2048;  // rows of a micro-batch
  Recompute recompute = Recompute::kNone;
  ModelConfigSection model;
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
    return stages[stage].eval.samples.value_or(eval.sampling.samples);
  }
};

void bind(ConfigSection& section, Recipe& recipe);

// Throws Error for a recipe that parses but can't run: no stages, a stage without data, ...
void validate(const Recipe& recipe, const std::string& where);

// The problems of a data section, in a fixed order. Throws Error for files that can't be read, for
// none at all, and for answers that the verifier can't read, naming the first of
// them, their number and their ids.
[[nodiscard]] std::vector<Problem> load_problems(const DataConfig& config);

// SHA-256 of one line of JSON a problem: [id, problem, [answers]], and the source where it decides how
// answers are graded.
[[nodiscard]] std::string hash_problems(std::span<const Problem> problems);

}  // namespace deepscaler
