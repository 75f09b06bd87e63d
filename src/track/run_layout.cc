#include "track/run_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kConfig = "config.toml";
constexpr std::string_view kManifest = "manifest.json";
constexpr std::string_view kMetrics = "metrics.jsonl";
// One file for the whole run, however often it is resumed: TensorBoard then shows one curve.
constexpr std::string_view kEvents = "events.out.tfevents.run";
constexpr std::string_view kLock = "lock";
constexpr std::string_view kCheckpointed = "checkpointed";
constexpr std::string_view kRollouts = "rollouts";
constexpr std::string_view kEvaluations = "eval";
constexpr std::string_view kOutputs = "outputs";
constexpr std::string_view kCheckpoints = "checkpoints";

constexpr std::string_view kOwnNames[] = {kConfig,       kManifest, kMetrics,     kEvents,  kLock,
                                          kCheckpointed, kRollouts, kEvaluations, kOutputs, kCheckpoints};

constexpr std::string_view kStep = "step-";

// The number at the beginning of `text`, and what follows it.
std::optional<std::pair<int64_t, std::string_view>> leading_number(std::string_view text) {
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || number < 0) return std::nullopt;
  return std::pair(number, std::string_view(rest, end));
}

template <class Visit>
void each_entry(const fs::path& folder, const Visit& visit) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) visit(entry.path());
}

std::vector<int64_t> steps_in(const fs::path& folder, std::string_view extension) {
  std::vector<int64_t> steps;
  each_entry(folder, [&](const fs::path& file) {
    const auto step = step_in(file);
    if (step && file.extension() == extension) steps.push_back(*step);
  });
  std::ranges::sort(steps);
  return steps;
}

}  // namespace

fs::path RunLayout::config() const { return path / kConfig; }
fs::path RunLayout::manifest() const { return path / kManifest; }
fs::path RunLayout::metrics() const { return path / kMetrics; }
fs::path RunLayout::events() const { return path / kEvents; }
fs::path RunLayout::lock() const { return path / kLock; }
fs::path RunLayout::checkpointed() const { return path / kCheckpointed; }
fs::path RunLayout::report() const { return path / "report.html"; }

fs::path RunLayout::rollouts() const { return path / kRollouts; }
fs::path RunLayout::rollouts(int64_t step) const { return rollouts() / (step_name(step) + ".jsonl"); }
fs::path RunLayout::evaluations() const { return path / kEvaluations; }
fs::path RunLayout::evaluation(const std::string& name) const { return evaluations() / (name + ".json"); }
fs::path RunLayout::outputs() const { return path / kOutputs; }
fs::path RunLayout::output(int64_t stage, const std::string& title) const {
  return outputs() / (numbered_name(stage + 1, title) + ".jsonl");
}
fs::path RunLayout::checkpoints() const { return path / kCheckpoints; }
fs::path RunLayout::checkpoint(int64_t step) const { return checkpoints() / step_name(step); }
fs::path RunLayout::checkpoint_link(const std::string& name) const { return checkpoints() / name; }
fs::path RunLayout::best() const { return checkpoint_link("best"); }

bool RunLayout::is_run() const {
  std::error_code ignored;
  return fs::exists(config(), ignored) && fs::exists(manifest(), ignored);
}

std::vector<int64_t> RunLayout::rollout_steps() const { return steps_in(rollouts(), ".jsonl"); }
std::vector<int64_t> RunLayout::checkpoint_steps() const { return steps_in(checkpoints(), ""); }

std::vector<std::pair<int64_t, fs::path>> RunLayout::stage_evaluations() const {
  std::vector<std::pair<int64_t, fs::path>> files;
  each_entry(evaluations(), [&](const fs::path& file) {
    const auto number = number_in(file);
    if (number && file.extension() == ".json") files.emplace_back(*number, file);
  });
  std::ranges::sort(files);
  return files;
}

std::span<const std::string_view> RunLayout::own_names() { return kOwnNames; }

fs::path CheckpointLayout::optimizer() const { return path / "optimizer.safetensors"; }
fs::path CheckpointLayout::state() const { return path / "state.json"; }
fs::path CheckpointLayout::done() const { return path / "DONE"; }
fs::path CheckpointLayout::models() const { return path / "models"; }

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

std::optional<int64_t> number_in(const fs::path& file) {
  const std::string name = file.stem();
  const auto parts = leading_number(name);
  // A stage whose name has no letter and no digit is its number alone.
  if (!parts || !(parts->second.empty() || parts->second.starts_with('-'))) return std::nullopt;
  return parts->first;
}

std::string step_name(int64_t step) { return fmt::format("{}{:06}", kStep, step); }

std::optional<int64_t> step_in(const fs::path& file) {
  const std::string name = file.stem();
  if (!name.starts_with(kStep)) return std::nullopt;
  const auto parts = leading_number(std::string_view(name).substr(kStep.size()));
  if (!parts || !parts->second.empty()) return std::nullopt;
  return parts->first;
}

}  // namespace deepscaler
