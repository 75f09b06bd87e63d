// The one writer of a run's files: all that a run leaves in its folder goes through here
// (tests/layers_test.cc sees to it). On a folder that is only read (FolderAccess::kRead) every function does
// nothing, so processes that compute one run together run the same code and one of them writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eval/report.h"
#include "run/folder.h"
#include "run/manifest.h"
#include "run/state.h"
#include "track/append_file.h"
#include "track/run_log.h"
#include "train/checkpoint.h"

namespace deepscaler {

// One thread owns it. All functions throw Error where the disk refuses.
class RunWriter {
 public:
  // `folder` must outlive this object.
  explicit RunWriter(const RunFolder& folder) : folder_(folder) {}

  [[nodiscard]] const RunLayout& layout() const { return folder_.layout(); }

  // The recipe, as TOML: the first file of a run, with which the folder is one's.
  void config(std::string_view toml);
  void manifest(const Manifest& manifest);

  // Removes all rollouts, outputs, evaluations and checkpoints that are not yet made at `state` (all, where
  // it is of no step), cuts the logs and the output under way, and removes what killed processes left
  // unfinished. Comes before all that is below.
  void cut_back(const RunState& state);

  // The records of a step: every sample, as lines; its metrics, and after a training step the weights' hash.
  void rollouts(int64_t step, std::string_view lines);
  void metrics(int64_t step, const Metrics& metrics, std::string_view weights = {});
  // Adds lines to what a stage leaves for later ones.
  void output(int64_t stage, const std::string& title, std::string_view lines);
  void evaluation(const std::string& name, const EvalReport& report);

  // To be called before a checkpoint is saved: metrics and outputs are on disk then, and `state` knows how
  // far the logs reach.
  void sync(RunState& state);
  // The checkpoint of a step; the run has had one from then on.
  void checkpoint(int64_t step, const CheckpointContents& contents);
  void checkpoint_state(int64_t step, const nlohmann::ordered_json& state);
  // Makes `link`, a name beside the checkpoints, lead to the checkpoint of a step.
  void link(const std::filesystem::path& link, int64_t step);
  // Removes checkpoints but for the `keep_last` latest and those of every `full_every` steps (0: none); of
  // those that `kept` names the models stay too.
  void prune(int64_t keep_last, int64_t full_every, const std::vector<int64_t>& kept);

 private:
  [[nodiscard]] bool writes() const { return folder_.is_written(); }
  void cut_checkpoints(const RunState& state) const;
  void cut_rollouts(const RunState& state) const;
  void cut_outputs(const RunState& state) const;
  void cut_evaluations(const RunState& state) const;

  const RunFolder& folder_;
  std::optional<RunLog> log_;         // once it is cut back
  std::optional<AppendFile> output_;  // of the stage under way
  int64_t output_stage_ = -1;
};

}  // namespace deepscaler
