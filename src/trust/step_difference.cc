#include "trust/step_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/file.h"
#include "formats/jsonl.h"
#include "track/metrics_log.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kNothing = "nothing";
constexpr size_t kLongestValue = 80;  // bytes; longer ones are cut

std::string value_text(const json* value) {
  if (value == nullptr) return std::string(kNothing);
  std::string text = value->dump(-1, ' ', /*ensure_ascii=*/true, json::error_handler_t::replace);
  if (text.size() > kLongestValue) text = text.substr(0, kLongestValue) + "...";
  return text;
}

struct ValueDifference {
  std::string path;
  std::string left, right;
};

const json* member(const json& object, const std::string& key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

std::optional<ValueDifference> first_difference(const json* left, const json* right, const std::string& path);

std::optional<ValueDifference> first_in_arrays(const json& left, const json& right, const std::string& path) {
  for (size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const auto found =
        first_difference(i < left.size() ? &left[i] : nullptr, i < right.size() ? &right[i] : nullptr,
                         fmt::format("{}[{}]", path, i));
    if (found) return found;
  }
  return std::nullopt;
}

std::vector<std::string> keys_of(const json& left, const json& right) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : left.items()) keys.push_back(key);
  for (const auto& [key, value] : right.items()) {
    if (!left.contains(key)) keys.push_back(key);
  }
  return keys;
}

std::optional<ValueDifference> first_difference(const json* left, const json* right,
                                                const std::string& path) {
  if (left != nullptr && right != nullptr) {
    if (*left == *right) return std::nullopt;
    if (left->is_array() && right->is_array()) return first_in_arrays(*left, *right, path);
    if (left->is_object() && right->is_object()) {
      for (const std::string& key : keys_of(*left, *right)) {
        const auto found = first_difference(member(*left, key), member(*right, key),
                                            path.empty() ? key : fmt::format("{}.{}", path, key));
        if (found) return found;
      }
    }
  }
  return ValueDifference{path, value_text(left), value_text(right)};
}

class StepComparison {
 public:
  StepComparison(const RecordedRun& left, const RecordedRun& right, int64_t step)
      : left_(left), right_(right), step_(step) {}

  void rollouts();
  void metrics(LoneEvaluation lone);
  void evaluations();
  std::vector<RecordDifference> take() { return std::move(differences_); }

 private:
  void add(const std::string& file, const std::string& place, const std::string& left,
           const std::string& right) {
    differences_.push_back({step_, file, place, left, right});
  }
  void metric_lines(const json* left, const json* right, const char* kind);
  void evaluation(const fs::path& left, const fs::path& right);

  const RecordedRun& left_;
  const RecordedRun& right_;
  int64_t step_;
  std::vector<RecordDifference> differences_;
};

std::vector<json> lines_of(const fs::path& file) {
  std::vector<json> lines;
  JsonlReader reader(file);
  for (json line; reader.next(line);) lines.push_back(line);
  return lines;
}

std::string sample_name(const json& line) {
  const json *id = member(line, "id"), *sample = member(line, "sample");
  return fmt::format("problem {}, sample {}: ", value_text(id), value_text(sample));
}

void StepComparison::rollouts() {
  const std::string name = RunLayout().rollouts(step_).string();
  const bool in_left = fs::exists(left_.layout.rollouts(step_));
  const bool in_right = fs::exists(right_.layout.rollouts(step_));
  if (in_left != in_right) {
    add(name, "the file", in_left ? "there" : std::string(kNothing),
        in_right ? "there" : std::string(kNothing));
  }
  if (!in_left || !in_right) return;
  const auto left = lines_of(left_.layout.rollouts(step_)), right = lines_of(right_.layout.rollouts(step_));
  for (size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const json* a = i < left.size() ? &left[i] : nullptr;
    const json* b = i < right.size() ? &right[i] : nullptr;
    std::optional<ValueDifference> found;
    if (a != nullptr && b != nullptr && a->is_object() && b->is_object()) {
      // What follows from other tokens comes after them.
      found = first_difference(member(*a, "token_ids"), member(*b, "token_ids"), "token_ids");
    }
    if (!found || found->left == found->right) found = first_difference(a, b, "");
    if (!found) continue;
    const json& named = a != nullptr ? *a : *b;
    add(name, sample_name(named) + (found->path.empty() ? "the line" : found->path), found->left,
        found->right);
  }
}

// Steps have num_tokens, evaluations have not.
std::optional<json> line_of(const RecordedRun& run, int64_t step, bool of_training) {
  const auto lines = run.lines.find(step);
  if (lines == run.lines.end()) return std::nullopt;
  for (const std::string& text : lines->second) {
    json line = json::parse(text);
    if (line.contains("num_tokens") == of_training) return line;
  }
  return std::nullopt;
}

const json* pointer_to(const std::optional<json>& value) { return value ? &*value : nullptr; }

void StepComparison::metric_lines(const json* left, const json* right, const char* kind) {
  const std::string name = RunLayout().metrics().string();
  if (left == nullptr || right == nullptr) {
    if (left != right) {
      add(name, kind, left ? "there" : std::string(kNothing), right ? "there" : std::string(kNothing));
    }
    return;
  }
  const std::string weights(kWeightsKey);
  std::vector<std::string> keys = keys_of(*left, *right);
  std::ranges::stable_partition(keys, [&](const std::string& key) { return key != weights; });
  for (const std::string& key : keys) {
    if (key.starts_with("time/")) continue;
    const json *a = member(*left, key), *b = member(*right, key);
    if (a == nullptr || b == nullptr || *a != *b) add(name, key, value_text(a), value_text(b));
  }
}

void StepComparison::metrics(LoneEvaluation lone) {
  const auto left = line_of(left_, step_, true), right = line_of(right_, step_, true);
  metric_lines(pointer_to(left), pointer_to(right), "the step");
  const auto left_eval = line_of(left_, step_, false), right_eval = line_of(right_, step_, false);
  if (!right_eval || (!left_eval && lone == LoneEvaluation::kPassedOver)) return;
  metric_lines(pointer_to(left_eval), pointer_to(right_eval), "the evaluation");
}

void StepComparison::evaluation(const fs::path& left, const fs::path& right) {
  const json a = json::parse(read_file(left), nullptr, false),
             b = json::parse(read_file(right), nullptr, false);
  const auto found = first_difference(&a, &b, "");
  if (found) {
    add((RunLayout().evaluations() / left.filename()).string(),
        found->path.empty() ? "the file" : found->path, found->left, found->right);
  }
}

// The evaluation's file of a step: inside a stage, before the first one, or at a stage's end.
std::optional<fs::path> evaluation_file(const RecordedRun& run, int64_t step) {
  if (const fs::path inside = run.layout.evaluation(step_name(step)); fs::exists(inside)) return inside;
  std::optional<int64_t> number;
  if (step == 0) {
    number = 0;
  } else if (const auto line = line_of(run, step, true)) {
    const auto next = line_of(run, step + 1, true);
    const json stage = line->value("stage", json(0));
    if (!next || next->value("stage", json(0)) != stage) number = stage.get<int64_t>() + 1;
  }
  for (const auto& [of_stage, file] : run.layout.stage_evaluations()) {
    if (number == of_stage) return file;
  }
  return std::nullopt;
}

void StepComparison::evaluations() {
  const auto left = evaluation_file(left_, step_), right = evaluation_file(right_, step_);
  if (left && right) evaluation(*left, *right);
}

}  // namespace

std::vector<RecordDifference> step_differences(const RecordedRun& left, const RecordedRun& right,
                                               int64_t step, LoneEvaluation lone) {
  StepComparison comparison(left, right, step);
  comparison.rollouts();
  comparison.metrics(lone);
  comparison.evaluations();
  return comparison.take();
}

std::string recorded_weights(const RecordedRun& run, int64_t step) {
  const auto line = line_of(run, step, true);
  const json* hash = line ? member(*line, std::string(kWeightsKey)) : nullptr;
  return hash != nullptr && hash->is_string() ? hash->get<std::string>() : "";
}

std::string difference_text(const RecordDifference& d) {
  return fmt::format("step {}, {}, {}: {} and {}", d.step, d.file, d.place, d.left, d.right);
}

}  // namespace deepscaler
