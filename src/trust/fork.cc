#include "trust/fork.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "model/weights.h"
#include "run/folder.h"
#include "run/recipe_changes.h"
#include "run/recipe_paths.h"
#include "train/checkpoint.h"
#include "trust/recorded_run.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

void copy_beginning(const fs::path& from, const fs::path& to, int64_t bytes) {
  const std::string all = read_file(from);
  if (std::ssize(all) < bytes) {
    throw Error(from.string(),
                fmt::format("has {} bytes and had {} when the checkpoint was saved", all.size(), bytes),
                "put the file back, or name another checkpoint");
  }
  write_file_atomically(to, std::string_view(all).substr(0, static_cast<size_t>(bytes)));
}

void share_file(const fs::path& from, const fs::path& to, Sharing sharing) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  if (!error && sharing == Sharing::kHardLinks) fs::create_hard_link(from, to, error);
  if (!error && sharing == Sharing::kSymbolicLinks) fs::create_symlink(fs::absolute(from), to, error);
  if (error == std::errc::cross_device_link) {
    error.clear();
    fs::copy_file(from, to, error);
  }
  if (error) throw Error(to.string(), "can't be made: " + error.message(), "check the path and the disk");
}

// A checkpoint whole. Its state is replaced when the run moves on, so the new run has a state of its own.
void share_checkpoint(const CheckpointLayout& from, const CheckpointLayout& to, Sharing sharing) {
  for (const auto& entry : fs::recursive_directory_iterator(from.path)) {
    if (!entry.is_regular_file()) continue;
    const fs::path target = to.path / fs::relative(entry.path(), from.path);
    if (entry.path() == from.state()) {
      const auto bytes = static_cast<int64_t>(entry.file_size());
      fs::create_directories(target.parent_path());
      copy_beginning(entry.path(), target, bytes);
    } else if (entry.path() != from.done()) {
      share_file(entry.path(), target, sharing);
    }
  }
  write_file_atomically(to.done(), "");
}

// Logs grow in their place.
void share_records(const RunLayout& from, const RunState& state, const RunLayout& to) {
  if (state.step == 0) return;
  for (const int64_t step : from.rollout_steps()) {
    if (step <= state.step) share_file(from.rollouts(step), to.rollouts(step), Sharing::kHardLinks);
  }
  for (const RecordedEvaluation& e : state.evaluations) {
    share_file(from.evaluation(e.file), to.evaluation(e.file), Sharing::kHardLinks);
  }
  copy_beginning(from.metrics(), to.metrics(), state.log.metrics_bytes);
  copy_beginning(from.events(), to.events(), state.log.events_bytes);
}

bool has_past(const std::string& path, const RunState& state) {
  // An evaluation is compared with those before it, problem by problem.
  if (path.starts_with("model.path") || path.starts_with("model.random") || path.starts_with("eval.data") ||
      path == "eval.max_prompt_tokens") {
    return true;
  }
  const auto stage = stage_of(path);
  if (!stage) return false;
  const std::string under_way = fmt::format("stage.{}.", state.stage);
  return *stage < state.stage || path == under_way + "kind" || path == under_way + "optimizer.kind" ||
         path == under_way + "start" || path == fmt::format("stage.{}", state.stage);
}

void require_no_change_of_the_past(const Fork& fork, const std::vector<ConfigDifference>& changes,
                                   const RunState& state) {
  if (fork.step == 0) return;
  for (const ConfigDifference& change : changes) {
    if (!has_past(change.path, state)) continue;
    throw Error(fork.run.string(), fmt::format("{} has had its effect by step {}", change.path, fork.step),
                "fork at an earlier step, at 0 to begin anew, or leave the key as it is");
  }
}

// A fork where all is done would be the run itself.
void require_steps_to_come(const Fork& fork, const Recipe& recipe, const RunState& state) {
  const auto last = std::ssize(recipe.stages) - 1;
  const auto steps = recipe.stages.back().settings().steps();
  if (state.stage < last || !steps || state.stage_step < *steps) return;
  throw Error(fork.run.string(),
              fmt::format("is over after step {}, so nothing would follow in a fork there", fork.step),
              fmt::format("fork at an earlier step, or raise stage.{}.steps", last));
}

// What the new run is compared with when it goes on: nothing of what was changed.
Manifest manifest_of_fork(const Fork& fork, const RecordedRun& from, const Recipe& recipe,
                          const std::vector<ConfigDifference>& changes, const RunState& state) {
  Manifest manifest = from.manifest;
  std::erase_if(manifest.data, [&](const auto& entry) {
    if (stage_of(entry.first) > state.stage) return true;
    return std::ranges::any_of(
        changes, [&](const ConfigDifference& change) { return change.path.starts_with(entry.first + "."); });
  });
  std::erase_if(manifest.inexact_resumes, [&](const InexactResume& r) { return r.step > fork.step; });
  manifest.token_budget = recipe.token_budget;
  manifest.seed = recipe.seed;
  if (recipe.model.dtype != from.recipe.model.dtype) {
    const ComputeType type = compute_type_from_name(recipe.model.dtype);
    manifest.dtype = compute_type_name(type);
    manifest.backward_dtype = compute_type_name(backward_compute_type(type));
  }
  manifest.forked_from = {.run = fork.run.string(), .step = fork.step, .changes = {}};
  for (const ConfigDifference& change : changes) {
    manifest.forked_from->changes.push_back(fmt::format("{} = {} (was {})", change.path,
                                                        change.after.empty() ? "nothing" : change.after,
                                                        change.before.empty() ? "nothing" : change.before));
  }
  return manifest;
}

}  // namespace

RunState state_after(const RunLayout& run, int64_t step) {
  if (step == 0) return {};
  const RunFolder folder(run.path, FolderAccess::kRead);
  const std::vector<int64_t> steps = folder.resumable();
  if (std::ranges::find(steps, step) == steps.end()) {
    throw Error(run.path.string(), fmt::format("has no whole checkpoint of step {}", step),
                steps.empty()
                    ? "name 0, the start; output.keep_full_every keeps whole checkpoints"
                    : fmt::format("name 0, the start, or one of {}; output.keep_full_every keeps more",
                                  fmt::join(steps, ", ")));
  }
  const fs::path checkpoint = run.checkpoint(step);
  return parse_state(read_state(checkpoint), checkpoint.string());
}

void share_checkpoints(const RunLayout& from, const RunState& state, const RunLayout& to, Sharing sharing) {
  if (state.step == 0) return;
  // Outputs grow in their place.
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(from.outputs(), none)) {
    const auto number = number_in(entry.path());
    const StageOutput* output = number ? state.output_of(*number - 1) : nullptr;
    if (output == nullptr) continue;
    fs::create_directories(to.outputs());
    copy_beginning(entry.path(), to.outputs() / entry.path().filename(), output->bytes);
  }
  std::vector<int64_t> models = state.stage_ends;
  models.push_back(state.step);
  if (state.best) models.push_back(state.best->step);
  std::ranges::sort(models);
  models.erase(std::ranges::unique(models).begin(), models.end());
  for (const int64_t step : models) {
    if (!fs::exists(from.checkpoint(step))) continue;
    share_checkpoint({from.checkpoint(step)}, {to.checkpoint(step)}, sharing);
  }
  write_file_atomically(to.checkpointed(), "");
}

Recipe fork_run(const Fork& fork) {
  const RecordedRun from = read_run(fork.run);
  auto recipe = read_config<Recipe>(from.layout.config(), fork.changes);
  find_files(recipe, from.layout.config());
  validate(recipe, from.layout.config().string());
  const RunState state = state_after(from.layout, fork.step);
  const std::vector<ConfigDifference> changes = config_differences(from.recipe, recipe);
  require_no_change_of_the_past(fork, changes, state);
  require_steps_to_come(fork, recipe, state);
  if (fork.step == 0 && recipe.prompt.date.empty()) recipe.prompt.date = from.manifest.date;
  const RunLayout to{fork.output};
  if (fs::exists(to.config())) {
    throw Error(fork.output.string(), "is a run already",
                fmt::format("`deepscaler train {} --output {}` goes on with it; else choose another --output",
                            to.config().string(), fork.output.string()));
  }
  const RunFolder folder(fork.output);
  share_records(from.layout, state, to);
  share_checkpoints(from.layout, state, to, Sharing::kHardLinks);
  write_file_atomically(to.manifest(), manifest_text(manifest_of_fork(fork, from, recipe, changes, state)));
  write_file_atomically(to.config(), write_config(recipe));
  return recipe;
}

}  // namespace deepscaler
