#include "train/optimizers/adamw.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "train/optimizers/optimizer_tiles.h"
#include "train/optimizers/parameter_file.h"

namespace deepscaler {
namespace {

constexpr const char* kFirstMoment = "first_moment";
constexpr const char* kSecondMoment = "second_moment";
constexpr const char* kSteps = "steps";

}  // namespace

std::unique_ptr<Optimizer> make_adamw(const ParameterTable& table) { return std::make_unique<AdamW>(table); }

int64_t adamw_memory(const ParameterTable& table) {
  return 2 * table.trainable_size() * static_cast<int64_t>(sizeof(float));
}

AdamW::AdamW(const ParameterTable& table)
    : table_(table), first_moment_(table.trainable_size()), second_moment_(table.trainable_size()) {}

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

AdamWCoefficients adamw_coefficients(const OptimizerConfig& config, float lr, float clip, int64_t step,
                                     const ParameterInfo& parameter) {
  const double correction1 = 1 - std::pow(static_cast<double>(config.beta1), step);
  const double correction2 = 1 - std::pow(static_cast<double>(config.beta2), step);
  return {.clip = clip,
          .beta1 = config.beta1,
          .beta2 = config.beta2,
          .keep = 1 - lr * (parameter.is_matrix() ? config.weight_decay : 0),
          .rate = static_cast<float>(lr / correction1),
          .root_scale = static_cast<float>(1 / std::sqrt(correction2)),
          .eps = config.eps};
}

double AdamW::step(const OptimizerConfig& config, float lr, std::span<const float> gradients,
                   float* weights) {
  const double norm = checked_norm(table_, gradients);
  const float clip = clip_factor(config, norm);
  ++steps_;
  for (const ParameterInfo& p : table_.trainable()) {
    const AdamWCoefficients c = adamw_coefficients(config, lr, clip, steps_, p);
    for_each_tile(p.size, [&](int64_t, int64_t first, int64_t last) {
      const int64_t at = p.offset + first;
      optimizer_kernels().adamw(c, gradients.data() + at, last - first, first_moment_.data() + at,
                                second_moment_.data() + at, weights + at);
    });
  }
  return norm;
}

}  // namespace deepscaler
