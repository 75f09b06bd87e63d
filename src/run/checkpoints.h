// The checkpoints of a run: what is in one, which are kept, and the links to them.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

#include "engine/models.h"
#include "run/recipe.h"
#include "run/state.h"
#include "run/writer.h"
#include "text/tokenizer/tokenizer.h"

namespace deepscaler {

// One thread owns it. What it is made of must outlive it.
class Checkpoints {
 public:
  // `saved_step`: of the checkpoint that the run goes on from; 0 for none.
  Checkpoints(const Recipe& recipe, RunWriter& writer, const Tokenizer& tokenizer, int64_t saved_step)
      : recipe_(recipe), writer_(writer), tokenizer_(tokenizer), saved_step_(saved_step) {}

  // The step of the last one; 0 for none.
  [[nodiscard]] int64_t saved_step() const { return saved_step_; }

  // Saves the run as it stands after state.step. `stage_is_over`: whether this is where the stage ends.
  void save(const RunState& state, const Models& models, bool stage_is_over);
  // Saves the state anew where the run has moved on (an evaluation) and its weights have not.
  void save_state(const RunState& state, const Models& models, bool stage_is_over);

  // Links and what is kept follow from the state alone, so a resumed run puts them right.
  void tidy(const RunState& state, bool stage_is_over);

  // Loads the optimizer and the models beside the policy from the checkpoint that the run goes on from.
  // `stage` is the stage under way.
  static void load_training(const std::filesystem::path& checkpoint, const RunState& state,
                            const StageConfig& stage, Models& models);

 private:
  const Recipe& recipe_;
  RunWriter& writer_;
  const Tokenizer& tokenizer_;
  int64_t saved_step_;
};

}  // namespace deepscaler
