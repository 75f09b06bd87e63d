#include "ops/matmul/bf16_matmul.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/integer.h"
#include "base/parallel.h"
#include "ops/fetch.h"
#include "ops/kernel_target.h"
#include "ops/matmul/bf16_kernel.h"
#include "ops/matmul/bf16_native.h"
#include "ops/matmul/tile_kernel.h"

namespace deepscaler {
namespace {

// Rows from which on tiles in f32 that widen the weights as they load them take less time than a slow native
// instruction (see bf16_is_fast()).
constexpr int64_t kWideningRows = 32;

bool multiplies_natively(int64_t rows) {
  return bf16_is_native() && (bf16_is_fast() || rows < kWideningRows);
}

// Of so many numbers; the last of an odd number is paired with a zero.
int64_t pairs_of(int64_t count) { return (count + 1) / 2; }

// out [rows][pairs][2]. Rows that are no multiple of 16 long are rounded beside the result.
template <class Rounded>
void round_rows(ConstMatrixView x, void (*round)(const float*, int64_t, Rounded*), Rounded* out) {
  constexpr int64_t kRowsPerTask = 16;
  const int64_t whole = x.cols / kPanelWidth * kPanelWidth, width = 2 * pairs_of(x.cols);
  parallel_for(ceil_div(x.rows, kRowsPerTask), [&](int64_t task) {
    const int64_t end = std::min(x.rows, (task + 1) * kRowsPerTask);
    for (int64_t row = task * kRowsPerTask; row < end; ++row) {
      Rounded* to = out + row * width;
      round(x.row(row), whole, to);
      if (whole == width) continue;
      float padded[kPanelWidth] = {};
      Rounded beside[kPanelWidth];
      std::copy_n(x.row(row) + whole, x.cols - whole, padded);
      round(padded, kPanelWidth, beside);
      std::copy_n(beside, width - whole, to + whole);
    }
  });
}

// Memory of this thread for factors as pairs; valid until the next call.
float* pair_memory(int64_t pairs) {
  thread_local Buffer<float> memory;
  memory.reserve_discarding(pairs);
  return memory.data();
}

// Pairs along the rows of x, [rows][pairs] in memory.
ConstMatrixView pairs_in_rows(ConstMatrixView x, float* memory) {
  round_rows(x, bf16_kernels().narrow, reinterpret_cast<uint16_t*>(memory));
  return {memory, x.rows, pairs_of(x.cols)};
}

// Pairs of the numbers in the rows 2 pair and 2 pair + 1 of x, from column `first` on: 16, and the next 16
// `stride` further. Zeros stand past x's last row and column.
void pair_two_rows(ConstMatrixView x, int64_t pair, int64_t first, int64_t panels, int64_t stride,
                   float* out) {
  const auto pair_rows = bf16_kernels().pair_rows;
  const bool is_alone = 2 * pair + 1 == x.rows;
  const float* low = x.row(2 * pair) + first;
  const float* high = is_alone ? nullptr : low + x.stride;
  const int64_t columns = std::min(panels * kPanelWidth, x.cols - first);
  const int64_t whole = is_alone ? 0 : columns / kPanelWidth;
  pair_rows(low, high, whole * kPanelWidth, stride, out);
  for (int64_t p = whole; p < panels; ++p) {
    const int64_t i = p * kPanelWidth, count = std::min(kPanelWidth, columns - i);
    float padded_low[kPanelWidth] = {}, padded_high[kPanelWidth] = {};
    std::copy_n(low + i, count, padded_low);
    if (!is_alone) std::copy_n(high + i, count, padded_high);
    pair_rows(padded_low, padded_high, kPanelWidth, stride, out + p * stride);
  }
}

// Pairs along the columns of x, [pairs][columns, rounded up to a multiple of 16] in memory.
ConstMatrixView pairs_in_columns(ConstMatrixView x, float* memory) {
  constexpr int64_t kPairsPerTask = 8;
  const int64_t pairs = pairs_of(x.rows), panels = panel_count(x.cols), width = panels * kPanelWidth;
  parallel_for(ceil_div(pairs, kPairsPerTask), [&](int64_t task) {
    const int64_t end = std::min(pairs, (task + 1) * kPairsPerTask);
    for (int64_t pair = task * kPairsPerTask; pair < end; ++pair) {
      pair_two_rows(x, pair, 0, panels, kPanelWidth, memory + pair * width);
    }
  });
  return {memory, pairs, x.cols, width};
}

// The same as panels, as PackPanels wants them.
void pack_columns_in_pairs(ConstMatrixView x, int64_t first_panel, int64_t panels, int64_t first_pair,
                           int64_t pairs, float* out) {
  const int64_t first = first_panel * kPanelWidth;
  for (int64_t pair = first_pair; pair < first_pair + pairs; ++pair, out += kPanelWidth) {
    for (const int64_t row : {2 * pair, 2 * pair + 1}) {
      const float* ahead = x.row(std::min(row + kRowsAhead, x.rows - 1)) + first;
      for (int64_t p = 0; p < panels; ++p) fetch(ahead + p * kPanelWidth);
    }
    pair_two_rows(x, pair, first, panels, packed_panel_stride(pairs), out);
  }
}

using Bf16Projections = Projections<Bf16PanelView, MatrixView>;

// For tiles whose depth counts so many inputs a step.
auto with_depth(const Bf16Projections& projections, int64_t inputs_per_step) {
  return projections.changed([&](const auto& p) {
    const ConstPanelView panels{p.weight.data, p.weight.out, p.weight.in / inputs_per_step};
    return Projection<ConstPanelView, MatrixView>{panels, p.outputs};
  });
}

void multiply_natively(ConstMatrixView x, const Bf16Projections& projections, Accumulate accumulate) {
  const ConstMatrixView x_pairs = pairs_in_rows(x, pair_memory(x.rows * pairs_of(x.cols)));
  multiply_by_panels(native_bf16_tile_kernels(), x_pairs, with_depth(projections, 2), accumulate);
}

// The same sums: as many products a chain, the second of a pair first.
void multiply_widening(ConstMatrixView x, const Bf16Projections& projections, Accumulate accumulate) {
  thread_local Buffer<float> memory;
  memory.reserve_discarding(x.rows * x.cols);
  round_rows(x, bf16_kernels().round, memory.data());
  multiply_by_panels(bf16_pair_panel_tile_kernels(), {memory.data(), x.rows, x.cols},
                     with_depth(projections, 1), accumulate);
}

// Packs panels of W^T in pairs along the outputs, of the inputs from first_in on and the outputs from
// first_out on, both multiples of 16. As of ops/matmul/matmul.cc's panels, the last square may reach past its
// depth.
void pack_transposed_pairs(Bf16PanelView weight, int64_t first_in, int64_t panels, int64_t first_out,
                           int64_t depth, float* out) {
  constexpr int64_t kSquare = kPanelWidth * kPanelWidth / 2;
  const auto transpose_pairs = bf16_kernels().transpose_pairs;
  for (int64_t p = 0; p < panels; ++p) {
    const int64_t in = first_in + p * kPanelWidth, valid = std::min(kPanelWidth, weight.in - in);
    float* to = out + p * packed_panel_stride(depth);
    for (int64_t o = 0; o < 2 * depth; o += kPanelWidth, to += kSquare) {
      const float* square = weight.data + panel_offset(weight.in, first_out + o, in) / 2;
      if (valid == kPanelWidth) {
        transpose_pairs(square, to);
        continue;
      }
      float padded[kSquare] = {};
      std::copy_n(square, valid * kPanelWidth / 2, padded);
      transpose_pairs(padded, to);
    }
  }
}

}  // namespace

int64_t bf16_panel_size(int64_t out, int64_t in) { return panel_size(out, in) / 2; }

void pack_bf16_panels(ConstPanelView weight, float* pairs) {
  DEEPSCALER_CHECK(weight.in % 2 == 0, "{} inputs", weight.in);
  parallel_for(panel_count(weight.out), [&](int64_t panel) {
    const float* from = weight.data + panel * weight.in * kPanelWidth;
    float* to = pairs + panel * weight.in / 2 * kPanelWidth;
    for (int64_t i = 0; i < weight.in; i += 2, from += 2 * kPanelWidth, to += kPanelWidth) {
      bf16_kernels().pair_rows(from, from + kPanelWidth, kPanelWidth, kPanelWidth, to);
    }
  });
}

void matmul_bf16(ConstMatrixView x, Bf16Projections projections, Accumulate accumulate) {
  for (const auto& [weight, y] : projections) {
    DEEPSCALER_CHECK(x.cols == weight.in && weight.in % 2 == 0, "{} by {} inputs", x.cols, weight.in);
    count_product(x.rows, weight.out, weight.in);
  }
  (multiplies_natively(x.rows) ? multiply_natively : multiply_widening)(x, projections, accumulate);
}

void matmul_bf16_dx(Projections<Bf16PanelView, ConstMatrixView> projections, MatrixView dx,
                    Accumulate accumulate) {
  int64_t pairs = 0;
  for (const auto& [weight, dy] : projections) {
    DEEPSCALER_CHECK(bf16_is_native() && dy.cols == weight.out && dx.cols == weight.in && dy.rows == dx.rows);
    count_product(dy.rows, weight.out, weight.in);
    pairs += dy.rows * pairs_of(dy.cols);
  }
  float* memory = pair_memory(pairs);
  const auto terms = projections.changed([&](const auto& projection) {
    const ConstMatrixView dy = pairs_in_rows(projection.outputs, memory);
    memory += dy.rows * dy.cols;
    return PackedTerm{dy, [weight = projection.weight](int64_t first_panel, int64_t panels,
                                                       int64_t first_pair, int64_t depth, float* out) {
                        pack_transposed_pairs(weight, first_panel * kPanelWidth, panels, 2 * first_pair,
                                              depth, out);
                      }};
  });
  multiply_packing(native_bf16_tile_kernels(), terms, dx, accumulate);
}

void matmul_bf16_dw(GradientProjections projections, ConstMatrixView x) {
  const auto packing = projections.changed([&](const auto& projection) {
    const auto& [gradient, dy] = projection;
    DEEPSCALER_CHECK(bf16_is_native() && dy.cols == gradient.out && dy.rows == x.rows);
    count_product(x.rows, gradient.out, gradient.in);
    return Projection<PanelView, PackPanels>{
        gradient,
        [dy = dy](int64_t first_panel, int64_t panels, int64_t first_pair, int64_t pairs, float* out) {
          pack_columns_in_pairs(dy, first_panel, panels, first_pair, pairs, out);
        }};
  });
  float* memory = pair_memory(pairs_of(x.rows) * panel_count(x.cols) * kPanelWidth);
  add_outer_products(native_bf16_tile_kernels(), packing, pairs_in_columns(x, memory));
}

}  // namespace deepscaler
