// A run that shares the past of another one: `deepscaler fork`. The other run's checkpoint, samples and
// evaluations are there twice and lie on the disk once; logs, which grow, are copied. Whoever carries out the
// new run goes on from the checkpoint, so both are the same, bit for bit, up to there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "run/recipe.h"
#include "run/state.h"
#include "track/run_layout.h"

namespace deepscaler {

struct Fork {
  std::filesystem::path run;
  int64_t step = 0;                  // the last one that is shared; 0: none, a new run from the start
  std::vector<std::string> changes;  // "stage.1.optimizer.lr=1e-5"
  std::filesystem::path output;      // the new run's folder; must not be there, or be empty
};

// Makes the folder of the new run and returns its recipe. manifest.json says what it was forked from. Throws
// Error where the run has no whole checkpoint of that step, where a change is of what is past at that step,
// and where the folder is in the way; a folder that is made halfway is no run's.
[[nodiscard]] Recipe fork_run(const Fork& fork);

// How files that never change are shared: links to one file, which live as long as one of them, or symbolic
// ones, which also lead to another disk.
enum class Sharing { kHardLinks, kSymbolicLinks };

// Puts into the folder `to`, which must be there, what a run goes on from that stands at `state`: the
// checkpoint of that step, the models of the stages before, and the outputs of stages. Throws Error.
void share_checkpoints(const RunLayout& from, const RunState& state, const RunLayout& to, Sharing sharing);

// Where the run stood at its checkpoint of a step; at its start for step 0. Throws Error where it has none
// from which training can go on.
[[nodiscard]] RunState state_after(const RunLayout& run, int64_t step);

}  // namespace deepscaler
