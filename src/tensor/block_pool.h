// Large blocks of memory in huge pages. Pages of a block that is given back are kept, and moved to where the
// next blocks stand, whatever their sizes. Sampling and training take turns in a step, each with gigabytes
// that the other does not need; from the system anew each time, the clearing of their pages was up to a third
// of a step's time.
//
// No page is asked for while one is kept, so the process is never larger than what it used at one time. Any
// thread.
#pragma once

#include <cstddef>

namespace deepscaler {

struct PooledBlock {
  void* data = nullptr;  // aligned to a huge page; null where the system has no memory left
  bool zeroed = false;   // all of it; else it holds what others left
};

// Kept pages go to the first `in_use_bytes` of the block: what is only room to grow takes none.
[[nodiscard]] PooledBlock take_pooled_block(size_t size_bytes, size_t in_use_bytes);
[[nodiscard]] inline PooledBlock take_pooled_block(size_t size_bytes) {
  return take_pooled_block(size_bytes, size_bytes);
}
// What a block of so many bytes takes: whole huge pages.
[[nodiscard]] size_t pooled_block_size(size_t size_bytes);
// Takes back what take_pooled_block gave.
void return_pooled_block(void* data);

}  // namespace deepscaler
