// The row arithmetic of attention, over blocks of 32 keys, per instruction set.
#pragma once

#include <cstdint>

namespace deepscaler {

struct AttentionKernels {
  // One step of the online softmax over a block of keys. scores [32] become exp(score - new maximum),
  // zero from `valid` on; maximum, the lane sums [32] and the output [width] so far are rescaled.
  void (*softmax_step)(float* scores, int64_t valid, float* maximum, float* lane_sums, float* out,
                       int64_t width);
  float (*sum_block)(const float* lane_sums);  // over the 32 lanes, in a fixed tree
  // probabilities [32] = exp(score - log_sum), zero from `valid` on;
  // dscores [32] = probabilities * (dprobabilities - delta), in place of dprobabilities.
  void (*softmax_backward)(const float* scores, int64_t valid, float log_sum, float delta,
                           float* probabilities, float* dprobabilities);
  float (*dot)(const float* a, const float* b, int64_t n);
  void (*multiply)(const float* in, float factor, int64_t n, float* out);
  void (*divide)(const float* in, float divisor, int64_t n, float* out);
  // Keys [2][width][16] and values [width / 16][32][16] of a block in eight bits, times their scales in
  // binary16, as ops/attention/attention_q8.cc lays them out.
  void (*widen_q8_keys)(const int8_t* levels, const uint16_t* scales, int64_t width, float* out);
  void (*widen_q8_values)(const int8_t* levels, const uint16_t* scales, int64_t width, float* out);
};

// The kernels of the instruction set in use (ops/kernel_target.h).
[[nodiscard]] const AttentionKernels& attention_kernels();

}  // namespace deepscaler
