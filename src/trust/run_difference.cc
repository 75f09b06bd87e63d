#include "trust/run_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "base/error.h"
#include "model/model.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

std::string or_nothing(const std::string& value) { return value.empty() ? "nothing" : value; }

std::vector<std::string> computed_differently(const Manifest& left, const Manifest& right) {
  std::vector<std::string> changes = inexact_changes(left, right);
  const auto compare = [&](const std::string& name, const std::string& a, const std::string& b) {
    if (a != b) changes.push_back(fmt::format("{}: {}, now {}", name, or_nothing(a), or_nothing(b)));
  };
  compare("model", left.model, right.model);
  compare("date", left.date, right.date);
  std::set<std::string> sections;
  for (const auto& [section, hash] : left.data) sections.insert(section);
  for (const auto& [section, hash] : right.data) sections.insert(section);
  for (const std::string& section : sections) {
    const auto a = left.data.find(section), b = right.data.find(section);
    compare("problems of " + section, a == left.data.end() ? "" : a->second.substr(0, 12),
            b == right.data.end() ? "" : b->second.substr(0, 12));
  }
  return changes;
}

std::optional<WeightsDifference> weights_from(const RunLayout& left, const RunLayout& right, int64_t step) {
  const std::vector<int64_t> a = left.checkpoint_steps(), b = right.checkpoint_steps();
  std::vector<int64_t> both;
  std::ranges::set_intersection(a, b, std::back_inserter(both));
  const auto first = std::ranges::lower_bound(both, step);
  if (first == both.end()) return std::nullopt;
  WeightsDifference difference = compare_weights(left.checkpoint(*first), right.checkpoint(*first));
  difference.step = *first;
  return difference;
}

}  // namespace

WeightsDifference compare_weights(const fs::path& left, const fs::path& right) {
  const Model a = Model::load(left), b = Model::load(right);
  const auto &tensors = a.table().all(), &others = b.table().all();
  const bool alike = std::ranges::equal(tensors, others, [](const ParameterInfo& x, const ParameterInfo& y) {
    return x.name == y.name && x.offset == y.offset && x.size == y.size;
  });
  if (!alike) {
    throw Error(right.string(), fmt::format("is a model of other tensors than {}", left.string()),
                "compare checkpoints of one model");
  }
  WeightsDifference difference = {.tensors = std::ssize(tensors)};
  for (const ParameterInfo& tensor : tensors) {
    double most = 0;
    bool same = true;
    for (int64_t i = tensor.offset; i < tensor.offset + tensor.size; ++i) {
      const double x = a.weights()[i], y = b.weights()[i];
      if (x == y) continue;
      same = false;
      most = std::max(most, std::abs(x - y));
    }
    if (same) continue;
    if (difference.different++ == 0) {
      difference.first = tensor.name;
      difference.first_most = most;
    }
    if (most >= difference.greatest) {
      difference.most = tensor.name;
      difference.greatest = most;
    }
  }
  return difference;
}

RunDifference compare_runs(const fs::path& left, const fs::path& right) {
  const RecordedRun a = read_run(left), b = read_run(right);
  RunDifference difference = {.settings = config_differences(a.recipe, b.recipe),
                              .computed = computed_differently(a.manifest, b.manifest),
                              .last_left = a.last_step(),
                              .last_right = b.last_step(),
                              .compared = std::min(a.last_step(), b.last_step())};
  for (int64_t step = 0; step <= difference.compared && difference.parting.empty(); ++step) {
    difference.parting = step_differences(a, b, step, LoneEvaluation::kPassedOver);
  }
  if (!difference.parting.empty()) {
    difference.weights = weights_from(a.layout, b.layout, difference.parting[0].step);
  }
  return difference;
}

std::string run_difference_text(const RunDifference& d, size_t most) {
  std::string text;
  const auto add = [&text](const std::string& line) { text += line + "\n"; };
  for (const ConfigDifference& s : d.settings) {
    add(fmt::format("setting {} = {} and {}", s.path, or_nothing(s.before), or_nothing(s.after)));
  }
  if (d.settings.empty()) add("the same settings");
  for (const std::string& what : d.computed) add(what);
  if (d.last_left != d.last_right) add(fmt::format("{} and {} steps", d.last_left, d.last_right));
  if (d.parting.empty()) {
    add(fmt::format("all records to step {} are the same: the runs differ in time at most", d.compared));
    return text;
  }
  const int64_t step = d.parting[0].step;
  add(step == 0 ? "the runs part before the first step"
                : fmt::format("the runs part in step {}; all records before it are the same", step));
  for (size_t i = 0; i < std::min(most, d.parting.size()); ++i) add("  " + difference_text(d.parting[i]));
  if (d.parting.size() > most) add(fmt::format("  and {} more records of the step", d.parting.size() - most));
  if (!d.weights) {
    add("no checkpoint from there on is in both runs");
  } else if (d.weights->different == 0) {
    add(fmt::format("weights after step {}: the same", d.weights->step));
  } else {
    add(fmt::format(
        "weights after step {}: {} of {} tensors differ, the first is {} by up to {:.2g}; {} by up to "
        "{:.2g} differs most",
        d.weights->step, d.weights->different, d.weights->tensors, d.weights->first, d.weights->first_most,
        d.weights->most, d.weights->greatest));
  }
  return text;
}

}  // namespace deepscaler
