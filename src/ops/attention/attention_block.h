// Blocks of keys and values: how the numbers of kKeysPerBlock positions of a sequence stand in memory. Both
// products of attention are register tiles over a block (ops/matmul/tile_kernel.h). Lanes of a block's keys
// are positions, so no score needs a sum over lanes. Lanes of its values are the numbers of a head.
//
// Lanes past the end of a sequence are multiplied by zero, so they must hold finite numbers. Blocks are
// zero-filled when they are handed out.
//
// K key/value heads of d numbers, a multiple of 16.
#pragma once

#include <cstdint>

#include "ops/panels.h"
#include "tensor/matrix.h"

namespace deepscaler {

// Two panels of lanes. The work of a block (maximum, rescaling) is done once per 32 keys, and a sequence
// wastes half a block on average.
inline constexpr int64_t kKeysPerBlock = 32;

// What keys and values are stored as.
enum class KvStore {
  kF32,
  // Factors of products are rounded to bfloat16, keys and values as they are stored, which takes half the
  // memory. Products are exact, and sums are in f32.
  kBf16,
  // Keys and values are rotated and rounded to eight bits as they are stored (ops/attention/attention_q8.h),
  // which takes about a quarter of the memory. Products are in f32. There is no backward pass.
  kQ8_0,
};

struct AttentionShape {
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  KvStore store = KvStore::kF32;

  bool operator==(const AttentionShape&) const = default;
  [[nodiscard]] int64_t queries_per_kv_head() const { return heads / kv_heads; }
  // Floats that one block takes in one layer, keys and values.
  [[nodiscard]] int64_t block_size() const { return kv_heads * head_block_size(); }
  [[nodiscard]] int64_t head_block_size() const {
    switch (store) {
      case KvStore::kF32:
        return 2 * kKeysPerBlock * head_dim;
      case KvStore::kBf16:
        return kKeysPerBlock * head_dim;  // two in a float
      case KvStore::kQ8_0:
        return 2 * kKeysPerBlock * head_dim * 34 / 32 / 4;  // 34 bytes for 32 numbers
    }
    return 0;
  }
};

// One head's keys and values in a block: keys as [2 panels][d][16 keys], values as [d / 16 panels][32
// keys][16]. In bf16 two rows of a panel become one row of pairs (ops/matmul/bf16_kernel.h): keys [2][d /
// 2][16 keys] and values [d / 16][16 pairs of keys][16]. In q8_0 levels of eight bits stand as the numbers do
// in f32, and behind those of the keys, and of the values, their scales. Float is float or const float.
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

// The offset of number i of a position in the keys and in the values, counted in numbers of type T: float, or
// uint16_t for the bits of bf16.
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

// Writes the keys and values [rows, d] of consecutive positions into the block from `slot` on, until the rows
// or the block end. Returns how many positions it wrote.
int64_t store_in_block(const AttentionShape& shape, ConstMatrixView keys, ConstMatrixView values,
                       HeadBlock<float> head, int64_t slot);

// Copies the first `positions` keys and values of one head from one block [block_size()] to another.
void copy_block_positions(const AttentionShape& shape, int64_t kv_head, const float* from, int64_t positions,
                          float* to);

}  // namespace deepscaler
