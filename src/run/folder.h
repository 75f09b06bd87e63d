// A run's folder: where everything of a run is, and what may be in it at which step.
//
//   runs/NAME/  config.toml  manifest.json  metrics.jsonl  events.out.tfevents.run  lock
//               rollouts/step-000001.jsonl     of every step
//               eval/00-start.json             and after each stage, 01-NAME.json; inside a stage
//                    step-000020.json
//               outputs/01-NAME.jsonl          what a stage has left for later ones
//               checkpoints/step-000020/       and links to them: 01-NAME, a stage's end, and best
//               checkpointed                   there since the first checkpoint was
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/file_lock.h"
#include "run/state.h"

namespace deepscaler {

// One thread owns it, and one process at a time: it holds the folder's lock.
class RunFolder {
 public:
  // Makes the folder and its parts where they are not there. Throws Error where another process has it,
  // and where it is there, not empty, and no run's.
  explicit RunFolder(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path config() const { return path_ / "config.toml"; }
  [[nodiscard]] std::filesystem::path manifest() const { return path_ / "manifest.json"; }
  [[nodiscard]] std::filesystem::path rollouts(int64_t step) const;
  [[nodiscard]] std::filesystem::path evaluation(const std::string& file) const;
  [[nodiscard]] std::filesystem::path checkpoint(int64_t step) const;
  [[nodiscard]] std::filesystem::path output(int64_t stage, const std::string& title) const;

  // The steps of the checkpoints from which training can go on, ascending.
  [[nodiscard]] std::vector<int64_t> resumable() const;

  // Removes all rollouts, outputs, evaluations and checkpoints that are not yet made at `state` (all, where
  // it is of no step), cuts the output under way, and removes what killed processes left unfinished.
  void cut_back(const RunState& state) const;

  // Removes checkpoints but for the `keep_last` latest, of those that `kept` names the models too.
  void prune(int64_t keep_last, const std::vector<int64_t>& kept) const;

  // Takes note that the run has had a checkpoint, and says so ever after, whatever becomes of it.
  void note_checkpoint() const;
  [[nodiscard]] bool had_checkpoint() const;

  // Makes checkpoints/NAME a link to the checkpoint of a step.
  void link(const std::string& name, int64_t step) const;

 private:
  [[nodiscard]] std::vector<int64_t> checkpoint_steps() const;

  std::filesystem::path path_;
  FileLock lock_;
};

// "02-rl-48-tokens": a stage's number and name as a file name that needs no quotes.
[[nodiscard]] std::string numbered_name(int64_t number, const std::string& name);
// "step-000020".
[[nodiscard]] std::string step_name(int64_t step);

}  // namespace deepscaler
