// The memory of the machine and of this process.
#pragma once

#include <cstdint>

namespace deepscaler {

// Bytes that this process can still take: what the machine has left, or what the process's control groups
// (version 1 or 2, and those above) leave, whichever is less.
[[nodiscard]] int64_t available_memory();

// The most memory that this process has held so far, in bytes.
[[nodiscard]] int64_t peak_memory();

}  // namespace deepscaler
