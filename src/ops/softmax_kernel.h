// The row arithmetic of attention (blocks of keys) and of the LM head (the vocabulary), per
// instruction set.
#pragma once

#include <cstdint>

namespace deepscaler {

// A tile of the vocabulary: partial sums are taken over 1024 logits, then added in tile order.
inline constexpr int64_t kVocabularyTile = 1024;

struct SoftmaxKernels {
  // One step of the online softmax over a block of keys. scores [32] become exp(score - new maximum),
  // zero from `valid` on; maximum, the lane sums [32] and the output [width] so far are rescaled.
  void (*attention_step)(float* scores, int64_t valid, float* maximum, float* lane_sums, float* out,
                         int64_t width);
  float (*sum_block)(const float* lane_sums);  // over the 32 lanes, in a fixed tree
  // probabilities [32] = exp(score - log_sum), zero from `valid` on;
  // dscores [32] = probabilities * (dprobabilities - delta), in place of dprobabilities.
  void (*attention_backward_row)(const float* scores, int64_t valid, float log_sum, float delta,
                                 float* probabilities, float* dprobabilities);
  float (*dot)(const float* a, const float* b, int64_t n);
  void (*multiply)(const float* in, float factor, int64_t n, float* out);
  void (*divide)(const float* in, float divisor, int64_t n, float* out);

  // Over a tile of at most kVocabularyTile logits, with z = logit * inverse_temperature.
  float (*maximum)(const float* logits, int64_t n);
  // Sum of exp(z - maximum), and of the same times (z - maximum).
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

[[nodiscard]] const SoftmaxKernels& softmax_kernels();

}  // namespace deepscaler
