// Blocks of keys and values: where the numbers of kKeysPerBlock positions of a sequence stand, so that both
// products of attention are register tiles (ops/matmul/tile_kernel.h). Lanes of a block's keys are positions,
// so that no score needs a sum over lanes; lanes of its values are the numbers of a head.
//
// Lanes past the end of a sequence are multiplied by zero, so blocks must hold finite numbers there: they are
// zero-filled when handed out.
//
// K key/value heads of d numbers, a multiple of 16.
#pragma once

#include <cstdint>

#include "ops/panels.h"
#include "tensor/matrix.h"

namespace deepscaler {

// Two panels of lanes: a block's overhead (maximum, rescaling) is paid once per 32 keys, and half a
// block is what a sequence wastes on average.
inline constexpr int64_t kKeysPerBlock = 32;

struct AttentionShape {
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  // All factors are rounded to bfloat16 where products need them, keys and values as they are stored: half of
  // the memory, and half to read. Products are exact, and sums in f32.
  bool bf16 = false;

  bool operator==(const AttentionShape&) const = default;
  [[nodiscard]] int64_t queries_per_kv_head() const { return heads / kv_heads; }
  // Floats that one block takes in one layer, keys and values; two bf16 stand in one.
  [[nodiscard]] int64_t block_size() const { return kv_heads * head_block_size(); }
  [[nodiscard]] int64_t head_block_size() const { return 2 * kKeysPerBlock * head_dim / (bf16 ? 2 : 1); }
};

// One head's keys and values in a block: keys as [2 panels][d][16 keys], values as [d / 16 panels][32
// keys][16]. In bf16 each two rows of a panel are one, of pairs (ops/matmul/bf16_kernel.h): [2][d / 2][16
// keys] and [d / 16][16 pairs of keys][16]. Float is float or const float.
template <class Float>
struct HeadBlock {
  Float* keys;
  Float* values;
};

// `pool` is one layer's blocks, [blocks][block_size()].
template <class Float>
HeadBlock<Float> head_block(const AttentionShape& shape, Float* pool, int64_t block, int64_t kv_head) {
  Float* const keys = pool + block * shape.block_size() + kv_head * shape.head_block_size();
  return {keys, keys + shape.head_block_size() / 2};
}

// Where number i of a position stands among the keys and the values, in numbers; where T is uint16_t, those
// are the bits of bf16.
template <class T = float>
int64_t key_offset(int64_t head_dim, int64_t slot, int64_t i) {
  constexpr int64_t kRows = sizeof(float) / sizeof(T);
  return ((slot / kPanelWidth * head_dim + i) / kRows * kPanelWidth + slot % kPanelWidth) * kRows + i % kRows;
}
template <class T = float>
int64_t value_offset(int64_t slot, int64_t i) {
  constexpr int64_t kRows = sizeof(float) / sizeof(T);
  return ((i / kPanelWidth * kKeysPerBlock + slot) / kRows * kPanelWidth + i % kPanelWidth) * kRows +
         slot % kRows;
}

// Writes the keys and values [rows, d] of consecutive positions, from `slot` on, until they or the block end,
// and returns how many that were.
int64_t store_in_block(const AttentionShape& shape, ConstMatrixView keys, ConstMatrixView values,
                       HeadBlock<float> head, int64_t slot);

// Copies the first `positions` keys and values of one head from one block [block_size()] to another.
void copy_block_positions(const AttentionShape& shape, int64_t kv_head, const float* from, int64_t positions,
                          float* to);

}  // namespace deepscaler
