// The names of a run's files. They stand here and nowhere else: who writes a run, reads one or guards one
// asks for them by what they hold.
//
//   runs/NAME/  config.toml  manifest.json  metrics.jsonl  events.out.tfevents.run  lock  report.html
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
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace deepscaler {

// Immutable, thread-safe. Functions that list files read the folder and throw nothing where it is not there.
struct RunLayout {
  std::filesystem::path path;  // of the folder; empty: names relative to it

  [[nodiscard]] std::filesystem::path config() const;    // the recipe with every key written out
  [[nodiscard]] std::filesystem::path manifest() const;  // what the bits depend on beside it
  [[nodiscard]] std::filesystem::path metrics() const;   // one line a step
  [[nodiscard]] std::filesystem::path events() const;    // the same for TensorBoard
  [[nodiscard]] std::filesystem::path lock() const;      // held by the process that works on the run
  [[nodiscard]] std::filesystem::path checkpointed() const;
  [[nodiscard]] std::filesystem::path report() const;  // the page to look at

  [[nodiscard]] std::filesystem::path rollouts() const;  // a folder; its file of a step
  [[nodiscard]] std::filesystem::path rollouts(int64_t step) const;
  [[nodiscard]] std::filesystem::path evaluations() const;
  [[nodiscard]] std::filesystem::path evaluation(const std::string& name) const;
  [[nodiscard]] std::filesystem::path outputs() const;
  // `stage` counts from 0, the names of files from 1.
  [[nodiscard]] std::filesystem::path output(int64_t stage, const std::string& title) const;
  [[nodiscard]] std::filesystem::path checkpoints() const;
  [[nodiscard]] std::filesystem::path checkpoint(int64_t step) const;
  [[nodiscard]] std::filesystem::path checkpoint_link(const std::string& name) const;
  [[nodiscard]] std::filesystem::path best() const;  // a link

  // Whether the folder is a run's: it has both config and manifest.
  [[nodiscard]] bool is_run() const;

  // Steps that have rollouts, or a checkpoint, ascending.
  [[nodiscard]] std::vector<int64_t> rollout_steps() const;
  [[nodiscard]] std::vector<int64_t> checkpoint_steps() const;
  // The evaluations that follow a stage, by its number from 1, and 0: the one before the first; ascending.
  [[nodiscard]] std::vector<std::pair<int64_t, std::filesystem::path>> stage_evaluations() const;

  // The names in the folder itself that are a run's own: it writes them, goes on with them and clears them.
  // report.html is none of them, since it can be made again at any time.
  [[nodiscard]] static std::span<const std::string_view> own_names();
};

// The files of training in a checkpoint's folder, beside the model's and the tokenizer's.
struct CheckpointLayout {
  std::filesystem::path path;

  [[nodiscard]] std::filesystem::path optimizer() const;  // its moments
  [[nodiscard]] std::filesystem::path state() const;      // where the run stands
  [[nodiscard]] std::filesystem::path done() const;       // all of the checkpoint is there
  [[nodiscard]] std::filesystem::path models() const;     // those beside the policy: models/NAME/
};

// "02-rl-48-tokens": a stage's number and name as a file name that needs no quotes.
[[nodiscard]] std::string numbered_name(int64_t number, const std::string& name);
// The number in "02-rl-48-tokens.jsonl"; nothing for another name.
[[nodiscard]] std::optional<int64_t> number_in(const std::filesystem::path& file);

// "step-000020".
[[nodiscard]] std::string step_name(int64_t step);
// The step in "step-000020" and "step-000020.jsonl"; nothing for another name.
[[nodiscard]] std::optional<int64_t> step_in(const std::filesystem::path& file);

}  // namespace deepscaler
