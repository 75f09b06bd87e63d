#include "model/kv_cache.h"

#include <algorithm>

#include "base/parallel.h"

namespace deepscaler {

KvCache::KvCache(const AttentionShape& shape, int64_t layers, int64_t blocks, Contents contents)
    : shape_(shape),
      layers_(layers),
      blocks_(blocks),
      data_(layers * blocks * shape.block_size(), contents) {}

void KvCache::clear(std::span<const int32_t> blocks) {
  if (blocks.empty()) return;
  parallel_for(layers_, [&](int64_t i) {
    for (int32_t block : blocks) {
      std::fill_n(layer(i) + block * shape_.block_size(), shape_.block_size(), 0.0f);
    }
  });
}

void KvCache::copy(int64_t i, std::span<const BlockCopy> copies) {
  if (copies.empty()) return;
  parallel_for(shape_.kv_heads, [&](int64_t kv_head) {
    for (const BlockCopy& copy : copies) {
      copy_block_positions(shape_, kv_head, layer(i) + copy.from * shape_.block_size(), copy.keys,
                           layer(i) + copy.to * shape_.block_size());
    }
  });
}

int64_t KvCache::block_bytes(const AttentionShape& shape, int64_t layers) {
  return layers * shape.block_size() * static_cast<int64_t>(sizeof(float));
}

}  // namespace deepscaler
