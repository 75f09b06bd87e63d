#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <limits>
#include <thread>
#include <vector>

namespace deepscaler {
namespace {

using namespace std::chrono_literals;

class ParallelTest : public testing::Test {
 protected:
  ~ParallelTest() override { set_thread_count(0); }
};

// How often each task of one call ran.
std::vector<int> runs_of(int64_t count) {
  std::vector<int> runs(static_cast<size_t>(count));
  parallel_for(count, [&](int64_t i) { ++runs[static_cast<size_t>(i)]; });
  return runs;
}

TEST_F(ParallelTest, EveryTaskRunsOnceOnAnyNumberOfThreads) {
  for (const int threads : {1, 2, 3, 8, 2}) {
    set_thread_count(threads);
    for (const int64_t count : {0, 1, 2, 7, 1000}) {
      for (int call = 0; call < 200; ++call) {
        ASSERT_EQ(runs_of(count), std::vector<int>(static_cast<size_t>(count), 1)) << threads << " threads";
      }
    }
  }
}

TEST_F(ParallelTest, HelpersComeBackAfterTheyFellAsleep) {
  set_thread_count(3);
  for (int call = 0; call < 5; ++call) {
    std::atomic<int> arrived = 0;
    // No task ends before all have begun: each on a thread of its own.
    parallel_for(3, [&](int64_t) {
      ++arrived;
      while (arrived < 3) std::this_thread::yield();
    });
    EXPECT_EQ(arrived, 3);
    std::this_thread::sleep_for(3ms);
  }
}

TEST_F(ParallelTest, TheCallerWaitsForALongTaskOfAHelper) {
  set_thread_count(2);
  const std::thread::id caller = std::this_thread::get_id();
  std::atomic<bool> helper_began = false;
  std::atomic<int> done = 0;
  parallel_for(2, [&](int64_t) {
    if (std::this_thread::get_id() == caller) {
      while (!helper_began) std::this_thread::yield();
    } else {
      helper_began = true;
      std::this_thread::sleep_for(5ms);
    }
    ++done;
  });
  EXPECT_EQ(done, 2);
}

TEST_F(ParallelTest, CallsFromInsideATaskAndFromOtherThreadsDoTheirWork) {
  set_thread_count(2);
  std::atomic<int64_t> nested = 0;
  parallel_for(8, [&](int64_t) { parallel_for(8, [&](int64_t i) { nested += i; }); });
  EXPECT_EQ(nested, 8 * 28);

  std::vector<std::thread> callers;
  std::atomic<int64_t> total = 0;
  for (int c = 0; c < 3; ++c) {
    callers.emplace_back([&] {
      for (int call = 0; call < 200; ++call) parallel_for(10, [&](int64_t i) { total += i; });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(total, 3 * 200 * 45);
}

TEST_F(ParallelTest, DenormalsAreZeroOnEveryThread) {
  set_thread_count(3);
  std::atomic<int> arrived = 0;
  std::vector<float> products(3, 1.0f);
  parallel_for(3, [&](int64_t i) {
    ++arrived;
    while (arrived < 3) std::this_thread::yield();
    volatile float small = std::numeric_limits<float>::min();
    products[static_cast<size_t>(i)] = small * 0.5f;
  });
  EXPECT_EQ(products, std::vector<float>(3, 0.0f));
}

}  // namespace
}  // namespace deepscaler
