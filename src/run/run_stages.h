// The stages of a run: made from the recipe when they begin, checked before the run does.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/models.h"
#include "run/folder.h"
#include "run/recipe.h"
#include "run/stages/stage.h"
#include "run/state.h"

namespace deepscaler {

// One thread owns it. What it is made of must outlive it.
class RunStages {
 public:
  RunStages(const Recipe& recipe, const RunFolder& folder, Models& models, const PromptEncoder& encoder)
      : recipe_(recipe), folder_(folder), models_(models), encoder_(encoder) {}

  // Makes the stage under way, and reads and checks the data of those to come where they are there already.
  // Returns the hashes of all these data, by section ("stage.0"). Throws Error for data that can't be used.
  std::map<std::string, std::string> open(const RunState& state);

  // The steps of each stage at most, as far as they are known: those of open(), and none where data are to
  // come.
  [[nodiscard]] const std::vector<int64_t>& steps() const { return steps_; }

  // The stage under way.
  [[nodiscard]] Stage& now() const { return *stage_; }
  [[nodiscard]] const StageConfig& config(const RunState& state) const {
    return recipe_.stages[static_cast<size_t>(state.stage)];
  }

  // Goes on to the next stage: its weights, its optimizer, its data, whose section and hash it returns.
  // Throws Error where the data are not those that were checked.
  std::pair<std::string, std::string> begin_next(RunState& state);

 private:
  [[nodiscard]] std::unique_ptr<Stage> make(int64_t number, const RunState& state) const;
  [[nodiscard]] std::filesystem::path output_of(int64_t number, const std::string& name,
                                                const RunState& state) const;
  void take_start_weights(const RunState& state);

  const Recipe& recipe_;
  const RunFolder& folder_;
  Models& models_;
  const PromptEncoder& encoder_;
  std::unique_ptr<Stage> stage_;
  std::vector<int64_t> steps_;
  std::map<std::string, std::string> checked_;  // hashes of the data of stages to come
};

}  // namespace deepscaler
