// Threads. Work is cut into tasks whose results do not depend on who computes them, so the number of
// threads never changes a bit of any result.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace deepscaler {

// Sets the number of threads for all later parallel_for calls; 0 means one per available core.
// Not thread-safe: call it at start-up.
void set_thread_count(int threads);
[[nodiscard]] int thread_count();

// The same floating-point mode on every thread: round to nearest, denormals flushed to zero (they
// would slow the optimizer's moments a hundredfold, and every thread must treat them alike).
inline void use_common_float_mode() { _mm_setcsr(0x9fc0); }

// Calls task(i) for every i in [0, count), in any order and on any thread. Tasks must not throw and
// must write disjoint memory. Must not be nested.
template <class Task>
void parallel_for(int64_t count, const Task& task) {
#pragma omp parallel num_threads(thread_count()) if (count > 1)
  {
    use_common_float_mode();
#pragma omp for schedule(dynamic, 1)
    for (int64_t i = 0; i < count; ++i) task(i);
  }
}

}  // namespace deepscaler
