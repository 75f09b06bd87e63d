#include "run/writer.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/file.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

// Removes the entries of a folder that are not wanted.
template <class Unwanted>
void remove_entries(const fs::path& folder, const Unwanted& unwanted) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (unwanted(entry.path())) paths.push_back(entry.path());
  }
  for (const fs::path& path : paths) fs::remove(path);
}

}  // namespace

void RunWriter::config(std::string_view toml) {
  if (writes()) write_file_atomically(layout().config(), toml);
}

void RunWriter::manifest(const Manifest& manifest) {
  if (writes()) write_file_atomically(layout().manifest(), manifest_text(manifest));
}

void RunWriter::cut_back(const RunState& state) {
  if (!writes()) return;
  try {
    for (const fs::path& part : {layout().rollouts(), layout().evaluations(), layout().checkpoints()}) {
      fs::create_directories(part);
    }
    cut_checkpoints(state);
    cut_rollouts(state);
    cut_outputs(state);
    cut_evaluations(state);
  } catch (const fs::filesystem_error& error) {
    throw Error(error.path1().string(), error.code().message(), "check that the run's folder is writable");
  }
  log_.emplace(layout(), state.log);
}

void RunWriter::cut_checkpoints(const RunState& state) const {
  remove_unfinished(layout().checkpoints());
  remove_entries(layout().checkpoints(), [](const fs::path& path) { return fs::is_symlink(path); });
  for (int64_t step : layout().checkpoint_steps()) {
    if (step > state.step) remove_checkpoint(layout().checkpoint(step));
  }
}

void RunWriter::cut_rollouts(const RunState& state) const {
  remove_entries(layout().rollouts(), [&](const fs::path& file) {
    return file.extension() == ".tmp" || step_in(file).value_or(0) > state.step;
  });
}

void RunWriter::cut_outputs(const RunState& state) const {
  if (!fs::exists(layout().outputs())) return;
  const auto output_of = [&](const fs::path& file) {
    return state.output_of(number_in(file).value_or(0) - 1);
  };
  remove_entries(layout().outputs(), [&](const fs::path& file) { return output_of(file) == nullptr; });
  for (const auto& entry : fs::directory_iterator(layout().outputs())) {
    const auto bytes = static_cast<uint64_t>(output_of(entry.path())->bytes);
    if (entry.file_size() > bytes) cut_file(entry.path(), bytes);
  }
}

void RunWriter::cut_evaluations(const RunState& state) const {
  std::set<fs::path> made;
  for (const auto& e : state.evaluations) made.insert(layout().evaluation(e.file));
  remove_entries(layout().evaluations(), [&](const fs::path& file) { return !made.contains(file); });
}

void RunWriter::rollouts(int64_t step, std::string_view lines) {
  if (writes()) write_file_atomically(layout().rollouts(step), lines);
}

void RunWriter::metrics(int64_t step, const Metrics& metrics, std::string_view weights) {
  if (writes()) log_->record(step, metrics, weights);
}

void RunWriter::output(int64_t stage, const std::string& title, std::string_view lines) {
  if (!writes()) return;
  if (output_stage_ != stage) {
    fs::create_directories(layout().outputs());
    output_.emplace(layout().output(stage, title));
    output_stage_ = stage;
  }
  output_->append(lines);
}

void RunWriter::evaluation(const std::string& name, const EvalReport& report) {
  if (writes()) write_report(layout().evaluation(name), report);
}

void RunWriter::sync(RunState& state) {
  if (!writes()) return;
  log_->sync();
  if (output_) output_->sync();
  state.log = log_->sizes();
}

void RunWriter::checkpoint(int64_t step, const CheckpointContents& contents) {
  if (!writes()) return;
  save_checkpoint(layout().checkpoint(step), contents);
  if (!folder_.had_checkpoint()) write_file_atomically(layout().checkpointed(), "");
}

void RunWriter::checkpoint_state(int64_t step, const nlohmann::ordered_json& state) {
  if (writes()) replace_state(layout().checkpoint(step), state);
}

void RunWriter::link(const fs::path& link, int64_t step) {
  if (!writes()) return;
  const fs::path temporary = link.string() + ".tmp";
  std::error_code error;
  fs::remove(temporary, error);
  fs::create_directory_symlink(step_name(step), temporary, error);
  if (!error) fs::rename(temporary, link, error);
  if (error) throw Error(link.string(), "can't create: " + error.message(), "check the file system");
}

void RunWriter::prune(int64_t keep_last, int64_t full_every, const std::vector<int64_t>& kept) {
  if (!writes()) return;
  const std::vector<int64_t> latest = folder_.resumable();
  const size_t first = latest.size() - std::min(latest.size(), static_cast<size_t>(keep_last));
  for (int64_t step : layout().checkpoint_steps()) {
    if (std::find(latest.begin() + static_cast<int64_t>(first), latest.end(), step) != latest.end()) continue;
    if (full_every > 0 && step % full_every == 0) continue;
    std::ranges::count(kept, step) > 0 ? reduce_to_model(layout().checkpoint(step))
                                       : remove_checkpoint(layout().checkpoint(step));
  }
}

}  // namespace deepscaler
