// The memory of keys and values: a pool of blocks (ops/attention/attention_block.h), the same block numbers
// in every layer. Who owns which block is decided elsewhere (infer/scheduler.h, model/segments.h).
#pragma once

#include <cstdint>
#include <span>

#include "base/integer.h"
#include "ops/attention/attention_block.h"
#include "tensor/buffer.h"

namespace deepscaler {

// The first `keys` positions of block `from` continue in block `to`: how a prompt whose end does not
// fill a block is handed to each of its responses.
struct BlockCopy {
  int32_t from;
  int32_t to;
  int64_t keys;
};

// Blocks that so many positions of a sequence take.
[[nodiscard]] constexpr int64_t blocks_for(int64_t positions) { return ceil_div(positions, kKeysPerBlock); }

// Blocks that a prompt and its samples take, with a copy of the prompt's last one each.
[[nodiscard]] constexpr int64_t blocks_for_group(int64_t prompt, int64_t samples, int64_t new_tokens) {
  return blocks_for(prompt) + samples * (blocks_for(new_tokens) + 1);
}

class KvCache {
 public:
  // Contents::kAny: every block is cleared before its first use.
  KvCache(const AttentionShape& shape, int64_t layers, int64_t blocks, Contents contents = Contents::kZero);

  [[nodiscard]] const AttentionShape& shape() const { return shape_; }
  [[nodiscard]] int64_t blocks() const { return blocks_; }
  // The blocks of a layer. A float holds as many numbers as AttentionShape packs into one.
  [[nodiscard]] float* layer(int64_t i) { return data_.data() + i * blocks_ * shape_.block_size(); }
  [[nodiscard]] const float* layer(int64_t i) const {
    return data_.data() + i * blocks_ * shape_.block_size();
  }

  // Fills blocks with zeros, in every layer: before their first use by a new owner, since lanes past
  // the end of a sequence are multiplied by zero and must be finite.
  void clear(std::span<const int32_t> blocks);

  // Carries out copies in one layer, one after the other.
  void copy(int64_t layer, std::span<const BlockCopy> copies);

  // Bytes that one block takes in all layers.
  [[nodiscard]] static int64_t block_bytes(const AttentionShape& shape, int64_t layers);

 private:
  AttentionShape shape_;
  int64_t layers_;
  int64_t blocks_;
  Buffer<float> data_;
};

}  // namespace deepscaler
