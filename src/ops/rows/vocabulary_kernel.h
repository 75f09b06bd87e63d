// The row arithmetic of the LM head, a softmax over the vocabulary in tiles, per instruction set.
#pragma once

#include <cstdint>

namespace deepscaler {

// Partial sums are taken over tiles of 1024 logits, then added in tile order.
inline constexpr int64_t kVocabularyTile = 1024;

// Each function works on a tile of at most kVocabularyTile logits, with z = logit * inverse_temperature.
struct VocabularyKernels {
  float (*maximum)(const float* logits, int64_t n);
  // The sum of exp(z - maximum), and the sum of exp(z - maximum) * (z - maximum).
  struct TileSums {
    float exponentials;
    float weighted;
  };
  TileSums (*sum_exponentials)(const float* logits, int64_t n, float inverse_temperature, float maximum);
  // logits become scale * (a p + b p log p), with p = exp(z - log_sum).
  struct GradientCoefficients {
    float of_p;
    float of_p_log_p;
  };
  void (*gradient)(float* logits, int64_t n, float inverse_temperature, float log_sum,
                   GradientCoefficients coefficients);
};

// The kernels of the instruction set in use (ops/kernel_target.h).
[[nodiscard]] const VocabularyKernels& vocabulary_kernels();

}  // namespace deepscaler
