// Threads. Work is cut into tasks whose results do not depend on who computes them, so the number of
// threads never changes a bit of any result.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace deepscaler {

// Sets the number of threads for all later parallel_for calls; 0 means one per core that this process may
// use. Not thread-safe: call it at start-up.
void set_thread_count(int threads);
[[nodiscard]] int thread_count();

// Sets this thread's floating-point mode, which is the same for every thread: round to nearest, denormals
// flushed to zero. Denormals would slow the optimizer's moments a hundredfold.
inline void use_common_float_mode() { _mm_setcsr(0x9fc0); }

// What parallel_for makes of a task of any type: it calls run(task, i). Call parallel_for instead.
using TaskFunction = void (*)(const void* task, int64_t i);
void run_tasks(int64_t count, TaskFunction run, const void* task);

// Calls task(i) for every i in [0, count), in any order, on this thread and on the threads of a pool. Tasks
// must not throw and must write disjoint memory. A call from inside a task, or during another thread's call,
// does all of its tasks on the calling thread.
template <class Task>
void parallel_for(int64_t count, const Task& task) {
  run_tasks(
      count, [](const void* any, int64_t i) { (*static_cast<const Task*>(any))(i); }, &task);
}

}  // namespace deepscaler
