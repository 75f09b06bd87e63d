// The stages of a run. Each is made from the recipe when it begins; data that are there already are checked
// before the run begins.
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

// One thread uses it at a time. The arguments of the constructor must outlive it.
class RunStages {
 public:
  RunStages(const Recipe& recipe, const RunFolder& folder, Models& models, const PromptEncoder& encoder)
      : recipe_(recipe), folder_(folder), models_(models), encoder_(encoder) {}

  // Makes the stage under way. Reads and checks the data of later stages where they are there already.
  // Returns the hashes of all these data, by section ("stage.0"). Throws Error for data that can't be used.
  std::map<std::string, std::string> open(const RunState& state);

  // The number of steps of each stage, at most; 0 where it depends on data that do not exist yet.
  [[nodiscard]] const std::vector<int64_t>& steps() const { return steps_; }

  // The stage under way, after open().
  [[nodiscard]] Stage& now() const { return *stage_; }
  [[nodiscard]] const StageConfig& config(const RunState& state) const {
    return recipe_.stages[static_cast<size_t>(state.stage)];
  }

  // Begins the next stage: its weights, its optimizer and its data. Returns the section and the hash of the
  // data. Throws Error where the data are not those that were checked.
  std::pair<std::string, std::string> begin_next(RunState& state);

 private:
  void note_steps(int64_t number, int64_t steps);
  [[nodiscard]] std::unique_ptr<Stage> make(int64_t number, const RunState& state) const;
  [[nodiscard]] std::filesystem::path output_of(int64_t number, const std::string& name,
                                                const RunState& state) const;
  [[nodiscard]] std::filesystem::path checkpoint_of(int64_t number, const std::string& name,
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
