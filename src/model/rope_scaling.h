// How a model's rotary frequencies are changed for contexts beyond the one it was trained on: the kinds of
// `rope_type` in config.json, computed as transformers does (modeling_rope_utils.py).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace deepscaler {

// All frequencies are divided by the factor ("linear").
struct LinearRopeScaling {
  double factor;

  bool operator==(const LinearRopeScaling&) const = default;
};

// Changes frequencies with the length of a text beyond the model's context ("dynamic"). The context ends a
// text here, so they never change.
struct DynamicRopeScaling {
  double factor;

  bool operator==(const DynamicRopeScaling&) const = default;
};

// Slow frequencies are divided, fast ones kept, those between mixed (Llama 3, "llama3").
struct Llama3RopeScaling {
  double factor;
  double low_freq_factor;
  double high_freq_factor;
  int64_t original_context;

  bool operator==(const Llama3RopeScaling&) const = default;
};

// The same by a ramp over the pairs of a head, and cos and sin are multiplied (Peng et al., 2023, "yarn").
struct YarnRopeScaling {
  double factor;
  int64_t original_context;
  double attention_factor;  // what cos and sin are multiplied by
  double beta_fast = 32;    // rotations within the original context from which on a frequency is kept
  double beta_slow = 1;     // and up to which it is divided
  bool truncate = true;     // the ramp begins and ends at whole pairs

  bool operator==(const YarnRopeScaling&) const = default;
};

using RopeScaling =
    std::variant<std::monostate, LinearRopeScaling, DynamicRopeScaling, Llama3RopeScaling, YarnRopeScaling>;

// 0.1 ln(factor) + 1: the attention factor of YaRN where the model does not say.
[[nodiscard]] double yarn_attention_factor(double factor);

// Radians per position of each pair of a head, scaling applied.
[[nodiscard]] std::vector<double> rope_frequencies(double theta, int64_t head_dim,
                                                   const RopeScaling& scaling);

// What cos and sin are multiplied by.
[[nodiscard]] double rope_magnitude(const RopeScaling& scaling);

// Throws Error naming `where` for values out of range.
void check_rope_scaling(const RopeScaling& scaling, const std::string& where);

// "linear scaling by 2", "" without one.
[[nodiscard]] std::string rope_scaling_text(const RopeScaling& scaling);

// As `rope_scaling` in config.json; null without one.
[[nodiscard]] nlohmann::json rope_scaling_json(const RopeScaling& scaling);

}  // namespace deepscaler
