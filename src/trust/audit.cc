#include "trust/audit.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/temporary_folder.h"
#include "model/device.h"
#include "model/model.h"
#include "run/folder.h"
#include "run/loop.h"
#include "run/state.h"
#include "train/checkpoint.h"
#include "trust/fork.h"
#include "verify/version.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kNever = std::numeric_limits<int32_t>::max();

// Else every step would differ, and the audit would say so of a run that is true.
void require_same_bits(const RecordedRun& run) {
  Manifest now = run.manifest;
  now.program = DEEPSCALER_VERSION;
  now.device = default_device().name();
  now.verifier = verifier_version();
  const std::vector<std::string> changes = inexact_changes(run.manifest, now);
  if (changes.empty()) return;
  const bool device = run.manifest.device != now.device;
  throw Error(
      run.layout.path.string(),
      fmt::format("can't be audited here, where other bits come out: {}", fmt::join(changes, ", ")),
      device ? fmt::format("give --kernels {}", run.manifest.device) : "use the program that made the run");
}

// Steps are (from, to]; those with an evaluation take the time of it.
double seconds_of(const RecordedRun& run, int64_t from, int64_t to) {
  double seconds = 0;
  for (auto lines = run.lines.upper_bound(from); lines != run.lines.end() && lines->first <= to; ++lines) {
    for (const std::string& text : lines->second) {
      const auto line = nlohmann::json::parse(text);
      for (const char* name : {"time/step", "time/eval"}) {
        if (line.contains(name) && line[name].is_number()) seconds += line[name].get<double>();
      }
    }
  }
  return seconds;
}

std::vector<int64_t> in_random_order(int64_t steps, uint64_t seed) {
  std::vector<int64_t> order(static_cast<size_t>(steps));
  std::iota(order.begin(), order.end(), 1);
  const Rng rng(seed, {hash_name("audit")});
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i, i)]);
  return order;
}

// A checkpoint's weights are those whose hash its step has recorded.
void check_weights(const RecordedRun& run, Audit& audit) {
  for (const int64_t step : run.layout.checkpoint_steps()) {
    const std::string recorded = recorded_weights(run, step);
    const std::string found = Model::load(run.layout.checkpoint(step)).hash();
    ++audit.checkpoints;
    if (recorded == found) continue;
    const std::string file = (RunLayout().checkpoint(step) / "model.safetensors").string();
    audit.differences.push_back({step, file, "weights", recorded.empty() ? "nothing" : recorded, found});
  }
}

// The logs of what is computed anew need nothing of those before, which may be false.
void begin_logs_anew(const fs::path& checkpoint) {
  const nlohmann::ordered_json saved = read_state(checkpoint);
  RunState state = parse_state(saved, checkpoint.string());
  state.log = {};
  nlohmann::ordered_json json = state_json(state);
  json["model"] = saved.value("model", "");
  replace_state(checkpoint, json);
}

void recompute(const RecordedRun& run, const AuditedStretch& stretch, Audit& audit) {
  const TemporaryFolder folder;
  const RunLayout layout{folder / "run"};
  Recipe recipe = run.recipe;
  recipe.output.save_every = kNever;
  recipe.output.keep_full_every = 0;
  if (recipe.prompt.date.empty() && stretch.from == 0) recipe.prompt.date = run.manifest.date;
  {
    const RunFolder made(layout.path);
    share_checkpoints(run.layout, state_after(run.layout, stretch.from), layout, Sharing::kSymbolicLinks);
    if (stretch.from > 0) begin_logs_anew(layout.checkpoint(stretch.from));
    write_file_atomically(layout.manifest(), manifest_text(run.manifest));
    write_file_atomically(layout.config(), write_config(recipe));
  }
  log_info("computes steps {} to {} anew", stretch.from + 1, stretch.to);
  const RunResult result = run_recipe(recipe, layout.path, {.last_step = stretch.to});
  if (result.step != stretch.to) throw Interrupted();
  const RecordedRun again = read_run(layout.path);
  for (int64_t step = stretch.from == 0 ? 0 : stretch.from + 1; step <= stretch.to; ++step) {
    // What follows the last step was not computed.
    const auto lone = step < stretch.to ? LoneEvaluation::kDiffers : LoneEvaluation::kPassedOver;
    for (RecordDifference& d : step_differences(run, again, step, lone))
      audit.differences.push_back(std::move(d));
  }
  audit.recomputed += stretch.to - stretch.from;
}

}  // namespace

Audit plan_audit(const RecordedRun& run, const AuditSettings& settings) {
  const std::string where = run.layout.path.string();
  if (run.last_step() == 0) throw Error(where, "has no steps to audit", "wait for the run's first step");
  std::vector<int64_t> starts = RunFolder(run.layout.path, FolderAccess::kRead).resumable();
  starts.insert(starts.begin(), 0);
  std::map<int64_t, int64_t> reach;  // from a checkpoint to the last chosen step behind it
  double seconds = 0, shortest = std::numeric_limits<double>::infinity();
  Audit audit;
  for (const int64_t step : in_random_order(run.last_step(), settings.seed)) {
    if (std::ssize(audit.chosen) == settings.steps) break;
    const int64_t from = *std::prev(std::ranges::lower_bound(starts, step));
    const auto reached = reach.find(from);
    const double more = seconds_of(run, reached == reach.end() ? from : reached->second, step);
    shortest = std::min(shortest, more);
    if (settings.minutes && seconds + more > 60 * *settings.minutes) continue;
    seconds += more;
    audit.chosen.push_back(step);
    reach[from] = std::max(reach[from], step);
  }
  if (audit.chosen.empty()) {
    throw Error(
        where, fmt::format("no step can be computed within {} minutes", *settings.minutes),
        fmt::format("allow {:.1f} minutes; with output.keep_full_every a run keeps checkpoints to begin from",
                    shortest / 60 + 0.05));
  }
  std::ranges::sort(audit.chosen);
  for (const auto& [from, to] : reach) audit.stretches.push_back({from, to});
  return audit;
}

Audit audit_run(const fs::path& folder, const AuditSettings& settings) {
  const RecordedRun run = read_run(folder);
  require_same_bits(run);
  Audit audit = plan_audit(run, settings);
  check_weights(run, audit);
  for (AuditedStretch& stretch : audit.stretches) {
    const bool is_false = std::ranges::any_of(audit.differences, [&](const RecordDifference& d) {
      return d.step == stretch.from && d.place == "weights";
    });
    if (stretch.from > 0 && is_false) continue;  // nothing true can come of it
    stretch.computed = true;
    recompute(run, stretch, audit);
  }
  std::ranges::stable_sort(audit.differences, {}, &RecordDifference::step);
  return audit;
}

std::string audit_text(const Audit& audit, size_t most) {
  std::string text = fmt::format("chosen: {}\n", fmt::join(audit.chosen, ", "));
  for (const AuditedStretch& s : audit.stretches) {
    const std::string from = s.from == 0 ? "the start" : fmt::format("the checkpoint of step {}", s.from);
    text += fmt::format("steps {} to {}, from {}{}\n", s.from + 1, s.to, from,
                        s.computed ? "" : ": not computed, its weights are false");
  }
  text += fmt::format("{} steps computed anew, the weights of {} checkpoints hashed\n", audit.recomputed,
                      audit.checkpoints);
  if (audit.passed()) return text + "every record is what the recipe makes: the same bits\n";
  text += "differences, as recorded and as computed:\n";
  for (size_t i = 0; i < std::min(most, audit.differences.size()); ++i) {
    text += "  " + difference_text(audit.differences[i]) + "\n";
  }
  if (audit.differences.size() > most)
    text += fmt::format("  and {} more\n", audit.differences.size() - most);
  return text;
}

}  // namespace deepscaler
