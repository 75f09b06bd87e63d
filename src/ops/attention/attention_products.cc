#include "ops/attention/attention_products.h"

#include <algorithm>

#include "ops/kernel_target.h"
#include "ops/matmul/bf16_kernel.h"
#include "ops/matmul/bf16_native.h"
#include "ops/matmul/transpose_kernel.h"

namespace deepscaler {
namespace {

AttentionArithmetic f32_arithmetic() { return {tile_kernels()}; }

AttentionArithmetic paired_arithmetic() {
  const auto narrow = [](const float* in, int64_t n, float* out) {
    bf16_kernels().narrow(in, n, reinterpret_cast<uint16_t*>(out));
  };
  return {native_bf16_tile_kernels(), 2, narrow};
}

// rows [n][depth] and panels [columns / 16][depth][16].
struct Factors {
  const float* rows;
  int64_t n, depth;
  const float* panels;
  int64_t columns;
};

// out [n][columns] (+)= rows times panels.
void multiply(const AttentionArithmetic& arithmetic, const Factors& f, bool accumulate, float* out) {
  const int64_t floats = f.depth / arithmetic.per_float;
  multiply_tiles(arithmetic.tiles,
                 {.a = f.rows,
                  .a_row_stride = floats,
                  .b = f.panels,
                  .b_panel_stride = floats * arithmetic.tiles.step_floats,
                  .c = out,
                  .c_row_stride = f.columns,
                  .c_panel_stride = kPanelWidth,
                  .depth = floats,
                  .accumulate = accumulate},
                 f.n, f.columns / kPanelWidth);
}

}  // namespace

AttentionArithmetic forward_arithmetic(const AttentionShape& shape) {
  if (shape.store != KvStore::kBf16) return f32_arithmetic();
  if (bf16_is_fast()) return paired_arithmetic();
  return {bf16_pair_panel_tile_kernels(), 1, bf16_kernels().round};
}

AttentionArithmetic backward_arithmetic(const AttentionShape& shape) {
  return shape.store == KvStore::kBf16 && bf16_is_fast() ? paired_arithmetic() : f32_arithmetic();
}

void multiply_by_columns(const AttentionArithmetic& arithmetic, int64_t width, const float* queries,
                         int64_t n, const float* panels, float* out) {
  multiply(arithmetic, {queries, n, width, panels, kKeysPerBlock}, false, out);
}

void add_weighted_rows(const AttentionArithmetic& arithmetic, int64_t width, const float* weights, int64_t n,
                       const float* panels, float* out) {
  multiply(arithmetic, {weights, n, kKeysPerBlock, panels, width}, true, out);
}

void panels_of_rows(const AttentionArithmetic& arithmetic, const float* rows, int64_t count, int64_t width,
                    float* panels) {
  const int64_t panel_stride = count / arithmetic.per_float * kPanelWidth;
  for (int64_t i = 0; i < count; i += arithmetic.per_float, rows += arithmetic.per_float * width) {
    float* out = panels + i / arithmetic.per_float * kPanelWidth;
    if (arithmetic.is_paired()) {
      bf16_kernels().pair_rows(rows, rows + width, width, panel_stride, out);
      continue;
    }
    for (int64_t k = 0; k < width; k += kPanelWidth, out += panel_stride) {
      std::copy_n(rows + k, kPanelWidth, out);
    }
  }
}

void add_transposed_product(const AttentionArithmetic& arithmetic, int64_t width, const float* weights,
                            int64_t n, QueryPanels queries, float* memory, float* out) {
  const int64_t depth = n / arithmetic.per_float;
  float* const tiles = memory + n * kKeysPerBlock;
  if (arithmetic.is_paired()) {
    for (int64_t i = 0; i < n; i += 2) {
      const float* row = weights + i * kKeysPerBlock;
      bf16_kernels().pair_rows(row, row + kKeysPerBlock, kKeysPerBlock, kPanelWidth,
                               memory + i / 2 * kKeysPerBlock);
    }
    weights = memory;
  }
  pack_tiles(arithmetic.tiles, weights, kKeysPerBlock, depth, kKeysPerBlock, tiles);
  multiply_packed_tiles(arithmetic.tiles,
                        {.a = tiles,
                         .b = queries.first,
                         .b_panel_stride = queries.stride,
                         .c = out,
                         .c_row_stride = width,
                         .c_panel_stride = kPanelWidth,
                         .depth = depth,
                         .accumulate = true},
                        kKeysPerBlock, width / kPanelWidth);
}

HeadBlock<const float> transposed_block(const AttentionArithmetic& arithmetic, int64_t width,
                                        HeadBlock<const float> head, float* memory) {
  const auto transpose = arithmetic.is_paired() ? bf16_kernels().transpose_pairs : square_transpose();
  float* const values_as_keys = memory;
  float* const keys_as_values = memory + kKeysPerBlock * width;
  for (int64_t slot = 0; slot < kKeysPerBlock; slot += kPanelWidth) {
    for (int64_t i = 0; i < width; i += kPanelWidth) {
      const int64_t key = key_offset(width, slot, i) / arithmetic.per_float;
      const int64_t value = value_offset(slot, i) / arithmetic.per_float;
      transpose(head.keys + key, keys_as_values + value);
      transpose(head.values + value, values_as_keys + key);
    }
  }
  return {values_as_keys, keys_as_values};
}

HeadBlock<const float> backward_block(const AttentionShape& shape, const AttentionArithmetic& arithmetic,
                                      HeadBlock<const float> head, float* memory) {
  if (shape.store != KvStore::kBf16 || arithmetic.is_paired()) return head;
  const int64_t floats = kKeysPerBlock * shape.head_dim;
  bf16_kernels().split_pairs(head.keys, floats / (2 * kPanelWidth), memory);
  bf16_kernels().split_pairs(head.values, floats / (2 * kPanelWidth), memory + floats);
  return {memory, memory + floats};
}

}  // namespace deepscaler
