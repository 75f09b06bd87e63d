#include "base/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <system_error>
#include <thread>
#include <vector>

#include "base/error.h"

namespace deepscaler {
namespace {

int configured_threads = 0;

int cores_of_process() {
  cpu_set_t cores;  // it has room for 1024
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) return CPU_COUNT(&cores);
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

// Waits for a short while in ways that answer soon: by looking again and again, then by letting others have
// the core in between.
class ShortWait {
 public:
  // False once the wait was long enough to sleep.
  bool again() {
    using namespace std::chrono_literals;
    if (++looks_ < kPauses) {
      _mm_pause();
      return true;
    }
    if (looks_ == kPauses) begin_ = std::chrono::steady_clock::now();
    sched_yield();
    return std::chrono::steady_clock::now() - begin_ < 500us;
  }

 private:
  static constexpr int kPauses = 500;  // 10 to 30 microseconds
  int looks_ = 0;
  std::chrono::steady_clock::time_point begin_;
};

// Threads that help the caller with one job at a time. A job is open while it has tasks left, and only then
// a helper comes in; so one that wakes up late, or has no core, keeps nobody waiting.
class ThreadPool {
 public:
  ~ThreadPool() { stop(); }

  void run(int helpers, int64_t count, TaskFunction run, const void* task) {
    if (static_cast<size_t>(helpers) != helpers_.size()) start(helpers);
    job_ = {count, run, task};
    next_.store(0, std::memory_order_relaxed);
    open_job();
    do_tasks();
    state_.fetch_and(~kOpen);
    wait_for_helpers();
  }

 private:
  struct Job {
    int64_t count;
    TaskFunction run;
    const void* task;
  };

  // The state: how many helpers are inside, whether the job is open, and the job's number.
  static constexpr uint32_t kInside = (1u << 15) - 1;
  static constexpr uint32_t kOpen = 1u << 15;
  static constexpr uint32_t kOneJob = 1u << 16;
  static uint32_t number(uint32_t state) { return state / kOneJob; }

  void start(int helpers) {
    stop();
    stopping_ = false;
    try {
      for (int i = 0; i < helpers; ++i) helpers_.emplace_back([this] { help(); });
    } catch (const std::system_error& error) {
      stop();
      throw Error("--threads", fmt::format("can't start {} threads: {}", helpers + 1, error.code().message()),
                  "give a smaller number");
    }
  }

  void stop() {
    stopping_ = true;
    open_job();  // wakes those asleep
    for (std::thread& helper : helpers_) helper.join();
    helpers_.clear();
    state_.fetch_and(~kOpen);
  }

  // Nobody is inside.
  void open_job() {
    state_.store((state_.load() / kOneJob + 1) * kOneJob | kOpen);
    if (asleep_.load() > 0) state_.notify_all();
  }

  void do_tasks() {
    const Job job = job_;
    for (int64_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < job.count;) job.run(job.task, i);
  }

  void wait_for_helpers() {
    ShortWait wait;
    for (uint32_t state; ((state = state_.load()) & kInside) != 0;) {
      if (wait.again()) continue;
      caller_asleep_ = true;
      state_.wait(state);
      caller_asleep_ = false;
    }
  }

  void help() {
    use_common_float_mode();
    uint32_t last = number(state_.load()) - 1;
    while (true) {
      uint32_t state = wait_for_job_after(last);
      if (stopping_) return;
      if (!state_.compare_exchange_weak(state, state + 1)) continue;
      last = number(state);
      do_tasks();
      state_.fetch_sub(1);
      if (caller_asleep_) state_.notify_all();
    }
  }

  uint32_t wait_for_job_after(uint32_t last) {
    ShortWait wait;
    uint32_t state;
    while (state = state_.load(), (state & kOpen) == 0 || number(state) == last) {
      if (wait.again()) continue;
      ++asleep_;
      state_.wait(state);
      --asleep_;
    }
    return state;
  }

  std::vector<std::thread> helpers_;
  Job job_{};
  alignas(64) std::atomic<int64_t> next_ = 0;
  alignas(64) std::atomic<uint32_t> state_ = 0;
  std::atomic<int> asleep_ = 0;
  std::atomic<bool> caller_asleep_ = false;
  std::atomic<bool> stopping_ = false;
};

}  // namespace

void set_thread_count(int threads) {
  DEEPSCALER_CHECK(threads >= 0, "{} threads", threads);
  configured_threads = threads;
}

int thread_count() {
  static const int cores = cores_of_process();
  return configured_threads > 0 ? configured_threads : cores;
}

void run_tasks(int64_t count, TaskFunction run, const void* task) {
  static ThreadPool pool;
  static std::atomic_flag in_use;
  use_common_float_mode();
  const int helpers = thread_count() - 1;
  if (count > 1 && helpers > 0 && !in_use.test_and_set(std::memory_order_acquire)) {
    pool.run(helpers, count, run, task);
    in_use.clear(std::memory_order_release);
    return;
  }
  for (int64_t i = 0; i < count; ++i) run(task, i);
}

}  // namespace deepscaler
