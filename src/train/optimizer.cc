#include "train/optimizer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "base/config.h"
#include "base/error.h"
#include "base/integer.h"
#include "base/parallel.h"
#include "ops/rows/optimizer_kernel.h"
#include "train/parameter_file.h"

namespace deepscaler {
namespace {

// Numbers a task works on; also the tile of a reduction, so it must not depend on threads.
constexpr int64_t kTile = 1 << 16;

template <class Body>
void for_each_tile(int64_t size, const Body& body) {
  parallel_for(ceil_div(size, kTile),
               [&](int64_t i) { body(i, i * kTile, std::min(size, (i + 1) * kTile)); });
}

constexpr ConfigName<Schedule> kScheduleNames[] = {
    {"constant", Schedule::kConstant}, {"linear", Schedule::kLinear}, {"cosine", Schedule::kCosine}};
constexpr ConfigName<OptimizerStart> kStartNames[] = {{"reset", OptimizerStart::kReset},
                                                      {"keep", OptimizerStart::kKeep}};

constexpr const char* kFirstMoment = "first_moment";
constexpr const char* kSecondMoment = "second_moment";
constexpr const char* kSteps = "steps";

}  // namespace

void bind(ConfigSection& section, OptimizerConfig& config) {
  section.field("lr", config.lr, "peak learning rate").range(0, 1);
  section.choice("schedule", config.schedule.schedule, "how the rate goes on after the warm-up",
                 kScheduleNames);
  section
      .field("warmup_steps", config.schedule.warmup_steps,
             "steps of the stage in which the rate rises to lr, in equal parts")
      .at_least(0);
  section
      .field("min_lr", config.schedule.min_lr,
             "floor to which a linear or cosine schedule falls over the stage")
      .range(0, 1);
  section.require(config.schedule.min_lr <= config.lr, "min_lr", "is above lr, from which the rate falls",
                  "lower it");
  section.choice("start", config.start, "begin the stage with fresh moments or with those of the one before",
                 kStartNames);
  section.field("beta1", config.beta1, "decay of the first moment").range(0, 0.999999);
  section.field("beta2", config.beta2, "decay of the second moment").range(0, 0.999999);
  section.field("eps", config.eps, "added to the root of the second moment").above(0);
  section.field("weight_decay", config.weight_decay, "decoupled decay of matrices, times lr").range(0, 10);
  section.field("max_grad_norm", config.max_grad_norm, "global norm to clip to, 0 for none").at_least(0);
}

double global_norm(std::span<const float> gradients) {
  std::vector<double> sums(ceil_div(gradients.size(), kTile));
  for_each_tile(std::ssize(gradients), [&](int64_t tile, int64_t first, int64_t last) {
    sums[static_cast<size_t>(tile)] =
        optimizer_kernels().sum_of_squares(gradients.data() + first, last - first);
  });
  double total = 0;
  for (double sum : sums) total += sum;
  return std::sqrt(total);
}

void require_finite(const ParameterTable& table, std::span<const float> gradients) {
  for (const ParameterInfo& p : table.all()) {
    for (int64_t i = p.offset; i < p.offset + p.size; ++i) {
      if (!std::isfinite(gradients[static_cast<size_t>(i)])) {
        throw Error(p.name, "its gradient is not finite; the weights are left as they were",
                    "lower the learning rate or look at the step's data");
      }
    }
  }
}

AdamW::AdamW(const ParameterTable& table)
    : table_(table), first_moment_(table.size()), second_moment_(table.size()) {}

void AdamW::reset() {
  std::ranges::fill(first_moment_.span(), 0.0f);
  std::ranges::fill(second_moment_.span(), 0.0f);
  steps_ = 0;
}

void AdamW::save(const std::filesystem::path& path) const {
  const NamedArray<const float> arrays[] = {{kFirstMoment, first_moment_.data()},
                                            {kSecondMoment, second_moment_.data()}};
  save_parameters(path, table_, arrays, {{kSteps, std::to_string(steps_)}});
}

void AdamW::load(const std::filesystem::path& path) {
  const NamedArray<float> arrays[] = {{kFirstMoment, first_moment_.data()},
                                      {kSecondMoment, second_moment_.data()}};
  const FileMetadata metadata = load_parameters(path, table_, arrays);
  const auto steps = metadata.find(kSteps);
  const std::string text = steps == metadata.end() ? "" : steps->second;
  if (const auto end = text.data() + text.size();
      std::from_chars(text.data(), end, steps_).ptr != end || text.empty()) {
    throw Error(path.string(), "does not say after how many steps it was saved",
                "it is no optimizer.safetensors of this program");
  }
}

double AdamW::step(const OptimizerConfig& config, float lr, std::span<const float> gradients,
                   float* weights) {
  const double norm = global_norm(gradients);
  if (!std::isfinite(norm)) require_finite(table_, gradients);
  const float clip = config.max_grad_norm > 0
                         ? static_cast<float>(std::min(1.0, config.max_grad_norm / (norm + 1e-6)))
                         : 1.0f;
  ++steps_;
  const double correction1 = 1 - std::pow(static_cast<double>(config.beta1), steps_);
  const double correction2 = 1 - std::pow(static_cast<double>(config.beta2), steps_);
  for (const ParameterInfo& p : table_.all()) {
    const AdamWCoefficients c = {.clip = clip,
                                 .beta1 = config.beta1,
                                 .beta2 = config.beta2,
                                 .keep = 1 - lr * (p.is_matrix() ? config.weight_decay : 0),
                                 .rate = static_cast<float>(lr / correction1),
                                 .root_scale = static_cast<float>(1 / std::sqrt(correction2)),
                                 .eps = config.eps};
    for_each_tile(p.size, [&](int64_t, int64_t first, int64_t last) {
      const int64_t at = p.offset + first;
      optimizer_kernels().adamw(c, gradients.data() + at, last - first, first_moment_.data() + at,
                                second_moment_.data() + at, weights + at);
    });
  }
  return norm;
}

}  // namespace deepscaler
