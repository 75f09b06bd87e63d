// Large blocks of memory in huge pages. The pages of a returned block are kept and moved to the next blocks,
// whatever their sizes. Sampling and training take turns in a step, each with gigabytes that the other does
// not need. Taking them from the system each time costs up to a third of a step, since the system clears new
// pages.
//
// No new page is asked for while one is kept, so the process is never larger than its largest use at one
// time. Thread-safe.
#pragma once

#include <cstddef>

namespace deepscaler {

struct PooledBlock {
  void* data = nullptr;  // aligned to a huge page; null where the system has no memory left
  bool zeroed = false;   // the whole block is zero; else it holds what others left
};

// Kept pages go to the first `in_use_bytes` of the block. The rest is room to grow, and takes no kept pages.
[[nodiscard]] PooledBlock take_pooled_block(size_t size_bytes, size_t in_use_bytes);
[[nodiscard]] inline PooledBlock take_pooled_block(size_t size_bytes) {
  return take_pooled_block(size_bytes, size_bytes);
}
// The memory in bytes that a block of `size_bytes` takes: whole huge pages.
[[nodiscard]] size_t pooled_block_size(size_t size_bytes);
// Takes back a block of take_pooled_block().
void return_pooled_block(void* data);

}  // namespace deepscaler
