// Large blocks of memory: mapped from the system in huge pages, and kept when they are given back for
// whoever asks next. Sampling and training take turns in a step, each with gigabytes that the other does not
// need; taken from the system anew each time, clearing their pages was a tenth of a step's time.
//
// What is kept never makes the process larger than what was in use at one time made it: what is kept goes
// back to the system first. Any thread.
#pragma once

#include <cstddef>

namespace deepscaler {

struct PooledBlock {
  void* data = nullptr;  // aligned to a huge page; null where the system has no memory left
  bool zeroed = false;   // fresh from the system; else it holds what its last owner left
};

[[nodiscard]] PooledBlock take_pooled_block(size_t size_bytes);
// Takes back what take_pooled_block gave.
void return_pooled_block(void* data);

}  // namespace deepscaler
