// The heap memory that a piece of work takes, exactly: all that its thread allocates and frees is counted,
// that of the C libraries below included. For tests only (counted_heap_test.cc replaces malloc); with a
// sanitizer, whose allocator can't be replaced, nothing is counted.
#pragma once

#include <cstdint>

namespace deepscaler {

class CountedHeap {
 public:
  // Counts this thread from here on; only the last one of a thread is valid.
  CountedHeap();
  CountedHeap(const CountedHeap&) = delete;
  CountedHeap& operator=(const CountedHeap&) = delete;

  // The most held at any moment since, beyond what was held at first.
  [[nodiscard]] int64_t peak_bytes() const;
  [[nodiscard]] static bool is_available();
};

// What one check may take.
inline constexpr int64_t kMaxCheckBytes = int64_t{64} << 20;

}  // namespace deepscaler
