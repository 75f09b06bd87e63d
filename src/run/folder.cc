#include "run/folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "track/append_file.h"
#include "train/checkpoint.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLock = "lock";
constexpr const char* kHadCheckpoint = "checkpointed";

// A run writes its config first, so a folder without one holds at most what the very beginning left.
const fs::path& made_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw Error(path.string(), "can't create: " + error.message(), "check the path");
  if (fs::exists(path / "config.toml")) return path;
  for (const auto& entry : fs::directory_iterator(path)) {
    const std::string name = entry.path().filename();
    if (name == kLock || name == "config.toml.tmp") continue;
    throw Error(path.string(), "is there already, not empty, and not a run's folder",
                "choose another --output");
  }
  return path;
}

// The number in "step-000020" and "step-000020.jsonl".
std::optional<int64_t> step_of(const fs::path& path) {
  constexpr std::string_view kPrefix = "step-";
  const std::string name = path.filename();
  if (!name.starts_with(kPrefix)) return std::nullopt;
  int64_t step = 0;
  const char* begin = name.data() + kPrefix.size();
  if (std::from_chars(begin, name.data() + name.size(), step).ptr == begin) return std::nullopt;
  return step;
}

template <class Condition>
std::vector<fs::path> entries(const fs::path& folder, const Condition& wanted) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (wanted(entry.path())) paths.push_back(entry.path());
  }
  return paths;
}

// The number in "01-NAME.jsonl", from 0.
int64_t stage_of_output(const fs::path& path) {
  int64_t number = 0;
  const std::string name = path.filename();
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number - 1;
}

void cut_outputs(const fs::path& folder, const RunState& state) {
  if (!fs::exists(folder)) return;
  for (const fs::path& file : entries(folder, [](const auto&) { return true; })) {
    const StageOutput* output = state.output_of(stage_of_output(file));
    if (output == nullptr) {
      fs::remove(file);
    } else if (static_cast<int64_t>(fs::file_size(file)) > output->bytes) {
      cut_file(file, static_cast<uint64_t>(output->bytes));
    }
  }
}

}  // namespace

RunFolder::RunFolder(const fs::path& path) : path_(path), lock_(made_folder(path) / kLock) {}

fs::path RunFolder::rollouts(int64_t step) const { return path_ / "rollouts" / (step_name(step) + ".jsonl"); }
fs::path RunFolder::evaluation(const std::string& file) const { return path_ / "eval" / (file + ".json"); }
fs::path RunFolder::checkpoint(int64_t step) const { return path_ / "checkpoints" / step_name(step); }
fs::path RunFolder::output(int64_t stage, const std::string& title) const {
  return path_ / "outputs" / (numbered_name(stage + 1, title) + ".jsonl");
}

std::vector<int64_t> RunFolder::checkpoint_steps() const {
  std::vector<int64_t> steps;
  if (!fs::exists(path_ / "checkpoints")) return steps;
  for (const fs::path& path :
       entries(path_ / "checkpoints", [](const fs::path& p) { return p.extension() != ".tmp"; })) {
    if (const auto step = step_of(path)) steps.push_back(*step);
  }
  std::ranges::sort(steps);
  return steps;
}

std::vector<int64_t> RunFolder::resumable() const {
  std::vector<int64_t> steps = checkpoint_steps();
  std::erase_if(steps, [&](int64_t step) { return !can_resume(checkpoint(step)); });
  return steps;
}

void RunFolder::cut_back(const RunState& state) const {
  try {
    for (const char* part : {"rollouts", "eval", "checkpoints"}) fs::create_directories(path_ / part);
    remove_unfinished(path_ / "checkpoints");
    for (const fs::path& link :
         entries(path_ / "checkpoints", [](const auto& p) { return fs::is_symlink(p); })) {
      fs::remove(link);
    }
    for (int64_t step : checkpoint_steps()) {
      if (step > state.step) remove_checkpoint(checkpoint(step));
    }
    for (const fs::path& file : entries(path_ / "rollouts", [&](const auto& p) {
           return p.extension() == ".tmp" || step_of(p).value_or(0) > state.step;
         })) {
      fs::remove(file);
    }
    cut_outputs(path_ / "outputs", state);
    std::set<fs::path> made;
    for (const auto& e : state.evaluations) made.insert(evaluation(e.file));
    for (const fs::path& file : entries(path_ / "eval", [&](const auto& p) { return !made.contains(p); })) {
      fs::remove(file);
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(error.path1().string(), error.code().message(), "check that the run's folder is writable");
  }
}

void RunFolder::prune(int64_t keep_last, const std::vector<int64_t>& kept) const {
  const std::vector<int64_t> latest = resumable();
  const size_t first = latest.size() - std::min(latest.size(), static_cast<size_t>(keep_last));
  for (int64_t step : checkpoint_steps()) {
    if (std::find(latest.begin() + static_cast<int64_t>(first), latest.end(), step) != latest.end()) continue;
    std::ranges::count(kept, step) > 0 ? reduce_to_model(checkpoint(step))
                                       : remove_checkpoint(checkpoint(step));
  }
}

void RunFolder::note_checkpoint() const {
  if (!had_checkpoint()) write_file_atomically(path_ / kHadCheckpoint, "");
}

bool RunFolder::had_checkpoint() const { return fs::exists(path_ / kHadCheckpoint); }

void RunFolder::link(const std::string& name, int64_t step) const {
  const fs::path link = path_ / "checkpoints" / name, temporary = link.string() + ".tmp";
  std::error_code error;
  fs::remove(temporary, error);
  fs::create_directory_symlink(step_name(step), temporary, error);
  if (!error) fs::rename(temporary, link, error);
  if (error) throw Error(link.string(), "can't create: " + error.message(), "check the file system");
}

std::string numbered_name(int64_t number, const std::string& name) {
  std::string text = fmt::format("{:02}", number);
  bool separate = true;
  for (unsigned char c : name) {
    if (!std::isalnum(c)) {
      separate = true;
      continue;
    }
    if (separate) text += '-';
    separate = false;
    text += static_cast<char>(std::tolower(c));
  }
  return text;
}

std::string step_name(int64_t step) { return fmt::format("step-{:06}", step); }

}  // namespace deepscaler
