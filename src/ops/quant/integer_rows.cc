#include "ops/quant/integer_rows.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/error.h"
#include "base/integer.h"
#include "base/parallel.h"
#include "ops/quant/integer_format.h"

namespace deepscaler {
namespace {

constexpr int kTop = 127;

// The largest magnitude, as bits: a number that is not finite is larger than all others.
uint32_t largest_bits(const float* x) {
  uint32_t largest = 0;
  for (int64_t i = 0; i < kBlockInputs; ++i) {
    largest = std::max(largest, std::bit_cast<uint32_t>(x[i]) & 0x7fffffff);
  }
  return largest;
}

// To the nearest integer of a magnitude below 2^22.
int32_t nearest(float value) {
  return static_cast<int32_t>(std::bit_cast<uint32_t>(value + 0x1.8p23f) & 0x7fffff) - 0x400000;
}

}  // namespace

void IntegerRows::round(ConstMatrixView x) {
  DEEPSCALER_CHECK(x.cols % kBlockInputs == 0, "{} columns", x.cols);
  rows_ = x.rows;
  blocks_ = x.cols / kBlockInputs;
  levels_.reserve_discarding(rows_ * x.cols);
  scales_.reserve_discarding(rows_ * blocks_);
  scaled_sums_.reserve_discarding(rows_ * blocks_);
  sums_.reserve_discarding(2 * rows_ * blocks_);
  // A task is some blocks of one row: one row alone is worth two threads' while only where it is long.
  constexpr int64_t kBlocksOfTask = 128;
  const int64_t tasks = ceil_div(blocks_, kBlocksOfTask);
  parallel_for(rows_ * tasks, [&](int64_t task) {
    const int64_t row = task / tasks, first = task % tasks * kBlocksOfTask;
    for (int64_t b = first; b < std::min(blocks_, first + kBlocksOfTask); ++b) {
      round_block(x.row(row) + b * kBlockInputs, row, b);
    }
  });
}

void IntegerRows::round_block(const float* x, int64_t row, int64_t block) {
  constexpr uint32_t kInfinity = 0x7f800000;
  constexpr float kNothing = 0x1p-100f;  // its inverse is finite
  int8_t* levels = levels_.data() + (row * blocks_ + block) * kBlockInputs;
  const uint32_t bits = largest_bits(x);
  const auto largest = std::bit_cast<float>(bits);
  const bool finite = bits < kInfinity;
  const float inverse = finite && largest > kNothing ? kTop / largest : 0;
  int32_t sums[2] = {};
  for (int64_t i = 0; i < kBlockInputs; ++i) {
    const int32_t level = inverse == 0 ? 0 : nearest(x[i] * inverse);
    levels[i] = static_cast<int8_t>(level);
    sums[i / 16] += level;
  }
  const float scale = !finite ? std::numeric_limits<float>::quiet_NaN() : inverse == 0 ? 0 : largest / kTop;
  scales_[row * blocks_ + block] = scale;
  scaled_sums_[row * blocks_ + block] = scale * static_cast<float>(sums[0] + sums[1]);
  std::copy_n(sums, 2, sums_.data() + 2 * (row * blocks_ + block));
}

}  // namespace deepscaler
