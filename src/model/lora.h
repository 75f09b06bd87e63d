// Low-rank adapters, LoRA (Hu et al., 2021): beside a frozen matrix W stand two small ones that are trained,
//
//   y = x W^T + s (x A^T) B^T      A [r, I], B [O, r], s = alpha / r or, for rsLoRA (Kalajdzievski, 2023),
//                                  alpha / sqrt(r)
//
// W belongs to another model, the base, which stays as it is and may be shared: in f32, bf16 or quantized
// blocks. A and B are trainable parameters of the adapted model's table, named as PEFT names them. They and
// their products are f32, whatever the base computes in: a step of training is far smaller than bf16 can
// tell.
//
// Generation, scoring and training all compute this form, so their log-probabilities have equal bits.
// W + s B A is made only where a model is exported.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/weights.h"

namespace deepscaler {

class ConfigSection;
class Model;

// How A begins; B begins at zero, so an adapter begins as no change.
enum class LoraInit {
  kUniform,   // within 1 / sqrt(I), as PEFT does unless told otherwise
  kGaussian,  // with standard deviation 1 / r
};

struct LoraConfig {
  int64_t rank = 0;  // 0: no adapter
  float alpha = 32;
  bool rslora = false;
  LoraInit init = LoraInit::kUniform;
  // Matrices that are adapted, in every layer.
  std::vector<std::string> targets = {"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                      "gate_proj", "up_proj", "down_proj"};

  [[nodiscard]] float scale() const;
};

void bind(ConfigSection& section, LoraConfig& config);

// Every name that may be a target.
[[nodiscard]] const std::vector<std::string>& lora_targets();

// The table of a model that adapts one with the table `base`.
[[nodiscard]] ParameterTable adapted_table(const ParameterTable& base, const LoraConfig& config);

// Fills in an adapter as it begins: equal for equal seeds. `values` are laid out by an adapted_table().
void begin_adapter(const ParameterTable& table, const LoraConfig& config, uint64_t seed, float* values);

// The base's matrices with those of the adapter beside them. All must outlive the form.
[[nodiscard]] std::unique_ptr<WeightForm> make_lora_form(const Model& base, const ParameterTable& table,
                                                         const float* values, const LoraConfig& config);

}  // namespace deepscaler
