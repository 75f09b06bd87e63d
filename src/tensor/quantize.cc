#include "tensor/quantize.h"

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/parallel.h"
#include "tensor/block_fit.h"

namespace deepscaler {
namespace {

static_assert(std::endian::native == std::endian::little);

using Values = std::span<const float>;

template <typename T>
void store(uint8_t* bytes, T value) {
  std::memcpy(bytes, &value, sizeof value);
}
void store_f16(uint8_t* bytes, float value) { store(bytes, f32_to_f16(value)); }

// One row; `importance` is empty or has a weight for each number.
using EncodeRow = void (*)(Values row, Values importance, uint8_t* out);

// --- Formats of 32: a scale, in some a minimum, and levels of 4, 5 or 8 bits.

constexpr size_t kBlock = 32;

// Low nibbles are the first half of a block, high nibbles the second.
void pack_nibbles(const uint8_t* levels, uint8_t* nibbles) {
  for (size_t j = 0; j < 16; ++j) {
    nibbles[j] = static_cast<uint8_t>((levels[j] & 15) | (levels[j + 16] & 15) << 4);
  }
}

void pack_fifth_bits(const uint8_t* levels, uint8_t* word) {
  uint32_t bits = 0;
  for (size_t j = 0; j < kBlock; ++j) bits |= static_cast<uint32_t>(levels[j] >> 4 & 1) << j;
  store(word, bits);
}

// The levels behind the scales; those of 5 bits have the word of fifth bits first.
template <int kBits>
void pack_levels(const uint8_t* levels, uint8_t* out) {
  if constexpr (kBits == 5) {
    pack_fifth_bits(levels, out);
    out += 4;
  }
  pack_nibbles(levels, out);
}

// Rounded towards zero, the lowest eight bits of that; defined for all floats.
int8_t truncated(float value) { return static_cast<int8_t>(_mm_cvttss_si32(_mm_set_ss(value))); }

float inverse_of(float scale) { return scale != 0 ? 1 / scale : 0; }

// How much an error counts in each column of a block: more where the number itself is large.
void column_weights(Values x, Values importance, float mean_square, float* weights) {
  for (size_t j = 0; j < x.size(); ++j) weights[j] = importance[j] * std::sqrt(mean_square + x[j] * x[j]);
}

float sum_of_squares(Values x) {
  float sum = 0;
  for (const float v : x) sum += v * v;
  return sum;
}

// Q4_0 and Q5_0: d (level - 2^(bits - 1)). The number of the largest magnitude, with its sign, gets level 0.
template <int kBits>
void encode_signed(Values row, Values importance, uint8_t* out) {
  constexpr int kBound = 1 << (kBits - 1);
  constexpr size_t kBytes = kBits == 4 ? 18 : 22;
  const float mean_square = sum_of_squares(row) / static_cast<float>(row.size());
  for (size_t at = 0; at < row.size(); at += kBlock, out += kBytes) {
    const Values x = row.subspan(at, kBlock);
    uint8_t levels[kBlock];
    float d;
    if (!importance.empty()) {
      float weights[kBlock];
      column_weights(x, importance.subspan(at, kBlock), mean_square, weights);
      d = fit_signed(x, weights, kBound, levels);
    } else {
      d = largest_magnitude(x) / -kBound;
      const float inverse = inverse_of(d);
      for (size_t j = 0; j < kBlock; ++j) {
        const int level = truncated(x[j] * inverse + (kBound + 0.5f));
        levels[j] = static_cast<uint8_t>(std::min(2 * kBound - 1, level));
      }
    }
    store_f16(out, d);
    pack_levels<kBits>(levels, out + 2);
  }
}

// The search of all fits of a line that know the importance of columns.
constexpr LineSearch weighted_search(int top) {
  return {.top = top, .first = -0.9f, .step = 0.05f, .steps = 36};
}

// Q4_1 and Q5_1: d level + m.
template <int kBits>
void encode_line(Values row, Values importance, uint8_t* out) {
  constexpr int kTop = (1 << kBits) - 1;
  constexpr size_t kBytes = kBits == 4 ? 20 : 24;
  const float mean_square = sum_of_squares(row) / static_cast<float>(row.size());
  for (size_t at = 0; at < row.size(); at += kBlock, out += kBytes) {
    const Values x = row.subspan(at, kBlock);
    uint8_t levels[kBlock];
    float d, m;
    if (!importance.empty()) {
      float weights[kBlock];
      column_weights(x, importance.subspan(at, kBlock), mean_square, weights);
      const Line line = fit_line(x, weights, weighted_search(kTop), levels);
      d = line.scale;
      m = -line.minus;
    } else {
      const auto [min, max] = std::ranges::minmax(x);
      d = (max - min) / kTop;
      m = min;
      const float inverse = inverse_of(d);
      for (size_t j = 0; j < kBlock; ++j) {
        const int level = truncated((x[j] - min) * inverse + 0.5f);
        levels[j] = static_cast<uint8_t>(std::min(kTop, level));
      }
    }
    store_f16(out, d);
    store_f16(out + 2, m);
    pack_levels<kBits>(levels, out + 4);
  }
}

void encode_q8_0(Values row, Values /*importance*/, uint8_t* out) {
  for (size_t at = 0; at < row.size(); at += kBlock, out += 34) {
    const Values x = row.subspan(at, kBlock);
    float largest = 0;
    for (const float v : x) largest = std::max(largest, std::abs(v));
    const float d = largest / 127;
    const float inverse = inverse_of(d);
    store_f16(out, d);
    for (size_t j = 0; j < kBlock; ++j) {
      out[2 + j] = static_cast<uint8_t>(truncated(std::round(x[j] * inverse)));
    }
  }
}

// --- Formats of 256: runs with small integers for scales, which share one or two scales of binary16.

constexpr size_t kSuperBlock = 256;

// Q4_K and Q5_K: eight runs of 32, d scale level - dmin minus.
constexpr size_t kRuns = 8;
constexpr int kTopScale = 63;  // scales and minima have 6 bits

struct RunScales {
  float d, dmin;          // before rounding to binary16
  uint8_t scales[kRuns];  // 0 ... 63
  uint8_t minima[kRuns];
};

// 0 ... 63; the reference keeps eight bits of the nearest integer.
uint8_t six_bits(float value) {
  return std::min(static_cast<uint8_t>(kTopScale), static_cast<uint8_t>(nearest_level(value)));
}

// Without an importance: each run is fitted with weights that grow with its numbers, and the largest of the
// scales and minima become 63.
RunScales fit_runs(Values x, const LineSearch& search, uint8_t* levels) {
  float scales[kRuns], minima[kRuns];
  float top_scale = 0, top_min = 0;
  for (size_t run = 0; run < kRuns; ++run) {
    const Values part = x.subspan(kBlock * run, kBlock);
    const float root_mean_square = std::sqrt(sum_of_squares(part) / kBlock);
    float weights[kBlock];
    for (size_t j = 0; j < kBlock; ++j) weights[j] = root_mean_square + std::abs(part[j]);
    const Line line = fit_line(part, weights, search, levels + kBlock * run);
    scales[run] = line.scale;
    minima[run] = line.minus;
    top_scale = std::max(top_scale, line.scale);
    top_min = std::max(top_min, line.minus);
  }
  const float to_scale = top_scale > 0 ? kTopScale / top_scale : 0;
  const float to_min = top_min > 0 ? kTopScale / top_min : 0;
  RunScales result{top_scale / kTopScale, top_min / kTopScale, {}, {}};
  for (size_t run = 0; run < kRuns; ++run) {
    result.scales[run] = six_bits(to_scale * scales[run]);
    result.minima[run] = six_bits(to_min * minima[run]);
  }
  return result;
}

// With one: the runs, then their scales and minima, are fitted with what the columns weigh.
RunScales fit_runs_weighted(Values x, Values importance, const LineSearch& search, uint8_t* levels) {
  const float mean_square = 2 * sum_of_squares(x) / kSuperBlock;
  float scales[kRuns], minima[kRuns], run_weights[kRuns];
  for (size_t run = 0; run < kRuns; ++run) {
    const Values part = x.subspan(kBlock * run, kBlock);
    float weights[kBlock];
    column_weights(part, importance.subspan(kBlock * run, kBlock), mean_square, weights);
    run_weights[run] = 0;
    for (const float w : weights) run_weights[run] += w;
    const Line line = fit_line(part, weights, search, levels + kBlock * run);
    scales[run] = line.scale;
    minima[run] = line.minus;
  }
  RunScales result{};
  result.d = fit_positive(scales, run_weights, kTopScale, result.scales);
  result.dmin = fit_positive(minima, run_weights, kTopScale, result.minima);
  return result;
}

// Six bits each of eight scales and minima: the upper bits of the last four stand above the first four.
void pack_scales(const RunScales& runs, uint8_t* packed) {
  std::fill_n(packed, 12, uint8_t{0});
  for (size_t j = 0; j < 4; ++j) {
    const uint8_t high_scale = runs.scales[j + 4], high_min = runs.minima[j + 4];
    packed[j] = static_cast<uint8_t>(runs.scales[j] | (high_scale >> 4) << 6);
    packed[j + 4] = static_cast<uint8_t>(runs.minima[j] | (high_min >> 4) << 6);
    packed[j + 8] = static_cast<uint8_t>((high_scale & 15) | (high_min & 15) << 4);
  }
}

// The levels again, with the scales as they are stored. A run without a scale keeps those of its fit.
void set_levels(Values x, const RunScales& runs, int top, uint8_t* levels) {
  const float d = f16_to_f32(f32_to_f16(runs.d)), dmin = f16_to_f32(f32_to_f16(runs.dmin));
  for (size_t run = 0; run < kRuns; ++run) {
    const float scale = d * static_cast<float>(runs.scales[run]);
    if (scale == 0) continue;
    const float minus = dmin * static_cast<float>(runs.minima[run]);
    for (size_t j = kBlock * run; j < kBlock * (run + 1); ++j) {
      levels[j] = static_cast<uint8_t>(std::clamp(nearest_level((x[j] + minus) / scale), 0, top));
    }
  }
}

// Pairs of runs share bytes: the even one has the low nibbles.
void pack_run_nibbles(const uint8_t* levels, uint8_t* nibbles) {
  for (size_t pair = 0; pair < kRuns / 2; ++pair) {
    const uint8_t* even = levels + 2 * kBlock * pair;
    for (size_t l = 0; l < kBlock; ++l) {
      *nibbles++ = static_cast<uint8_t>((even[l] & 15) | (even[l + kBlock] & 15) << 4);
    }
  }
}

template <int kBits>
void encode_runs(Values row, Values importance, uint8_t* out) {
  constexpr int kTop = (1 << kBits) - 1;
  constexpr size_t kBytes = kBits == 4 ? 144 : 176;
  constexpr LineSearch kSearch = kBits == 4
                                     ? LineSearch{.top = kTop, .first = -1, .step = 0.1f, .steps = 20}
                                     : LineSearch{.top = kTop, .first = -0.5f, .step = 0.1f, .steps = 15};
  for (size_t at = 0; at < row.size(); at += kSuperBlock, out += kBytes) {
    const Values x = row.subspan(at, kSuperBlock);
    uint8_t levels[kSuperBlock];
    const RunScales runs = importance.empty() ? fit_runs(x, kSearch, levels)
                                              : fit_runs_weighted(x, importance.subspan(at, kSuperBlock),
                                                                  weighted_search(kTop), levels);
    set_levels(x, runs, kTop, levels);
    store_f16(out, runs.d);
    store_f16(out + 2, runs.dmin);
    pack_scales(runs, out + 4);
    uint8_t* nibbles = out + 16;
    if constexpr (kBits == 5) {
      for (size_t l = 0; l < kBlock; ++l) {
        uint8_t bits = 0;
        for (size_t run = 0; run < kRuns; ++run)
          bits |= static_cast<uint8_t>((levels[kBlock * run + l] >> 4) << run);
        out[16 + l] = bits;
      }
      nibbles += kBlock;
    }
    pack_run_nibbles(levels, nibbles);
  }
}

// Q6_K: sixteen runs of 16, d scale (level - 32) with signed scales of eight bits.
constexpr size_t kSmallRun = 16;
constexpr int kMiddle = 32;

// Halves of 128: nibbles of runs of 32 in pairs (0, 2) and (1, 3), then two bits of all four.
void pack_six_bits(const uint8_t* levels, uint8_t* low, uint8_t* high) {
  for (size_t half = 0; half < 2; ++half, levels += 128, low += 64, high += 32) {
    for (size_t l = 0; l < 32; ++l) {
      const uint8_t q[4] = {levels[l], levels[l + 32], levels[l + 64], levels[l + 96]};
      low[l] = static_cast<uint8_t>((q[0] & 15) | (q[2] & 15) << 4);
      low[l + 32] = static_cast<uint8_t>((q[1] & 15) | (q[3] & 15) << 4);
      high[l] = static_cast<uint8_t>(q[0] >> 4 | (q[1] >> 4) << 2 | (q[2] >> 4) << 4 | (q[3] >> 4) << 6);
    }
  }
}

void encode_q6_k(Values row, Values importance, uint8_t* out) {
  for (size_t at = 0; at < row.size(); at += kSuperBlock, out += 210) {
    const Values x = row.subspan(at, kSuperBlock);
    uint8_t levels[kSuperBlock];
    float scales[kSuperBlock / kSmallRun];
    for (size_t run = 0; run < std::size(scales); ++run) {
      const Values part = x.subspan(kSmallRun * run, kSmallRun);
      float weights[kSmallRun];
      for (size_t j = 0; j < kSmallRun; ++j) {
        weights[j] = importance.empty() ? part[j] * part[j] : importance[at + kSmallRun * run + j];
      }
      scales[run] = fit_signed(part, weights, kMiddle, levels + kSmallRun * run);
    }
    const float largest = largest_magnitude(scales);
    if (std::abs(largest) < 1e-15f) {
      std::fill_n(out, 210, uint8_t{0});
      continue;
    }
    const float inverse = -128 / largest;
    const uint16_t d = f32_to_f16(1 / inverse);
    for (size_t run = 0; run < std::size(scales); ++run) {
      const auto scale = static_cast<int8_t>(std::min(127, nearest_level(inverse * scales[run])));
      out[192 + run] = static_cast<uint8_t>(scale);
      const float step = f16_to_f32(d) * static_cast<float>(scale);
      if (step == 0) continue;  // the levels of the fit stay
      for (size_t j = kSmallRun * run; j < kSmallRun * (run + 1); ++j) {
        const int level = std::clamp(nearest_level(x[j] / step), -kMiddle, kMiddle - 1);
        levels[j] = static_cast<uint8_t>(level + kMiddle);
      }
    }
    pack_six_bits(levels, out, out + 128);
    store(out + 208, d);
  }
}

// --- Plain formats.

void encode_f32(Values row, Values /*importance*/, uint8_t* out) {
  std::memcpy(out, row.data(), row.size_bytes());
}
template <uint16_t (*kConvert)(float)>
void encode_halves(Values row, Values /*importance*/, uint8_t* out) {
  for (size_t i = 0; i < row.size(); ++i) store(out + 2 * i, kConvert(row[i]));
}

struct Encoder {
  DType dtype;
  EncodeRow encode;
  bool uses_importance;
  std::vector<size_t> halves;  // where a block has numbers of binary16
};

const Encoder& encoder_of(DType dtype) {
  static const std::vector<Encoder> kEncoders = {
      {DType::kF32, encode_f32, false, {}},
      {DType::kF16, encode_halves<f32_to_f16>, false, {0}},
      {DType::kBF16, encode_halves<f32_to_bf16>, false, {}},
      {DType::kQ4_0, encode_signed<4>, true, {0}},
      {DType::kQ4_1, encode_line<4>, true, {0, 2}},
      {DType::kQ5_0, encode_signed<5>, true, {0}},
      {DType::kQ5_1, encode_line<5>, true, {0, 2}},
      {DType::kQ8_0, encode_q8_0, false, {0}},
      {DType::kQ4_K, encode_runs<4>, true, {0, 2}},
      {DType::kQ5_K, encode_runs<5>, true, {0, 2}},
      {DType::kQ6_K, encode_q6_k, true, {208}},
  };
  const auto found = std::ranges::find(kEncoders, dtype, &Encoder::dtype);
  DEEPSCALER_CHECK(found != kEncoders.end(), "no encoder for {}", dtype_name(dtype));
  return *found;
}

bool has_infinite_scale(const Encoder& encoder, std::span<const uint8_t> blocks) {
  const auto stride = static_cast<size_t>(block_bytes(encoder.dtype));
  for (const size_t at : encoder.halves) {
    for (size_t block = 0; block < blocks.size(); block += stride) {
      uint16_t half;
      std::memcpy(&half, &blocks[block + at], sizeof half);
      if ((half & 0x7c00) == 0x7c00) return true;
    }
  }
  return false;
}

// Numbers below 2^-126 count in the reference; the rest of this program takes them for zero
// (base/parallel.h).
class DenormalsKept {
 public:
  DenormalsKept() { _mm_setcsr(mode_ & ~0x8040u); }
  DenormalsKept(const DenormalsKept&) = delete;
  DenormalsKept& operator=(const DenormalsKept&) = delete;
  ~DenormalsKept() { _mm_setcsr(mode_); }

 private:
  unsigned mode_ = _mm_getcsr();
};

}  // namespace

bool uses_importance(DType dtype) { return encoder_of(dtype).uses_importance; }

std::optional<int64_t> quantize(DType dtype, ConstMatrixView rows, std::span<const float> importance,
                                std::span<std::byte> bytes) {
  const auto row_bytes = storage_bytes(dtype, rows.cols);
  DEEPSCALER_CHECK(row_bytes && *row_bytes * rows.rows == std::ssize(bytes), "{} bytes for {} x {} of {}",
                   bytes.size(), rows.rows, rows.cols, dtype_name(dtype));
  DEEPSCALER_CHECK(importance.empty() || std::ssize(importance) == rows.cols);
  const Encoder& encoder = encoder_of(dtype);
  auto* out = reinterpret_cast<uint8_t*>(bytes.data());
  std::vector<uint8_t> infinite(static_cast<size_t>(rows.rows));
  parallel_for(rows.rows, [&](int64_t r) {
    const DenormalsKept mode;
    const std::span<uint8_t> row(out + r * *row_bytes, static_cast<size_t>(*row_bytes));
    encoder.encode({rows.row(r), static_cast<size_t>(rows.cols)}, importance, row.data());
    infinite[static_cast<size_t>(r)] = has_infinite_scale(encoder, row);
  });
  const auto first = std::ranges::find(infinite, uint8_t{1});
  if (first == infinite.end()) return std::nullopt;
  return first - infinite.begin();
}

}  // namespace deepscaler
