// A stage of a run as the loop over stages sees it: a number of steps, each of which updates models or leaves
// data for later stages.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "data/prompt_encoder.h"
#include "engine/models.h"
#include "rl/rollout/rollout.h"
#include "track/metrics.h"

namespace deepscaler {

// What a stage works with. The run owns all of it, and it outlives the stage.
struct StageContext {
  Models& models;
  const PromptEncoder& encoder;
  std::string section;  // of the recipe, "stage.0", for messages
  uint64_t seed = 0;    // of every random choice of the run
  // The output file of the earlier stage of that name.
  std::function<std::filesystem::path(const std::string& stage)> output_of;
  // The checkpoint with which the earlier stage of that name ended.
  std::function<std::filesystem::path(const std::string& stage)> checkpoint_of;
  // What the stage's last step has carried over (StageStep::carried); empty before its first step.
  const std::map<std::string, double>& carried;
};

// What one step made, for records.
struct StageStep {
  Metrics metrics;
  int64_t tokens = 0;                          // seen in training, prompts included
  std::vector<RolloutGroup> groups;            // of a stage that samples and grades
  std::string output;                          // lines of JSON for the stage's output file
  std::map<std::string, double> carried = {};  // numbers that the stage's next step begins with, by name
};

// One thread uses it. The constructor reads and checks the stage's data; the first step allocates what
// training needs beside them. A stage has no state of its own: a step depends on its numbers, on the
// models, and on the numbers that the step before has carried over. A checkpoint has all of these.
class Stage {
 public:
  virtual ~Stage() = default;

  [[nodiscard]] virtual int64_t steps() const = 0;     // at most
  [[nodiscard]] virtual int64_t problems() const = 0;  // or examples, that it trains on
  // SHA-256 of what the stage trains on. A run goes on only with the same hash.
  [[nodiscard]] virtual std::string data_hash() const = 0;

  // Step `stage_step` of the stage, from 0, which is step `run_step` of the run, from 1. Throws Error, and
  // Interrupted when the user asks to stop; never Interrupted once weights have changed.
  [[nodiscard]] virtual StageStep step(int64_t stage_step, int64_t run_step) = 0;

  // Held-out examples of the stage, for stages that measure a loss on some, and what the present weights make
  // of them: "eval/loss", and more where the stage has more to say.
  [[nodiscard]] virtual int64_t held_out_examples() const { return 0; }
  [[nodiscard]] virtual Metrics measure_held_out() { return {}; }

  // Called when the stage is over and its last checkpoint is saved: removes the models that it has trained
  // beside the policy. Later stages read them from that checkpoint.
  virtual void end() {}
};

}  // namespace deepscaler
