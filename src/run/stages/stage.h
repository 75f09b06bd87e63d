// A stage of a run as the loop over stages sees it: a number of steps, each of which updates the model.
// What kind of stage it is, is known here and in make_stage() alone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/forward.h"
#include "rl/reference_model.h"
#include "rl/rollout/rollout.h"
#include "run/stages/stage_config.h"
#include "track/metrics.h"

namespace deepscaler {

// What a stage works with; all of it is owned by the run and outlives the stage.
struct StageWorkers {
  Model& model;
  Engine& engine;
  AdamW& optimizer;
  // Made and replaced by the stages whose loss uses it (loss.reference); null before. Kept by the run
  // since a later stage may go on with it.
  std::unique_ptr<ReferenceModel>& reference;
  const PromptEncoder& encoder;
  std::string section;       // of the recipe, "stage.0", for messages
  uint64_t seed = 0;         // of every random choice of the run
  int64_t token_budget = 0;  // rows of a micro-batch
  Recompute recompute = Recompute::kNone;
};

// What one step made, for records.
struct StageStep {
  Metrics metrics;
  int64_t tokens = 0;                // seen in training, prompts included
  std::vector<RolloutGroup> groups;  // none in a supervised stage
};

// One thread uses it. Its data are read and checked when it is made; what training needs beside them is
// allocated by the first step. It has no state of its own: a step depends on its numbers and on the
// workers alone, so that a run goes on from the workers' checkpoint.
class Stage {
 public:
  virtual ~Stage() = default;

  [[nodiscard]] virtual int64_t steps() const = 0;     // at most
  [[nodiscard]] virtual int64_t problems() const = 0;  // or examples, that it trains on
  // SHA-256 of what it trains on: another one means another run.
  [[nodiscard]] virtual std::string data_hash() const = 0;

  // Step `stage_step` of the stage, from 0, which is step `run_step` of the run, from 1. Throws Error, and
  // Interrupted when the user asks to stop; never Interrupted once weights have changed.
  [[nodiscard]] virtual StageStep step(int64_t stage_step, int64_t run_step) = 0;

  // Gives back what training takes between steps, gradients apart: sampling for an evaluation comes next.
  virtual void release_workspace() {}

  // Held-out examples of the stage, for stages that measure a loss on some, and their mean negative
  // log-probability by the present weights, in nats a token.
  [[nodiscard]] virtual int64_t held_out_examples() const { return 0; }
  [[nodiscard]] virtual double held_out_loss() { return 0; }
};

// The stage that `config` describes; `config` must outlive it. Throws Error for data that can't be used.
[[nodiscard]] std::unique_ptr<Stage> make_stage(const StageConfig& config, const StageWorkers& workers);

}  // namespace deepscaler
