#include "ops/attention/attention_q8.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "ops/attention/attention_kernel.h"
#include "tensor/dtype.h"

namespace deepscaler {
namespace {

constexpr float kTop = 127;

// One head's keys or values: levels as attention_block.h says, then the scales.
struct Q8Keys {
  Q8Keys(float* data, int64_t width)
      : levels(reinterpret_cast<int8_t*>(data)),
        scales(reinterpret_cast<uint16_t*>(levels + kKeysPerBlock * width)) {}
  int8_t* levels;
  uint16_t* scales;
};

// Scales of keys are [2 panels][d / 32][16 keys], those of values [d / 32][32 keys].
int64_t key_scale(int64_t width, int64_t slot, int64_t run) {
  return (slot / kPanelWidth * (width / kQ8Run) + run) * kPanelWidth + slot % kPanelWidth;
}
int64_t value_scale(int64_t slot, int64_t run) { return run * kKeysPerBlock + slot; }

// To the nearest integer of a magnitude below 2^22, ties to even.
int32_t nearest(float value) {
  return static_cast<int32_t>(std::bit_cast<uint32_t>(value + 0x1.8p23f) & 0x7fffff) - 0x400000;
}

// A run rounded.
uint16_t round_run(const float* x, int8_t* levels) {
  float largest = 0;
  bool finite = true;
  for (int64_t i = 0; i < kQ8Run; ++i) {
    largest = std::max(largest, std::abs(x[i]));
    finite = finite && std::isfinite(x[i]);
  }
  const uint16_t scale = f32_to_f16(finite ? largest / kTop : std::numeric_limits<float>::quiet_NaN());
  const float stored = f16_to_f32(scale), inverse = stored > 0 ? 1 / stored : 0;
  for (int64_t i = 0; i < kQ8Run; ++i) {
    levels[i] = static_cast<int8_t>(nearest(std::clamp(x[i] * inverse, -kTop, kTop)));
  }
  return scale;
}

// Rotates `row` in `rotated`, and puts its levels and scales where they stand.
template <class OffsetOf, class ScaleOf>
void store_row(const float* row, int64_t width, float* rotated, Q8Keys to, const OffsetOf& offset_of,
               const ScaleOf& scale_of) {
  std::copy_n(row, width, rotated);
  rotate_heads(rotated, 1, width);
  for (int64_t run = 0; run < width / kQ8Run; ++run) {
    int8_t levels[kQ8Run];
    to.scales[scale_of(run)] = round_run(rotated + run * kQ8Run, levels);
    for (int64_t i = 0; i < kQ8Run; ++i) to.levels[offset_of(run * kQ8Run + i)] = levels[i];
  }
}

}  // namespace

void rotate_heads(float* x, int64_t heads, int64_t width) {
  const int64_t size = width & -width;
  const float scale = 1.0f / std::sqrt(static_cast<float>(size));
  for (float* run = x; run < x + heads * width; run += size) {
    for (int64_t half = 1; half < size; half *= 2) {
      for (int64_t first = 0; first < size; first += 2 * half) {
        for (int64_t i = first; i < first + half; ++i) {
          const float a = run[i], b = run[i + half];
          run[i] = a + b;
          run[i + half] = a - b;
        }
      }
    }
    for (int64_t i = 0; i < size; ++i) run[i] *= scale;
  }
}

int64_t store_in_q8_block(const AttentionShape& shape, ConstMatrixView keys, ConstMatrixView values,
                          HeadBlock<float> head, int64_t slot) {
  const int64_t width = shape.head_dim, count = std::min(keys.rows, kKeysPerBlock - slot);
  thread_local Buffer<float> rotated;
  rotated.reserve_discarding(width);
  const Q8Keys to_keys(head.keys, width), to_values(head.values, width);
  for (int64_t row = 0; row < count; ++row) {
    const int64_t at = slot + row;
    store_row(
        keys.row(row), width, rotated.data(), to_keys, [&](int64_t i) { return key_offset(width, at, i); },
        [&](int64_t run) { return key_scale(width, at, run); });
    store_row(
        values.row(row), width, rotated.data(), to_values, [&](int64_t i) { return value_offset(at, i); },
        [&](int64_t run) { return value_scale(at, run); });
  }
  return count;
}

void copy_q8_positions(const AttentionShape& shape, HeadBlock<const float> from, int64_t positions,
                       HeadBlock<float> to) {
  const int64_t width = shape.head_dim;
  // What is read is not changed.
  const Q8Keys keys(const_cast<float*>(from.keys), width), values(const_cast<float*>(from.values), width);
  const Q8Keys to_keys(to.keys, width), to_values(to.values, width);
  for (int64_t slot = 0; slot < positions; ++slot) {
    for (int64_t i = 0; i < width; ++i) {
      const int64_t key = key_offset(width, slot, i), value = value_offset(slot, i);
      to_keys.levels[key] = keys.levels[key];
      to_values.levels[value] = values.levels[value];
    }
    for (int64_t run = 0; run < width / kQ8Run; ++run) {
      const int64_t key = key_scale(width, slot, run), value = value_scale(slot, run);
      to_keys.scales[key] = keys.scales[key];
      to_values.scales[value] = values.scales[value];
    }
  }
}

HeadBlock<const float> widened_q8_block(const AttentionShape& shape, HeadBlock<const float> head,
                                        float* memory) {
  const int64_t width = shape.head_dim, floats = kKeysPerBlock * width;
  const AttentionKernels& kernels = attention_kernels();
  const auto levels_of = [](const float* data) { return reinterpret_cast<const int8_t*>(data); };
  const auto scales_of = [&](const float* data) {
    return reinterpret_cast<const uint16_t*>(levels_of(data) + floats);
  };
  kernels.widen_q8_keys(levels_of(head.keys), scales_of(head.keys), width, memory);
  kernels.widen_q8_values(levels_of(head.values), scales_of(head.values), width, memory + floats);
  return {memory, memory + floats};
}

}  // namespace deepscaler
